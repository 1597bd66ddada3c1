import { expect, test } from "vitest";
import { amount, cell, change, endOfDay, full, instant, mark, short, unitOf } from "./format";

test.each([
  [0, "0", "0"],
  [950, "950", "950"],
  [1_284, "1,284", "1.3k"],
  [12_840_000, "1,284 万", "12.8M"],
  [123_456, "12.3 万", "123.5k"],
  [9_999_999, "1,000 万", "10.0M"],
  [99_999_999, "1.0 亿", "100.0M"],
  [1_234_567_890, "12.3 亿", "1.2B"],
  [999_999, "100.0 万", "1.0M"],
  [-45_600, "-4.6 万", "-45.6k"],
])("writes the amount %d as %s and %s", (value, zh, en) => {
  expect(amount(value, "zh")).toBe(zh);
  expect(amount(value, "en")).toBe(en);
});

test.each([
  [0.341, "ratio", "34.1 %", "34.1%"],
  [33, "days", "33 天", "33 days"],
  [1, "days", "1 天", "1 day"],
  [32.86, "days", "32.9 天", "32.9 days"],
  [5.25, "hours", "5.3 小时", "5.3 h"],
  [76, "hours", "3 天 4 小时", "3 d 4 h"],
  [71.9, "hours", "3 天", "3 d"],
  [295.2, "hours", "12.3 天", "12.3 days"],
  [26.25, "business_hours", "3.5 个工作日", "3.5 working days"],
  [1733, "count", "1,733", "1,733"],
  [null, "count", "–", "–"],
])("writes %s of unit %s as %s and %s", (value, unit, zh, en) => {
  expect(short(value, unit, "zh")).toBe(zh);
  expect(short(value, unit, "en")).toBe(en);
});

test("writes the full value on hover", () => {
  expect(full(12_840_000.5, "amount", "zh")).toBe("12,840,000.50");
  expect(full(0.34123, "ratio", "en")).toBe("34.123%");
});

test("working hours are told by the metric's name", () => {
  expect(unitOf({ name: "dwell_business_mean", unit: "hours" })).toBe("business_hours");
  expect(unitOf({ name: "dwell_mean", unit: "hours" })).toBe("hours");
});

test("a change of a rate is in points, of an amount in percent, of a time in time", () => {
  expect(change(0.341, 0.354, "ratio", "up", "zh")).toEqual({
    text: "1.3 个百分点",
    sign: -1,
    sense: "worse",
  });
  expect(change(0.341, 0.354, "ratio", "up", "en")?.text).toBe("1.3 pt");
  expect(change(1082, 1000, "amount", "up", "en")?.text).toBe("8.2%");
  expect(change(29, 33, "days", "down", "zh")).toEqual({ text: "4 天", sign: -1, sense: "better" });
});

test("no change is neither better nor worse, and nothing before is no change", () => {
  expect(change(5, 5, "count", "up", "en")).toMatchObject({ sign: 0, sense: "neutral" });
  expect(change(5, null, "count", "up", "en")).toBeNull();
  expect(change(5, 0, "count", "up", "en")?.text).toBe("5");
});

test("worse has a hollow mark, so that colour is not the only sign", () => {
  expect(mark({ text: "", sign: 1, sense: "better" })).toBe("▲");
  expect(mark({ text: "", sign: 1, sense: "worse" })).toBe("△");
  expect(mark({ text: "", sign: -1, sense: "worse" })).toBe("▽");
});

test("instants are in the company's zone", () => {
  expect(instant("2026-11-23T08:40:00Z", "Asia/Shanghai")).toBe("2026-11-23 16:40");
  expect(instant("2026-11-23T23:40:00+08:00", "Asia/Shanghai")).toBe("2026-11-23 23:40");
});

test("cells are written by kind", () => {
  const write = (value: string | number | boolean | null, kind: string) =>
    cell(value, { kind }, "Asia/Shanghai", "zh");
  expect(write("123456.7", "amount")).toBe("123,456.70");
  expect(write("00123", "text")).toBe("00123");
  expect(write("2026-11-23", "time")).toBe("2026-11-23");
  expect(write(true, "flag")).toBe("是");
  expect(write(null, "amount")).toBe("");
});

test.each([
  ["2026-03-15", "Asia/Shanghai", "2026-03-15T15:59:59.999Z"],
  ["2026-03-08", "America/New_York", "2026-03-09T03:59:59.999Z"],
  ["2026-11-01", "America/New_York", "2026-11-02T04:59:59.999Z"],
])("%s ends in %s at %s", (day, zone, end) => {
  expect(endOfDay(day, zone)).toBe(end);
});
