import type { Condition, Query } from "@/lib/api/types";
import { readCondition, withCondition, writeCondition } from "@/lib/conditions";
import { type Compare, isPreset, type Preset, parseRange, type Range } from "@/lib/period";

/** What the drawer shows: the records behind one number. */
export type Records = {
  metric: string;
  /** Conditions of the row that was clicked, beside the page's own. */
  where: Condition[];
  /** Other days than the page's, for a point of the trend or the compared period. */
  period: Range | null;
  order: string | null;
};

/** Everything on the page that a user would share; it lives in the URL. */
export type PageState = {
  where: Condition[];
  period: Preset | Range | null;
  compare: Compare;
  metric: string | null;
  by: string | null;
  more: boolean;
  /** How the trend is shown. */
  view: "chart" | "table";
  /** The day at whose end the data are looked at; null for now. */
  asOf: string | null;
  records: Records | null;
  /** The metric whose change is accounted for. */
  why: string | null;
};

function conditions(params: URLSearchParams, name: string): Condition[] {
  return params.getAll(name).flatMap((text) => readCondition(text) ?? []);
}

export function readState(params: URLSearchParams): PageState {
  const period = params.get("period") ?? "";
  const compare = params.get("compare");
  const metric = params.get("records");
  return {
    where: conditions(params, "where"),
    period: isPreset(period) ? period : parseRange(period),
    compare: compare === "year_ago" || compare === "none" ? compare : "previous",
    metric: params.get("metric"),
    by: params.get("by"),
    more: params.get("more") === "1",
    view: params.get("view") === "table" ? "table" : "chart",
    why: params.get("why"),
    asOf: parseDay(params.get("as_of")),
    records: metric
      ? {
          metric,
          where: conditions(params, "in"),
          period: parseRange(params.get("days") ?? ""),
          order: params.get("order"),
        }
      : null,
  };
}

function parseDay(text: string | null): string | null {
  return text ? (parseRange(`${text}..${text}`)?.from ?? null) : null;
}

/** The state as search parameters; what equals the default is left out. */
export function writeState(state: PageState, language: string | null): URLSearchParams {
  const params = new URLSearchParams();
  for (const condition of state.where) params.append("where", writeCondition(condition));
  if (state.period) {
    params.set(
      "period",
      typeof state.period === "string" ? state.period : writeRange(state.period),
    );
  }
  if (state.compare !== "previous") params.set("compare", state.compare);
  if (state.metric) params.set("metric", state.metric);
  if (state.by) params.set("by", state.by);
  if (state.more) params.set("more", "1");
  if (state.view !== "chart") params.set("view", state.view);
  if (state.why) params.set("why", state.why);
  if (state.asOf) params.set("as_of", state.asOf);
  if (state.records) {
    params.set("records", state.records.metric);
    for (const condition of state.records.where) params.append("in", writeCondition(condition));
    if (state.records.period) params.set("days", writeRange(state.records.period));
    if (state.records.order) params.set("order", state.records.order);
  }
  if (language) params.set("lang", language);
  return params;
}

function writeRange({ from, to }: Range): string {
  return `${from}..${to}`;
}

/** The condition that a member of a dimension stands for. */
export function memberCondition(dimension: string, value: string | null): Condition {
  return value === null
    ? { dimension, op: "is_null", values: [] }
    : { dimension, op: "in", values: [value] };
}

/** A click on a member: alone, or with `add` beside those chosen; a chosen one is let go. */
export function toggleMember(
  where: Condition[],
  dimension: string,
  value: string | null,
  add: boolean,
): Condition[] {
  const current = where.find((other) => other.dimension === dimension);
  const clicked = memberCondition(dimension, value);
  if (value === null || !current || current.op !== "in") {
    const same = current?.op === "is_null" && value === null;
    return withCondition(where, same ? { dimension, op: "in", values: [] } : clicked);
  }
  const has = current.values.includes(value);
  if (add) {
    const values = has
      ? current.values.filter((other) => other !== value)
      : [...current.values, value];
    return withCondition(where, { dimension, op: "in", values });
  }
  const alone = has && current.values.length === 1;
  return withCondition(where, alone ? { dimension, op: "in", values: [] } : clicked);
}

/** The query behind a number: the page's filters and the row's, over the days it counts. */
export function numberQuery(
  metric: string,
  where: Condition[],
  days: Range,
  asOf: string | null,
): Query {
  return { metrics: [metric], by: [], where, period: days, compare: null, as_of: asOf };
}

/** The drill's order of a column: `amount`, or `-amount` for the largest first. */
export function orderOf(text: string | null): { column: string; descending: boolean } | null {
  if (!text) return null;
  return text.startsWith("-")
    ? { column: text.slice(1), descending: true }
    : { column: text, descending: false };
}
