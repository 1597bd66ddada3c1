import { expect, test } from "vitest";
import type { Condition } from "./api/types";
import { readCondition, withCondition, writeCondition } from "./conditions";

const region = (...values: string[]): Condition => ({ dimension: "region", op: "in", values });

test.each<[string, Condition]>([
  ["region=华东,华南", region("华东", "华南")],
  ["region!=华东", { dimension: "region", op: "not_in", values: ["华东"] }],
  ["region is null", { dimension: "region", op: "is_null", values: [] }],
  ["month=2026-01..2026-03", { dimension: "month", op: "between", values: ["2026-01", "2026-03"] }],
  ['product="A, large",B', { dimension: "product", op: "in", values: ["A, large", "B"] }],
  ['product="1""","a..b"', { dimension: "product", op: "in", values: ['1"', "a..b"] }],
  ["product=a=b", { dimension: "product", op: "in", values: ["a=b"] }],
])("the condition %s is written as it is read", (text, condition) => {
  expect(readCondition(text)).toEqual(condition);
  expect(readCondition(writeCondition(condition))).toEqual(condition);
});

test.each(["", "region", "=华东", 'region="open'])("%j is no condition", (text) => {
  expect(readCondition(text)).toBeNull();
});

test("a dimension has one condition, in its place", () => {
  const where = [region("华东"), { ...region("a"), dimension: "team" }];
  expect(withCondition(where, region("华南"))[0]).toEqual(region("华南"));
  expect(withCondition(where, region())).toEqual([where[1]]);
});
