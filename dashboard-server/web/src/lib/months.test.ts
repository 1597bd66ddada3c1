import { expect, test } from "vitest";
import { isAdjusted, nextMonth, standing } from "./api/closes";
import type { Metric } from "./api/types";
import { monthAfter, monthsOver } from "./months";

test("months follow each other over the end of a year", () => {
  expect(monthAfter("2026-12")).toBe("2027-01");
  expect(monthsOver("2026-02-28", 3)).toEqual(["2026-01", "2025-12", "2025-11"]);
});

const close = (month: string, reopened_at: string | null) => ({
  id: 1,
  version: 1,
  month: `${month}-01`,
  closed_at: "2026-05-01T00:00:00Z",
  closed_by_id: null,
  note: null,
  reopened_at,
  reopened_by_id: null,
  reopen_reason: null,
});

test("the month after the last closed one is next, whatever was opened again", () => {
  const closes = [
    close("2026-02", null),
    close("2026-04", "2026-06-01T00:00:00Z"),
    close("2026-03", null),
  ];
  expect(standing(closes).map(({ month }) => month)).toEqual(["2026-03-01", "2026-02-01"]);
  expect(nextMonth(closes)).toBe("2026-04");
  expect(nextMonth([])).toBeNull();
});

test("what is counted, summed or divided by record can be adjusted", () => {
  const of = (formula: string, time_role = "event") =>
    isAdjusted({ formula, time_role } as unknown as Metric);
  expect(of("sum(coalesce(amount, 0))")).toBe(true);
  expect(of("count(DISTINCT order_id) where kind = 'sale'")).toBe(true);
  expect(of("exact_quantile(cycle_days, 0.5)")).toBe(false);
  expect(of("sum(x) / sum(1) over one row per account_id with orders = count(*)")).toBe(false);
  expect(of("sum(open_amount)", "snapshot")).toBe(false);
});
