import i18next from "i18next";
import { beforeAll, expect, test } from "vitest";
import { en } from "@/locales/en";
import { zh } from "@/locales/zh";
import { lastedMs, lastedText, tellRun } from "./runs";

beforeAll(async () => {
  await i18next.init({
    resources: { zh: { translation: zh }, en: { translation: en } },
    lng: "zh",
    interpolation: { escapeValue: false },
  });
});

test.each([
  [0, "0.0 秒", "0.0 s"],
  [400, "0.4 秒", "0.4 s"],
  [9_949, "9.9 秒", "9.9 s"],
  [9_950, "10 秒", "10 s"],
  [59_400, "59 秒", "59 s"],
  [59_600, "1 分", "1 min"],
  [185_000, "3 分 5 秒", "3 min 5 s"],
  [3_600_000, "1 小时", "1 h"],
  [3_725_000, "1 小时 2 分", "1 h 2 min"],
])("%d ms are %s", (ms, chinese, english) => {
  expect(lastedText(ms, "zh")).toBe(chinese);
  expect(lastedText(ms, "en")).toBe(english);
});

test("a run that is under way has taken until now, one that never began nothing", () => {
  const now = new Date("2026-03-02T00:00:10Z");
  const began_at = "2026-03-02T00:00:00Z";
  expect(lastedMs({ began_at, ended_at: null }, now)).toBe(10_000);
  expect(lastedMs({ began_at, ended_at: "2026-03-02T00:00:04Z" }, now)).toBe(4_000);
  expect(lastedMs({ began_at: null, ended_at: null }, now)).toBeNull();
  // A clock here may be behind that of the server.
  expect(lastedMs({ began_at: "2026-03-02T00:00:12Z" }, now)).toBe(0);
});

test.each([
  ["set 1204 published, 12 marts", "已发布第 1204 批，12 个数据集", "Set 1204 published, 12 marts"],
  ["nobody was there; a later one was done", "当时服务没有运行，后来的一次已补做", null],
  ["3 copies planned, 2 tried again now", "安排了 3 份，2 份立即重试", null],
  ["5 files put together, 7 removed (2048 bytes)", "合并 5 个文件，删除 7 个 (2048 字节)", null],
])("%s is said in the reader's language", (text, chinese, english) => {
  expect(tellRun(text, i18next.getFixedT("zh"))).toBe(chinese);
  if (english) expect(tellRun(text, i18next.getFixedT("en"))).toBe(english);
});

test("what nobody knows stays as it is", () => {
  expect(tellRun("disk full: /srv", i18next.getFixedT("zh"))).toBe("disk full: /srv");
});
