/** The state of the page of the forecast in its address, and what its numbers say. */
import type { Condition } from "@/lib/api/types";
import { readCondition, writeCondition } from "@/lib/conditions";
import { addMonths, bucketOf, type Grain, isDay, parseRange } from "@/lib/period";
import { type Forecast, type ForecastDay, type ForecastOrder, ORDERS } from "./api/forecast";
import type { Records } from "./state";

/** The periods that are offered, as they lie to today. */
export const AHEAD = ["this_month", "next_month", "this_quarter", "next_quarter"] as const;
export type Ahead = (typeof AHEAD)[number];

export type ForecastState = {
  period: Ahead;
  by: "team" | "owner";
  where: Condition[];
  order: ForecastOrder;
  asOf: string | null;
  records: Records | null;
};

function one<Name extends string>(names: readonly Name[], text: string | null): Name | undefined {
  return names.find((name) => name === text);
}

export function readForecast(params: URLSearchParams): ForecastState {
  const conditions = (name: string) =>
    params.getAll(name).flatMap((text) => readCondition(text) ?? []);
  const asOf = params.get("as_of") ?? "";
  const metric = params.get("records");
  return {
    period: one(AHEAD, params.get("period")) ?? "this_month",
    by: params.get("by") === "owner" ? "owner" : "team",
    where: conditions("where"),
    order: one(ORDERS, params.get("deals")) ?? "expected",
    asOf: isDay(asOf) ? asOf : null,
    records: metric
      ? {
          metric,
          where: conditions("in"),
          period: parseRange(params.get("days") ?? ""),
          order: params.get("order"),
        }
      : null,
  };
}

/** What equals the default is left out. */
export function writeForecast(state: ForecastState, language: string | null): URLSearchParams {
  const params = new URLSearchParams();
  for (const condition of state.where) params.append("where", writeCondition(condition));
  if (state.period !== "this_month") params.set("period", state.period);
  if (state.by !== "team") params.set("by", state.by);
  if (state.order !== "expected") params.set("deals", state.order);
  if (state.asOf) params.set("as_of", state.asOf);
  if (state.records) {
    const { metric, where, period, order } = state.records;
    params.set("records", metric);
    for (const condition of where) params.append("in", writeCondition(condition));
    if (period) params.set("days", `${period.from}..${period.to}`);
    if (order) params.set("order", order);
  }
  if (language) params.set("lang", language);
  return params;
}

/** The month or quarter that is meant on a day, as `2026-12` or `2026-Q4`. */
export function periodOf(ahead: Ahead, today: string): string {
  const grain: Grain = ahead.endsWith("quarter") ? "quarter" : "month";
  const months = ahead.startsWith("next") ? (grain === "quarter" ? 3 : 1) : 0;
  // the first of its month, so that no month is skipped from the 31st
  return bucketOf(addMonths(`${today.slice(0, 7)}-01`, months), grain);
}

/** What the target asks for by the end of each day: as much for each working day. */
export function pace(path: ForecastDay[], target: number): number[] {
  const working = path.filter((day) => day.working).length;
  let passed = 0;
  return path.map((day) => {
    if (day.working) passed += 1;
    return working > 0 ? (target * passed) / working : target;
  });
}

/** What the page says first. */
export type Verdict =
  | { kind: "lacking" }
  | { kind: "open"; expected: number }
  | { kind: "reached" | "likely" | "unsure" | "unlikely"; expected: number; chance: number };

/** How sure one must be to call a target likely, or unlikely. */
const LIKELY = 0.7;

export function verdictOf({ lacking, total, targets }: Forecast): Verdict {
  if (lacking || !total.expected) return { kind: "lacking" };
  const expected = total.expected.amount;
  const target = targets.total;
  if (!target || target.chance === null || target.chance === undefined) {
    return { kind: "open", expected };
  }
  const { chance } = target;
  if (total.won.amount >= target.target) return { kind: "reached", expected, chance };
  const kind = chance >= LIKELY ? "likely" : chance <= 1 - LIKELY ? "unlikely" : "unsure";
  return { kind, expected, chance };
}
