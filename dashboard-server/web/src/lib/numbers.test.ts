import { createInstance } from "i18next";
import { beforeAll, expect, test } from "vitest";
import { en } from "@/locales/en";
import { zh } from "@/locales/zh";
import {
  conditionText,
  dimensionName,
  dimensionOptions,
  memberName,
  rangeText,
  stageName,
  type Translate,
} from "./numbers";

let chinese: Translate;
let english: Translate;
beforeAll(async () => {
  const texts = createInstance();
  await texts.init({
    resources: { zh: { translation: zh }, en: { translation: en } },
    lng: "zh",
    interpolation: { escapeValue: false },
  });
  chinese = texts.getFixedT("zh") as Translate;
  english = texts.getFixedT("en") as Translate;
});

test.each([
  ["quotation", "方案报价", "Quotation"],
  ["won", "赢单", "Won"],
  ["lost", "输单", "Lost"],
  ["shelved", "搁置", "Shelved"],
  ["invalid", "无效", "Invalid"],
  ["duplicate", "重复", "Duplicate"],
  ["Assign seriousness", "Assign seriousness", "Assign seriousness"],
  ["DUPLICATE", "DUPLICATE", "DUPLICATE"],
])("the stage %s is %s and %s", (code, zh, en) => {
  expect(stageName(code, chinese)).toBe(zh);
  expect(stageName(code, english)).toBe(en);
});

test.each<[string, unknown, string]>([
  ["next_stage", "won", "赢单"],
  ["opportunity.stage", "lost", "输单"],
  ["outcome", "open", "进行中"],
  ["outcome", "partial", "部分接受"],
  ["kind", "cancel", "取消"],
  ["late_entry", true, "是"],
  ["late_entry", "false", "否"],
  ["owner", null, "(未填写)"],
  ["owner", "", "(未填写)"],
  ["owner", "won", "won"],
  ["outcome", "no such outcome", "no such outcome"],
])("the value of %s, %j, is %s", (dimension, value, text) => {
  expect(memberName(dimension, value, chinese)).toBe(text);
});

test("a chip says its values as people do", () => {
  const text = (op: "in" | "not_in" | "is_null" | "between", ...values: string[]) =>
    conditionText({ dimension: "outcome", op, values }, chinese, "zh");
  expect(text("in", "won", "lost")).toBe("赢单、输单");
  expect(text("in", "won", "lost", "open")).toBe("赢单 等 3 项");
  expect(text("not_in", "won")).toBe("不是 赢单");
  expect(text("is_null")).toBe("(未填写)");
});

test("whole months are written as months", () => {
  expect(rangeText({ from: "2025-11-01", to: "2026-10-31" })).toBe("2025-11 – 2026-10");
  expect(rangeText({ from: "2026-02-01", to: "2026-02-28" })).toBe("2026-02");
  expect(rangeText({ from: "2026-02-01", to: "2026-02-27" })).toBe("2026-02-01 – 2026-02-27");
});

const dimension = (name: string, zhName: string) => ({
  name,
  label: { zh: zhName, en: name },
  kind: "text",
});
const dimensions = [
  dimension("account", "客户"),
  dimension("account.industry", "行业"),
  dimension("account.province", "account.province"),
  dimension("industry", "行业"),
  dimension("region", "区域"),
];

test.each([
  ["industry", "行业"],
  ["account.industry", "客户 · 行业"],
  ["account.province", "客户 · province"],
  ["product.series", "product · series"],
])("the dimension %s is called %s", (name, text) => {
  expect(dimensionName(dimensions, name, "zh")).toBe(text);
});

test("dimensions of other things come last", () => {
  const names = dimensionOptions(dimensions, dimensions, "zh").map(({ value }) => value);
  expect(names).toEqual(["region", "industry", "account", "account.industry", "account.province"]);
});
