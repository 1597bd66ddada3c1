import { readdir, readFile } from "node:fs/promises";
import { createInstance } from "i18next";
import { beforeAll, expect, test } from "vitest";
import { ApiError } from "@/lib/api/client";
import type { Metric, Problem } from "@/lib/api/types";
import type { Translate } from "@/lib/numbers";
import { en } from "@/locales/en";
import { zh } from "@/locales/zh";
import { corrected, type Names, tell } from "./problems";

const names: Names = {
  metrics: [{ name: "win_rate", label: { zh: "赢单率", en: "Win rate" } } as Metric],
  dimensions: [
    { name: "region", label: { zh: "区域", en: "Region" }, kind: "text" },
    { name: "outcome", label: { zh: "结果", en: "Outcome" }, kind: "text" },
  ],
};

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

function problem(kind: string, detail: string, suggestions?: string[]): Problem {
  return { type: `urn:millrace:problem:${kind}`, title: "", status: 400, detail, suggestions };
}

test.each([
  ['there is no metric "win_rat"; did you mean win_rate?', "没有「win_rat」这个指标。"],
  ['win_rate has no dimension "region"', "赢单率不能按「区域」区分。"],
  ['win_rate has no dimension "a \\"b\\""', '赢单率不能按「a "b"」区分。'],
  ['region has no value "华冬"; did you mean 华东, 华南?', "区域里没有「华冬」。"],
  ['outcome has no value "won"', "结果里没有「赢单」。"],
  ["the query names no metric", "还没有选指标。"],
  [
    "win_rate compares two periods: add compare baseline:FROM..TO",
    "赢单率是两个期间之比：请在右上角选一个对比。",
  ],
])("says %s in Chinese", (detail, sentence) => {
  const told = tell(problem("invalid-query", detail), names, chinese, "zh");
  expect(told).toMatchObject({ sentence, detail: null });
});

test("suggestions are named, and a value can be taken", () => {
  const unknown = problem("invalid-query", 'region has no value "华冬"', ["华东"]);
  const [first] = tell(unknown, names, english, "en").suggestions;
  expect(first?.text).toBe("华东");
  if (!first?.replace) throw new Error("nothing to take");
  const where = [
    { dimension: "region", op: "in" as const, values: ["华冬", "华东"] },
    { dimension: "team", op: "in" as const, values: ["华冬"] },
  ];
  expect(corrected(where, first.replace)).toEqual([{ ...where[0], values: ["华东"] }, where[1]]);
  const metric = problem("invalid-query", 'there is no metric "win_rat"', ["win_rate"]);
  expect(tell(metric, names, chinese, "zh").suggestions).toEqual([
    { text: "赢单率", replace: null },
  ]);
});

test("what has no sentence keeps the server's words as a second line", () => {
  const told = tell(problem("invalid-query", "region is odd"), names, chinese, "zh");
  expect(told.sentence).toBe("这样的组合服务器算不出来。换一个筛选或维度。");
  expect(told.detail).toBe("region is odd");
});

test("failures are said without the server's words", () => {
  const internal = new ApiError({ ...problem("internal", "the server…"), status: 500 });
  expect(tell(internal, names, english, "en")).toMatchObject({ detail: null });
  expect(tell(new TypeError("Failed to fetch"), names, chinese, "zh").sentence).toMatch(/连不上/);
  const gateway: Problem = { type: "about:blank", title: "Bad Gateway", status: 502, detail: "" };
  expect(tell(gateway, names, chinese, "zh")).toMatchObject({
    sentence: "服务器没有给出数字(状态码 502)。请稍后重试。",
    detail: "Bad Gateway",
  });
});

test("every problem in the server's snapshots has a sentence", async () => {
  const folder = new URL("../../../../tests/it/snapshots/", import.meta.url);
  for (const file of await readdir(folder)) {
    const text = await readFile(new URL(file, folder), "utf8");
    const body = text.slice(text.indexOf("\n---\n") + 5);
    if (!body.includes('"type": "urn:millrace:problem:invalid-query"')) continue;
    const value = JSON.parse(body) as Problem & { problem?: Problem };
    const told = tell(value.problem ?? value, names, english, "en");
    expect(told.detail, `${file}: ${told.detail}`).toBeNull();
  }
});
