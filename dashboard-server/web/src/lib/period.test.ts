import { expect, test } from "vitest";
import {
  addMonths,
  anchorOf,
  buckets,
  compareRange,
  defaultPreset,
  grainOf,
  isUnfinished,
  parseRange,
  presetRange,
} from "./period";

const live = { day: "2026-11-23", closed: false };

test.each([
  ["this_month", "2026-11-01", "2026-11-23"],
  ["last_month", "2026-10-01", "2026-10-31"],
  ["this_quarter", "2026-10-01", "2026-11-23"],
  ["last_quarter", "2026-07-01", "2026-09-30"],
  ["this_year", "2026-01-01", "2026-11-23"],
  ["last_year", "2025-01-01", "2025-12-31"],
  ["last_12_months", "2025-11-01", "2026-10-31"],
] as const)("%s is %s to %s", (preset, from, to) => {
  expect(presetRange(preset, live)).toEqual({ from, to });
});

test("history counts its periods from its own end", () => {
  const anchor = anchorOf("2026-11-23", "2017-12-31");
  expect(anchor).toEqual({ day: "2017-12-31", closed: true });
  expect(presetRange("last_12_months", anchor)).toEqual({ from: "2017-01-01", to: "2017-12-31" });
  expect(anchorOf("2026-11-23", "2026-11-20")).toEqual(live);
});

test("opens with a year where there is one", () => {
  expect(defaultPreset(live, "2024-12-01")).toBe("last_12_months");
  expect(defaultPreset(live, "2026-10-05")).toBe("this_month");
  expect(defaultPreset(live, null)).toBe("this_month");
});

const compared = (
  from: string,
  to: string,
  compare: "previous" | "year_ago",
  preset?: "this_month",
) => compareRange({ from, to }, compare, preset ?? { from, to });

test("whole months compare with as many whole months", () => {
  expect(compared("2026-02-01", "2026-02-28", "previous")).toEqual({
    from: "2026-01-01",
    to: "2026-01-31",
  });
  expect(compared("2023-11-01", "2024-10-31", "previous")).toEqual({
    from: "2022-11-01",
    to: "2023-10-31",
  });
  expect(compared("2024-02-01", "2024-02-29", "year_ago")).toEqual({
    from: "2023-02-01",
    to: "2023-02-28",
  });
});

test("an unfinished month compares with the same days of the one before", () => {
  expect(compared("2026-11-01", "2026-11-23", "previous", "this_month")).toEqual({
    from: "2026-10-01",
    to: "2026-10-23",
  });
});

test("other days compare with as many days just before", () => {
  expect(compared("2026-11-03", "2026-11-09", "previous")).toEqual({
    from: "2026-10-27",
    to: "2026-11-02",
  });
});

test("a month later is never past that month's end", () => {
  expect(addMonths("2026-01-31", 1)).toBe("2026-02-28");
  expect(addMonths("2024-02-29", -12)).toBe("2023-02-28");
});

test("weeks are ISO weeks, cut at the ends of the range", () => {
  const weeks = buckets({ from: "2025-12-30", to: "2026-01-07" }, "week");
  expect(weeks).toEqual([
    { key: "2026-W01", from: "2025-12-30", to: "2026-01-04" },
    { key: "2026-W02", from: "2026-01-05", to: "2026-01-07" },
  ]);
});

test("the grain suits the length", () => {
  expect(grainOf({ from: "2026-11-01", to: "2026-11-23" })).toBe("day");
  expect(grainOf({ from: "2026-10-01", to: "2026-11-23" })).toBe("week");
  expect(grainOf({ from: "2025-11-01", to: "2026-10-31" })).toBe("month");
});

test("a bucket that the records do not fill yet is unfinished", () => {
  const [day] = buckets({ from: "2026-11-23", to: "2026-11-23" }, "day");
  const [month] = buckets({ from: "2026-10-01", to: "2026-10-31" }, "month");
  if (!day || !month) throw new Error("no buckets");
  expect(isUnfinished(day, "day", live)).toBe(true);
  expect(isUnfinished(month, "month", live)).toBe(false);
  expect(isUnfinished(day, "day", { day: "2026-11-23", closed: true })).toBe(false);
});

test("a range is two days in order", () => {
  expect(parseRange("2026-01-01..2026-03-31")).toEqual({ from: "2026-01-01", to: "2026-03-31" });
  for (const text of ["", "2026-01-01", "2026-03-31..2026-01-01", "2026-02-30..2026-03-01"]) {
    expect(parseRange(text), text).toBeNull();
  }
});
