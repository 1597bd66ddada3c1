import i18next from "i18next";
import { beforeAll, expect, test } from "vitest";
import type { Json } from "@/lib/api/records";
import { zh } from "@/locales/zh";
import { valueText } from "./words";

beforeAll(async () => {
  await i18next.init({
    resources: { zh: { translation: zh } },
    lng: "zh",
    interpolation: { escapeValue: false },
  });
});

test.each<[string, Json, string]>([
  ["rule", "weekly mon 09:00 next", "每周一 09:00，遇休息日顺延"],
  ["recipients", [3, 23], "3、23"],
  ["recipients", [], "–"],
  ["content", {}, "–"],
  [
    "content",
    { metric: "win_rate", limit: 0.3, where: [], by: null, metrics: ["a", "b"] },
    "metric: win_rate · limit: 0.3 · metrics: a, b",
  ],
  ["kind", "threshold", "指标提醒"],
  ["enabled", false, "否"],
])("the %s of a subscription is read as people do", (field, value, text) => {
  const words = { t: i18next.t, lang: "zh" as const, zone: "Asia/Shanghai" };
  expect(valueText("subscription", field, value, words)).toBe(text);
});
