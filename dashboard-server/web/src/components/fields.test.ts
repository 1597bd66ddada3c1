import { expect, test } from "vitest";
import type { Rec } from "@/lib/api/records";
import { arranged, conflicts, type Field, initialValues, kept, shown, submitted } from "./fields";

const fields: Field[] = [
  { name: "name", required: true },
  { name: "original_amount", kind: "money" },
  { name: "discount", kind: "share", suggestion: { value: 550, source: "QUO-1" } },
  { name: "note", kind: "long" },
];
const record: Rec = {
  id: 3,
  version: 7,
  name: "阀门一批",
  original_amount: 123_450,
  discount: null,
  note: null,
};

test("money and shares are written in people's units and kept in the record's", () => {
  expect(shown("money", 123_450)).toBe(1234.5);
  expect(kept("money", 1234.5)).toBe(123_450);
  expect(kept("money", 0.29)).toBe(29);
  expect(kept("share", 5.5)).toBe(550);
  expect(kept("price", 0.000_001)).toBe(1);
  expect(kept("quantity", 2.5)).toBe(2500);
});

test("blanks around a text are dropped and an empty one is nothing, but not in a password", () => {
  expect(kept("text", "  王磊 ")).toBe("王磊");
  expect(kept(undefined, "   ")).toBe(null);
  expect(kept("password", " a ")).toBe(" a ");
});

test("a form begins with the record's values and with what history suggests", () => {
  expect(initialValues(fields, record)).toEqual({
    name: "阀门一批",
    original_amount: 1234.5,
    discount: 5.5,
    note: undefined,
  });
});

test("only what differs from the record is sent, and for a new one what is filled", () => {
  const values = { name: "阀门一批", original_amount: 1300, discount: undefined, note: "" };
  expect(submitted(fields, values, record)).toEqual({ original_amount: 130_000 });
  expect(submitted(fields, values, undefined)).toEqual({
    name: "阀门一批",
    original_amount: 130_000,
  });
});

test("a field that was emptied is sent as nothing", () => {
  const values = { name: "阀门一批", original_amount: undefined, discount: undefined, note: "" };
  expect(submitted(fields, values, record)).toEqual({ original_amount: null });
});

test("two people disagree only where both changed a field, and differently", () => {
  const current = { ...record, version: 8, name: "新名称", note: "同样" };
  const sent = { name: "我的名称", note: "同样", original_amount: 1 };
  expect(conflicts(sent, record, current)).toEqual(["name"]);
});

test("required fields come first", () => {
  const { first, optional } = arranged(fields);
  expect(first.map(({ name }) => name)).toEqual(["name"]);
  expect(optional).toHaveLength(3);
});
