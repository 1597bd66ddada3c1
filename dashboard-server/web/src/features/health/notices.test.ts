import { expect, it } from "vitest";
import { isOfOthers, isPutOff, noticeOf, turns } from "./notices";

const todo = (cause: string | null, more = {}) => ({ id: 1, version: 1, cause, ...more });

it("reads from what to what a score fell", () => {
  const notice = noticeOf(todo("health-fall:12:2026-11-30:7:2026-11-09:82.4:2026-11-29:60.6"));
  expect(notice).toMatchObject({ from: 82.4, to: 60.6, day: "2026-11-29" });
  expect(noticeOf(todo("health:12:rhythm:48.3:2026-11-29:0"))).toBeNull();
  expect(noticeOf(todo("health-falls:7:2026-W49"))).toBeNull();
  expect(noticeOf(todo(null))).toBeNull();
});

it("knows the one for all others", () => {
  expect(isOfOthers(todo("health-falls:7:2026-W49"))).toBe(true);
  expect(isOfOthers(todo("health-fall:12:2026-11-30:7:2026-11-09:82.4:2026-11-29:60.6"))).toBe(
    false,
  );
});

it("leaves out what is put off until its time has come", () => {
  const off = todo("x", { state: "snoozed", snoozed_until: "2026-11-30T01:00:00Z" });
  expect(isPutOff(off, new Date("2026-11-29T01:00:00Z"))).toBe(true);
  expect(isPutOff(off, new Date("2026-11-30T02:00:00Z"))).toBe(false);
  expect(isPutOff(todo("x", { state: "open" }), new Date("2026-11-29T01:00:00Z"))).toBe(false);
});

it("tells on which day an account came to stand otherwise", () => {
  const day = (as_of: string, settled_status: string, value_tier: string) => ({
    as_of: `${as_of}T23:59:59+08:00`,
    settled_status,
    value_tier,
  });
  expect(turns([day("2026-09-30", "green", "A")])).toEqual([]);
  expect(
    turns([
      day("2026-09-30", "green", "A"),
      day("2026-10-31", "green", "A"),
      day("2026-11-01", "red", "B"),
      day("2026-11-02", "red", "A"),
    ]),
  ).toEqual([
    { day: "2026-11-02", kind: "tier", before: "B", after: "A" },
    { day: "2026-11-01", kind: "tier", before: "A", after: "B" },
    { day: "2026-11-01", kind: "status", before: "green", after: "red" },
  ]);
});
