import { expect, test } from "vitest";
import type { Condition } from "@/lib/api/types";
import { type PageState, readState, toggleMember, writeState } from "./state";

const region = (...values: string[]): Condition => ({ dimension: "region", op: "in", values });

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
