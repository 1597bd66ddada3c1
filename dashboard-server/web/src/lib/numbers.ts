/** Names of metrics, dimensions and their members, and days in words. */
import type { TFunction } from "i18next";
import type { Condition, Dimension, Metric } from "./api/types";
import { type Lang, pick } from "./format";
import type { Range } from "./period";

export type Translate = TFunction;

/** The dimensions that are asked for most; they have a tab of their own where the data has them. */
export const TABS = ["region", "team", "owner", "industry", "product"];

/** The default pipeline, in order; the last one comes after winning. */
export const STAGES = [
  "lead",
  "first_contact",
  "requirements",
  "quotation",
  "signing",
  "delivery_payment",
] as const;
export const AFTER_WINNING = "delivery_payment";
/** What ends the stage after winning. */
const DELIVERED = "delivery_completed";
/** The ends of a deal, which sources also record as stages. */
export const ENDS = ["won", "lost", "shelved", "invalid", "duplicate"] as const;

/** A stage as people call it; where a deal ends, that is its outcome. Others are as written. */
export function stageName(code: string, t: Translate): string {
  const known = STAGES.find((stage) => stage === code);
  if (known) return t(`stages.${known}`);
  if (code === DELIVERED) return t("stages.delivery_completed");
  const end = ENDS.find((outcome) => outcome === code);
  if (!end) return code;
  const name = t(`values.outcome.${end}`);
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** A value of a dimension as people read it; what is not known stays as it is. */
export function memberName(dimension: string, value: unknown, t: Translate): string {
  if (value === null || value === undefined || value === "") return t("values.none");
  const text = String(value);
  const bare = dimension.split(".").at(-1) ?? dimension;
  if (bare === "stage" || bare === "next_stage") return stageName(text, t);
  if (bare === "outcome" || bare === "kind") {
    return t(`values.${bare}.${text}`, { defaultValue: text });
  }
  if (text === "true") return t("values.true");
  if (text === "false") return t("values.false");
  return text;
}

export function metricName(metrics: Metric[], name: string, lang: Lang): string {
  return pick(metrics.find((metric) => metric.name === name)?.label, lang) || name;
}

/** A dimension as people call it; one of something else says whose: "客户 · 行业". */
export function dimensionName(dimensions: Dimension[], name: string, lang: Lang): string {
  const labelled = (wanted: string) => {
    const label = pick(dimensions.find((dimension) => dimension.name === wanted)?.label, lang);
    return label === wanted ? "" : label;
  };
  const dot = name.lastIndexOf(".");
  if (dot < 0) return labelled(name) || name;
  const [whose, own] = [name.slice(0, dot), name.slice(dot + 1)];
  return `${labelled(whose) || whose} · ${labelled(name) || labelled(own) || own}`;
}

/** Dimensions as options in the order of their use: own ones first, then those of other things. */
export function dimensionOptions(dimensions: Dimension[], among: Dimension[], lang: Lang) {
  const place = ({ name }: Dimension) => {
    const index = TABS.indexOf(name);
    return name.includes(".") ? TABS.length + 1 : index < 0 ? TABS.length : index;
  };
  return [...among]
    .sort((a, b) => place(a) - place(b))
    .map(({ name }) => ({ value: name, label: dimensionName(dimensions, name, lang) }));
}

export function conditionText(condition: Condition, t: Translate, lang: Lang): string {
  const { dimension, op, values } = condition;
  if (op === "is_null") return t("values.none");
  const names = values.map((value) => memberName(dimension, value, t));
  if (op === "between") return names.join(" – ");
  const text =
    names.length > 2
      ? t("filter.more", { first: names[0], count: names.length })
      : names.join(lang === "zh" ? "、" : ", ");
  return op === "not_in" ? t("filter.not", { values: text }) : text;
}

/** "2025-11-01 – 2026-10-31", and whole months as "2025-11 – 2026-10". */
export function rangeText({ from, to }: Range): string {
  if (from === to) return from;
  const next = new Date(`${to}T00:00:00Z`);
  next.setUTCDate(next.getUTCDate() + 1);
  if (from.endsWith("-01") && next.getUTCDate() === 1) {
    const [first, last] = [from.slice(0, 7), to.slice(0, 7)];
    return first === last ? first : `${first} – ${last}`;
  }
  return `${from} – ${to}`;
}
