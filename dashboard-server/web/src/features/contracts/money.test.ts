import { expect, test } from "vitest";
import { ageing, ageOf, checkAllocation, openOf, suggestAllocation } from "./money";
import type { PaymentPlan } from "./types";

const plan = (id: number, extra: Partial<PaymentPlan>): PaymentPlan =>
  ({
    id,
    version: 1,
    contract_id: 1,
    account_id: 1,
    position: id,
    due_on: null,
    amount: 100,
    received_amount: 0,
    status: "due",
    ...extra,
  }) as PaymentPlan;

const today = "2026-11-25";
const plans = [
  plan(1, { due_on: "2026-12-01" }),
  plan(2, { due_on: "2026-07-01", received_amount: 40, status: "partly_paid" }),
  plan(3, { due_on: "2026-11-25" }),
  plan(4, { status: "waiting" }),
  plan(5, { due_on: "2026-01-01", status: "written_off" }),
  plan(6, { due_on: "2026-01-01", received_amount: 100, status: "paid" }),
];

test("a payment pays the oldest first, and what waits last", () => {
  expect([...suggestAllocation(plans, 200)]).toEqual([
    [2, 60],
    [3, 100],
    [1, 40],
  ]);
  expect([...suggestAllocation(plans, 1_000)]).toEqual([
    [2, 60],
    [3, 100],
    [1, 100],
    [4, 100],
  ]);
  expect([...suggestAllocation(plans, 0)]).toEqual([]);
});

test("the instalment that a payment is entered for comes before all others", () => {
  expect([...suggestAllocation(plans, 130, 1)]).toEqual([
    [1, 100],
    [2, 30],
  ]);
});

test("more than is open of an instalment, or than was paid, is told", () => {
  const parts = new Map([
    [2, 61],
    [3, 100],
  ]);
  expect(checkAllocation(plans, parts, 150)).toEqual({ sum: 161, left: -11, beyond: [2] });
});

test("what is written off or paid is not open", () => {
  expect(plans.map(openOf)).toEqual([100, 60, 100, 100, 0, 0]);
});

test("the ageing list has the oldest first and adds up to what is open and due", () => {
  const rows = ageing(plans, today);
  expect(rows.map(({ age, open }) => [age, open])).toEqual([
    ["over_90", 60],
    ["today", 100],
    ["soon", 100],
  ]);
  const due = plans.filter(({ due_on }) => due_on !== null);
  expect(rows.reduce((sum, { open }) => sum + open, 0)).toBe(
    due.reduce((sum, one) => sum + openOf(one), 0),
  );
});

test("ages end with their last day", () => {
  const age = (due_on: string) => ageOf(plan(9, { due_on }), today);
  expect(age("2026-11-24")).toBe("over_0");
  expect(age("2026-10-26")).toBe("over_0");
  expect(age("2026-10-25")).toBe("over_30");
  expect(age("2026-08-27")).toBe("over_60");
  expect(age("2026-08-26")).toBe("over_90");
  expect(age("2026-12-25")).toBe("soon");
  expect(age("2026-12-26")).toBe("later");
});
