import { expect, test } from "vitest";
import {
  instalmentRequests,
  newInstalment,
  PATTERNS,
  type Pattern,
  patterned,
  planned,
  sumOf,
} from "./instalments";
import type { PaymentPlan } from "./types";

test("every pattern is the whole of a contract", () => {
  for (const pattern of Object.keys(PATTERNS) as Pattern[]) {
    expect(sumOf(patterned(pattern), "share", 0).left, pattern).toBe(0);
    expect(instalmentRequests(patterned(pattern), "share", 1_000), pattern).not.toBeNull();
  }
});

test("shares are sent in basis points, amounts in fen, a day only where one is due by date", () => {
  expect(
    instalmentRequests(
      [
        newInstalment("a", { kind: "advance", dueBy: "signing", share: 33.33, on: "2026-01-01" }),
        newInstalment("b", { dueBy: "date", on: "2026-12-31", share: 66.67, creditDays: 30 }),
      ],
      "share",
      1,
    ),
  ).toEqual([
    { kind: "advance", due_by: "signing", credit_days: 0, share: 3_333 },
    { kind: "other", due_by: "date", on: "2026-12-31", credit_days: 30, share: 6_667 },
  ]);
  expect(
    instalmentRequests([newInstalment("a", { dueBy: "invoice", amount: 0.1 })], "amount", 10),
  ).toEqual([{ kind: "other", due_by: "invoice", credit_days: 0, amount: 10 }]);
});

test("what is not the whole, or lacks a day, is not sent", () => {
  const half = newInstalment("a", { dueBy: "signing", share: 50 });
  expect(instalmentRequests([half], "share", 1)).toBeNull();
  expect(sumOf([half], "share", 1).left).toBe(5_000);
  expect(sumOf([half, half, half], "share", 1).left).toBe(-5_000);
  expect(
    instalmentRequests([half, newInstalment("b", { dueBy: "date", share: 50 })], "share", 1),
  ).toBeNull();
  expect(instalmentRequests([], "share", 1)).toBeNull();
});

test("what was planned comes back as it was, by shares or by amounts", () => {
  const plan = (extra: Partial<PaymentPlan>): PaymentPlan =>
    ({
      id: 1,
      version: 1,
      kind: "advance",
      due_by: "signing",
      event_on: "2026-05-01",
      credit_days: 7,
      position: 1,
      share: 3_000,
      amount: 300,
      ...extra,
    }) as PaymentPlan;
  const rest = plan({ id: 2, position: 2, share: 7_000, amount: 700, due_by: "date" });
  const again = planned([rest, plan({})]);
  expect(again.by).toBe("share");
  expect(instalmentRequests(again.rows, again.by, 1_000)).toEqual([
    { kind: "advance", due_by: "signing", credit_days: 7, share: 3_000 },
    { kind: "advance", due_by: "date", on: "2026-05-01", credit_days: 7, share: 7_000 },
  ]);
  const amounts = planned([plan({ share: null }), { ...rest, share: null }]);
  expect(amounts.by).toBe("amount");
  expect(instalmentRequests(amounts.rows, amounts.by, 1_000)?.map(({ amount }) => amount)).toEqual([
    300, 700,
  ]);
});
