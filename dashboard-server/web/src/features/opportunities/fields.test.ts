import { expect, test } from "vitest";
import { arranged, MOST_OPTIONAL, MOST_REQUIRED, submitted } from "@/components/fields";
import { dealFields } from "./fields";

test("a lead asks for a customer and a name, and for little more", () => {
  const { first, optional } = arranged(dealFields({ amounts: true, asked: true }));
  expect(first.map(({ name }) => name)).toEqual(["account_id", "name"]);
  expect(first.length).toBeLessThanOrEqual(MOST_REQUIRED);
  expect(optional.length).toBeLessThanOrEqual(MOST_OPTIONAL);
  expect(first.length + optional.length).toBeLessThanOrEqual(8);
});

test("an amount is asked of those only who see amounts, and sent in fen", () => {
  const names = (amounts: boolean) => dealFields({ amounts }).map(({ name }) => name);
  expect(names(false)).not.toContain("amount");
  expect(names(true)).toContain("amount");
  const sent = submitted(
    dealFields({ amounts: true, asked: true }),
    { account_id: 3, name: " 阀门改造 ", amount: 128.5 },
    undefined,
  );
  expect(sent).toEqual({ account_id: 3, name: "阀门改造", amount: 12_850 });
});
