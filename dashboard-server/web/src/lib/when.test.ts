import { expect, test } from "vitest";
import { ago, daysUntil, momentOf, shortDay } from "./when";

const ZONE = "Asia/Shanghai";
const NOW = new Date("2026-11-25T17:30:00Z"); // the 26th, 01:30 in Shanghai

test("days are counted in the company's zone", () => {
  expect(daysUntil("2026-11-26", ZONE, NOW)).toBe(0);
  expect(daysUntil("2026-11-25T16:00:00Z", ZONE, NOW)).toBe(0);
  expect(daysUntil("2026-11-25T15:59:00Z", ZONE, NOW)).toBe(-1);
  expect(daysUntil("2026-12-01", ZONE, NOW)).toBe(5);
});

test("a moment of the company's zone is the same one for all readers", () => {
  expect(momentOf("2026-11-26", "09:00", ZONE)).toBe("2026-11-26T01:00:00.000Z");
  // New York puts its clocks back on 2026-11-01.
  expect(momentOf("2026-10-31", "12:00", "America/New_York")).toBe("2026-10-31T16:00:00.000Z");
  expect(momentOf("2026-11-02", "12:00", "America/New_York")).toBe("2026-11-02T17:00:00.000Z");
});

test("other years are named", () => {
  expect(shortDay("2026-11-03", ZONE, NOW)).toBe("11-03");
  expect(shortDay("2025-11-03", ZONE, NOW)).toBe("2025-11-03");
});

test("what is long ago has its day", () => {
  expect(ago("2026-11-25T17:29:40Z", ZONE, NOW, "zh")).toBe("刚刚");
  expect(ago("2026-11-25T14:00:00Z", ZONE, NOW, "zh")).toBe("3 小时前");
  expect(ago("2026-11-23T14:00:00Z", ZONE, NOW, "en")).toBe("2 d ago");
  expect(ago("2026-11-01T02:00:00Z", ZONE, NOW, "zh")).toBe("11-01");
});
