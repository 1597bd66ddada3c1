import i18next from "i18next";
import { beforeAll, expect, test } from "vitest";
import { readRule } from "@/lib/rule";
import {
  type BoardContent,
  KINDS,
  readDraft,
  type ThresholdContent,
  writeDraft,
} from "@/lib/subscribing";
import { zh } from "@/locales/zh";
import { faultOf, finished, firstDraft, firstRule } from "./content";

beforeAll(async () => {
  await i18next.init({
    resources: { zh: { translation: zh } },
    lng: "zh",
    interpolation: { escapeValue: false },
  });
});

test.each(KINDS)("a new %s begins with what can be read again", (kind) => {
  const draft = firstDraft(kind, ["ticket", "opportunity"], i18next.t);
  expect(draft.kind).toBe(kind);
  expect(draft.name).not.toBe("");
  expect(readDraft(writeDraft(draft))).toEqual(draft);
  const rule = firstRule(kind);
  expect(rule === null ? kind : readRule(rule)).toBeTruthy();
});

test("a list that one may not read is not suggested", () => {
  expect(firstDraft("list", ["ticket"], i18next.t).content).toMatchObject({ resource: "ticket" });
});

const board: BoardContent = {
  metrics: ["won_amount"],
  span: "this_month",
  where: [
    { dimension: "region", op: "in", values: ["华东"] },
    { dimension: "team", op: "in", values: [] },
    { dimension: "", op: "in", values: [] },
    { dimension: "owner", op: "is_null", values: [] },
  ],
  link: "/dashboard?where=old",
};

test("conditions that say nothing are not kept, and the link is that of those kept", () => {
  const kept = finished("dashboard", board) as BoardContent;
  expect(kept.where?.map(({ dimension }) => dimension)).toEqual(["region", "owner"]);
  expect(new URL(kept.link ?? "", "http://app").searchParams.getAll("where")).toEqual([
    "region=华东",
    "owner is null",
  ]);
});

test("numbers and a limit must be there", () => {
  const watched: ThresholdContent = {
    metric: "win_rate",
    span: "this_month",
    comparison: "below",
    limit: null,
  };
  expect(faultOf("dashboard", { ...board, metrics: [] }, i18next.t)).toBe("至少选一个指标");
  expect(faultOf("dashboard", board, i18next.t)).toBeNull();
  expect(faultOf("threshold", watched, i18next.t)).toBe("请填写界线");
  expect(faultOf("threshold", { ...watched, metric: "" }, i18next.t)).toBe("至少选一个指标");
  expect(faultOf("threshold", { ...watched, limit: 0 }, i18next.t)).toBeNull();
  expect(faultOf("monthly_report", {}, i18next.t)).toBeNull();
});
