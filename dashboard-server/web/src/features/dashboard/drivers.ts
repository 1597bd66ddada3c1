import type { Condition, Dimension, DriversResult, Metric, Segment } from "@/lib/api/types";
import { type Change, change, type Lang, short } from "@/lib/format";
import { dimensionName, memberName, type Translate } from "@/lib/numbers";
import { memberCondition } from "./state";

/** What a part gave, in the metric's own unit and never as a share of it. */
export function given(value: number, metric: Metric, unit: string, lang: Lang): Change | null {
  const moved = change(value, 0, unit, metric.direction, lang);
  return (
    moved && { ...moved, text: unit === "ratio" ? moved.text : short(Math.abs(value), unit, lang) }
  );
}

/** A difference with its sign, as in a sentence. */
export function signed(value: number, unit: string, lang: Lang): string {
  const text =
    unit === "ratio"
      ? `${(Math.abs(value) * 100).toFixed(1)} ${lang === "zh" ? "个百分点" : "pt"}`
      : short(Math.abs(value), unit, lang);
  return `${value < 0 ? "-" : "+"}${text}`;
}

type Values = Segment["where"];

function valuesText(values: Values, dimensions: Dimension[], t: Translate, lang: Lang): string {
  const parts = Object.entries(values).map(([dimension, value]) => {
    const name = memberName(dimension, value, t);
    // a yes or a blank says nothing without what it is about
    const bare = value !== null && typeof value !== "boolean";
    return bare ? name : `${dimensionName(dimensions, dimension, lang)}: ${name}`;
  });
  return parts.join(" · ");
}

/** A segment as people call it: "华东 · 阀门, 不含 张三". */
export function segmentName(
  segment: Segment,
  dimensions: Dimension[],
  t: Translate,
  lang: Lang,
): string {
  if (Object.keys(segment.where).length === 0) return t("drivers.rest");
  const name = valuesText(segment.where, dimensions, t, lang);
  const except = (segment.except ?? []).map((one) => valuesText(one, dimensions, t, lang));
  if (except.length === 0) return name;
  return t("drivers.except", { name, except: except.join(lang === "zh" ? "、" : "; ") });
}

/**
 * The conditions whose records are the segment's; null where conditions cannot say it: the rest,
 * and what leaves out a combination.
 */
export function segmentConditions(segment: Segment): Condition[] | null {
  const own = Object.entries(segment.where);
  if (own.length === 0) return null;
  const where = own.map(([dimension, value]) =>
    memberCondition(dimension, value === null || value === undefined ? null : String(value)),
  );
  for (const except of segment.except ?? []) {
    // only what the segment does not say itself has to be left out
    const left = Object.entries(except).filter(([dimension]) => !(dimension in segment.where));
    const [one] = left;
    if (left.length !== 1 || !one || one[1] === null) return null;
    const [dimension, value] = one;
    const known = where.find((other) => other.dimension === dimension);
    if (known) known.values.push(String(value));
    else where.push({ dimension, op: "not_in", values: [String(value)] });
  }
  return where;
}

/** The bars of a waterfall from the number before to the number after. */
export type Bar = { from: number; to: number; kind: "total" | "part" | "rest"; index: number };

export function waterfall(report: DriversResult): { bars: Bar[]; low: number; high: number } {
  const { before, after } = report;
  if (before === null || before === undefined || after === null || after === undefined) {
    return { bars: [], low: 0, high: 0 };
  }
  const bars: Bar[] = [{ from: 0, to: before, kind: "total", index: -1 }];
  let at = before;
  report.segments.forEach((segment, index) => {
    bars.push({ from: at, to: at + segment.contribution, kind: "part", index });
    at += segment.contribution;
  });
  bars.push({ from: at, to: after, kind: "rest", index: report.segments.length });
  bars.push({ from: 0, to: after, kind: "total", index: -1 });
  const steps = bars.filter(({ kind }) => kind !== "total").flatMap(({ from, to }) => [from, to]);
  const [least, most] = [Math.min(...steps), Math.max(...steps)];
  // the steps are what is told: where they are small beside the number, its foot is cut off
  const room = (most - least || Math.abs(most) || 1) * 0.25;
  const whole = least >= 0 && least < (most - least) * 3;
  return { bars, low: whole ? 0 : least - room, high: most + room * 0.2 };
}
