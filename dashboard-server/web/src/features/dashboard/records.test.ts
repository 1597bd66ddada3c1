import { expect, test } from "vitest";
import type { DrillColumn, Metric } from "@/lib/api/types";
import type { Translate } from "@/lib/numbers";
import { arranged, columnWidth, recordText } from "./records";

const column = (name: string, kind: string, unit?: string): DrillColumn => ({
  name,
  kind,
  unit,
  label: { zh: name, en: name },
});
const visits = [
  column("opportunity_id", "text"),
  column("visit", "count"),
  column("stage", "text"),
  column("account_id", "text"),
  column("left_at", "time"),
  column("amount", "amount"),
];
const metric = (name: string, time: string) => ({ name, time }) as Metric;
const names = ({ ordered }: ReturnType<typeof arranged>) => ordered.map(({ name }) => name);

test("a duration's records begin with what, whose, how long and when", () => {
  const columns = [...visits, column("value", "number", "hours")];
  expect(names(arranged(columns, metric("dwell_median", "left_at")))).toEqual([
    "opportunity_id",
    "account_id",
    "value",
    "left_at",
    "visit",
    "stage",
    "amount",
  ]);
});

test("a rate's records show their amounts", () => {
  const columns = [...visits, column("value", "number", "ratio"), column("weight", "number")];
  const found = arranged(columns, metric("win_rate", "closed_at"));
  expect(found.figure?.name).toBe("amount");
  expect(found.time).toBeUndefined();
  expect(names(found).slice(-2)).toEqual(["value", "weight"]);
});

test("a duration is written as on the page, in full beside it", () => {
  const write = (name: string) =>
    recordText(
      76.25,
      column("value", "number", "hours"),
      metric(name, "left_at"),
      "Asia/Shanghai",
      ((key: string) => key) as Translate,
      "en",
    );
  expect(write("dwell_median")).toEqual({ text: "3 d 4 h", full: "76.25 hours" });
  expect(write("dwell_business_median").text).toBe("10.2 working days");
});

test("a column is as wide as its texts, within bounds", () => {
  expect(columnWidth("n", ["1"])).toBe(56);
  expect(columnWidth("n", ["2026-11-23 16:40"])).toBeGreaterThan(120);
  expect(columnWidth("n", ["长".repeat(50)])).toBe(260);
});
