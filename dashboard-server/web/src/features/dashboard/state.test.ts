import { expect, test } from "vitest";
import type { Condition } from "@/lib/api/types";
import {
  type PageState,
  readCondition,
  readState,
  toggleMember,
  withCondition,
  writeCondition,
  writeState,
} from "./state";

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

test("the address holds everything on the page", () => {
  const state: PageState = {
    where: [region("华东", "华南"), { dimension: "team", op: "is_null", values: [] }],
    period: { from: "2026-01-01", to: "2026-03-31" },
    compare: "year_ago",
    metric: "win_rate",
    by: "owner",
    more: true,
    view: "table",
    asOf: "2026-03-15",
    why: "win_rate",
    records: {
      metric: "win_rate",
      where: [{ dimension: "owner", op: "in", values: ["陈伟, 副总"] }],
      period: { from: "2026-02-01", to: "2026-02-28" },
      order: "-amount",
    },
  };
  const params = writeState(state, "en");
  expect(params.get("lang")).toBe("en");
  expect(readState(new URLSearchParams(params.toString()))).toEqual(state);
});

test("an empty address is the default page, which writes an empty address", () => {
  const state = readState(new URLSearchParams());
  expect(state).toMatchObject({ where: [], period: null, compare: "previous", records: null });
  expect(writeState(state, null).toString()).toBe("");
});

test("what cannot be read in an address is left out", () => {
  const state = readState(new URLSearchParams("where=x&period=2026-13-01..&compare=never"));
  expect(state).toMatchObject({ where: [], period: null, compare: "previous" });
});

test("a click chooses a member alone, a second one lets it go", () => {
  const one = toggleMember([], "region", "华东", false);
  expect(one).toEqual([region("华东")]);
  expect(toggleMember(one, "region", "华南", false)).toEqual([region("华南")]);
  expect(toggleMember(one, "region", "华东", false)).toEqual([]);
});

test("a click with Ctrl adds a member and takes it away again", () => {
  const two = toggleMember([region("华东")], "region", "华南", true);
  expect(two).toEqual([region("华东", "华南")]);
  expect(toggleMember(two, "region", "华东", true)).toEqual([region("华南")]);
});

test("members without a value are a condition of their own", () => {
  const none = toggleMember([region("华东")], "region", null, true);
  expect(none).toEqual([{ dimension: "region", op: "is_null", values: [] }]);
  expect(toggleMember(none, "region", null, false)).toEqual([]);
});

test("a dimension has one condition, in its place", () => {
  const where = [region("华东"), { ...region("a"), dimension: "team" }];
  expect(withCondition(where, region("华南"))[0]).toEqual(region("华南"));
  expect(withCondition(where, region())).toEqual([where[1]]);
});
