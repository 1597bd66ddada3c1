import i18next from "i18next";
import { beforeAll, expect, test } from "vitest";
import { en } from "@/locales/en";
import { zh } from "@/locales/zh";
import type { Lang } from "./format";
import { FIRST_RULE, type Rule, readRule, ruleText, withKind, writeRule } from "./rule";

beforeAll(async () => {
  await i18next.init({
    resources: { zh: { translation: zh }, en: { translation: en } },
    lng: "zh",
    interpolation: { escapeValue: false },
  });
});

/** Each form of the grammar, what it says, and the words for it. */
const RULES: [string, Partial<Rule>, string, string][] = [
  ["daily 02:00", { kind: "daily", time: "02:00" }, "每天 02:00", "Every day at 02:00"],
  [
    "working-days 18:00",
    { kind: "working-days", time: "18:00" },
    "每个工作日 18:00",
    "Every working day at 18:00",
  ],
  [
    "working-day 1 08:00",
    { kind: "working-day", place: 1, time: "08:00" },
    "每月第 1 个工作日 08:00",
    "The 1st working day of the month at 08:00",
  ],
  [
    "working-day -1 17:30",
    { kind: "working-day", place: -1, time: "17:30" },
    "每月最后一个工作日 17:30",
    "The last working day of the month at 17:30",
  ],
  [
    "working-day -2 17:30",
    { kind: "working-day", place: -2, time: "17:30" },
    "每月倒数第 2 个工作日 17:30",
    "The 2nd last working day of the month at 17:30",
  ],
  [
    "weekly mon,thu 09:00",
    { kind: "weekly", days: ["mon", "thu"], time: "09:00", move: "kept" },
    "每周一、周四 09:00",
    "Every Mon, Thu at 09:00",
  ],
  [
    "weekly mon 09:00 next",
    { kind: "weekly", days: ["mon"], time: "09:00", move: "next" },
    "每周一 09:00，遇休息日顺延",
    "Every Mon at 09:00, or the next working day",
  ],
  [
    "monthly 15 10:00 previous",
    { kind: "monthly", place: 15, time: "10:00", move: "previous" },
    "每月 15 日 10:00，遇休息日提前",
    "The 15th of the month at 10:00, or the working day before",
  ],
  [
    "monthly -1 10:00 skip",
    { kind: "monthly", place: -1, time: "10:00", move: "skip" },
    "每月最后一天 10:00，遇休息日跳过",
    "The last day of the month at 10:00, only if it is worked",
  ],
  [
    "cron 30 8-18/2 * * 1-5",
    { kind: "cron", cron: "30 8-18/2 * * 1-5" },
    "Cron 30 8-18/2 * * 1-5",
    "Cron 30 8-18/2 * * 1-5",
  ],
];

test.each(RULES)("%s is read, written and said", (text, said, chinese, english) => {
  const rule = readRule(text);
  expect(rule).toMatchObject(said);
  expect(rule && writeRule(rule)).toBe(text);
  const words = (lang: Lang) => ruleText(text, i18next.getFixedT(lang), lang);
  expect(words("zh")).toBe(chinese);
  expect(words("en")).toBe(english);
});

test.each([
  "",
  "sometimes 08:00",
  "daily",
  "daily 8:00",
  "daily 24:00",
  "daily 08:00 next",
  "working-day 0 08:00",
  "working-day 24 08:00",
  "working-day 1.5 08:00",
  "weekly mon,xyz 09:00",
  "weekly 09:00",
  "weekly mon 09:00 later",
  "weekly mon 09:00 kept",
  "weekly mon 09:00 next next",
  "monthly 32 10:00",
  "cron",
])("%j is no rule, and stays as it is in words", (text) => {
  expect(readRule(text)).toBeNull();
  expect(ruleText(text, i18next.getFixedT("zh"), "zh")).toBe(text);
});

test("days of a week are written in their order, each once", () => {
  expect(writeRule({ ...FIRST_RULE, kind: "weekly", days: ["fri", "mon", "fri"] })).toBe(
    "weekly mon,fri 08:00",
  );
  expect(readRule("weekly fri,mon,fri 08:00")?.days).toEqual(["mon", "fri"]);
});

test("another kind keeps what both know, within what it can say", () => {
  const monthly: Rule = { ...FIRST_RULE, kind: "monthly", place: 31, time: "10:00" };
  expect(writeRule(withKind(monthly, "working-day"))).toBe("working-day 23 10:00");
  expect(writeRule(withKind({ ...monthly, place: -31 }, "working-day"))).toBe(
    "working-day -23 10:00",
  );
  expect(writeRule(withKind(monthly, "daily"))).toBe("daily 10:00");
});

test("blanks in a cron expression do not count", () => {
  expect(writeRule({ ...FIRST_RULE, kind: "cron", cron: "  0  2 * *   1 " })).toBe(
    "cron 0 2 * * 1",
  );
});

test.each([
  [2, "2nd"],
  [3, "3rd"],
  [11, "11th"],
  [12, "12th"],
  [21, "21st"],
  [22, "22nd"],
])("the english for day %d is %s", (place, name) => {
  const text = ruleText(`monthly ${place} 10:00`, i18next.getFixedT("en"), "en");
  expect(text).toContain(`The ${name} of`);
});
