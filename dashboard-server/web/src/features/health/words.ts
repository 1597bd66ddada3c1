import type { Row } from "@/lib/api/types";
import { amount, type Lang, numberOf } from "@/lib/format";

type Translate = (key: string, values?: Record<string, unknown>) => string;

/** A late order, a fall or a debt that is smaller than this goes without saying. */
const LATE_FROM = 1.2;
const FALL_FROM = -0.1;
/** What is likelier than this is said. */
const LIKELY_FROM = 0.5;

export function percent(part: number, lang: Lang, digits = 0): string {
  const text = (part * 100).toFixed(digits);
  return `${Number(text) === 0 ? text.replace("-", "") : text}${lang === "zh" ? " %" : "%"}`;
}

function signed(part: number, lang: Lang): string {
  return `${part > 0 ? "+" : ""}${percent(part, lang)}`;
}

/** Why an account is to be called, in a few words, what weighs most first. */
export function reasons(row: Row, t: Translate, lang: Lang): string[] {
  const said: string[] = [];
  const rhythm = numberOf(row.rhythm);
  const days = numberOf(row.rhythm_days);
  const overdue = numberOf(row.overdue_amount);
  const trend = numberOf(row.amount_trend);
  if (row.held_by === "open_complaint") said.push(t("health.reason.open_complaint"));
  if (rhythm !== null && days !== null && rhythm > LATE_FROM) {
    said.push(t("health.reason.late", { count: Math.round((rhythm - 1) * days) }));
  }
  if (overdue !== null && overdue > 0) {
    said.push(t("health.reason.overdue", { amount: amount(overdue, lang) }));
  } else if (row.held_by === "overdue") {
    said.push(t("health.reason.longOverdue"));
  }
  if (trend !== null && trend < FALL_FROM) {
    said.push(t("health.reason.trend", { change: signed(trend, lang) }));
  }
  const shrink = numberOf(row.shrink_probability);
  const ends = numberOf(row.non_renewal_probability);
  if (shrink !== null && shrink >= LIKELY_FROM) {
    said.push(t("health.reason.shrink", { part: percent(shrink, lang) }));
  }
  if (ends !== null && ends >= LIKELY_FROM) {
    said.push(t("health.reason.ends", { part: percent(ends, lang) }));
  }
  return said;
}

/** What the number of a factor says. */
export function factorText(
  factor: string,
  value: number | null | undefined,
  rhythmDays: number | null,
  t: Translate,
  lang: Lang,
): string {
  if (value === null || value === undefined) return t("health.noData");
  const days = Math.round(rhythmDays ?? 0);
  switch (factor) {
    case "rhythm":
      return value > 1
        ? t("health.says.late", { count: Math.round((value - 1) * (rhythmDays ?? 0)), days })
        : t("health.says.inTime", { days });
    case "amount_trend":
    case "interaction_trend":
      return t(`health.says.${factor}`, { change: signed(value, lang) });
    case "contacts":
      return value < 2
        ? t("health.says.soleContact")
        : t("health.says.contacts", { count: Math.round(value) });
    case "contract":
      return value < 0
        ? t("health.says.contractOver", { count: Math.round(-value) })
        : t("health.says.contract", { count: Math.round(value) });
    case "frequency":
    case "breadth":
    case "interaction":
      return t(`health.says.${factor}`, { count: Math.round(value) });
    case "service":
      return t("health.says.service", { count: Number(value.toFixed(2)) });
    default:
      return t(`health.says.${factor}`, { part: percent(value, lang) });
  }
}

/** Whole points, with their sign. */
export function points(value: number): string {
  const text = value.toFixed(1);
  return Number(text) > 0 ? `+${text}` : text.replace("-", "−").replace(/^−0\.0$/, "0.0");
}
