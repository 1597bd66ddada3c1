/** Closed months: which there are, and what was changed of them since. */
import { infiniteQueryOptions } from "@tanstack/react-query";
import { monthAfter } from "@/lib/months";
import { postTo } from "./client";
import { listQuery, type One, type Rec } from "./records";
import type { components } from "./schema";
import type { Metric, Row } from "./types";

export type Close = Rec & {
  month: string;
  closed_at: string;
  closed_by_id: number | null;
  note: string | null;
  reopened_at: string | null;
  reopened_by_id: number | null;
  reopen_reason: string | null;
};

type Schemas = components["schemas"];
export type Adjustment = Omit<Schemas["Adjustment"], "record"> & { record: Row };
export type Adjustments = Omit<Schemas["AdjustmentsResult"], "rows"> & { rows: Adjustment[] };
export type AdjustmentsRequest = Partial<Schemas["AdjustmentsRequest"]> & { metric: string };

/** All closes, the latest first. */
export const closesQuery = listQuery<Close>("month_close", { limit: 100, sort: "-closed_at" });

/** The months that are closed now, the last one first, each as `2026-03`. */
export function standing(closes: Close[]): Close[] {
  const closed = closes.filter(({ reopened_at }) => reopened_at === null);
  return closed.sort((left, right) => right.month.localeCompare(left.month));
}

/** The month that is closed next; any that is over where none is closed yet. */
export function nextMonth(closes: Close[]): string | null {
  const last = standing(closes)[0];
  return last ? monthAfter(last.month.slice(0, 7)) : null;
}

/** Whether the records of a metric add up to it one by one, so that their changes can be listed. */
export function isAdjusted({ time_role, formula }: Metric): boolean {
  return (
    time_role === "event" && /^(count|sum)\(/.test(formula) && !formula.includes(" one row per ")
  );
}

/** Adjustments page by page. */
export function adjustmentsQuery(request: AdjustmentsRequest, set: number | null | undefined) {
  return infiniteQueryOptions({
    queryKey: ["adjustments", set ?? null, request],
    initialPageParam: null as string | null,
    getNextPageParam: (last: Adjustments) => last.next_cursor ?? null,
    queryFn: ({ pageParam, signal }) =>
      postTo<Adjustments>("/api/adjustments", { ...request, cursor: pageParam }, { signal }),
  });
}

export function closeMonth(month: string, note: string | null): Promise<One<Close>> {
  return postTo("/api/month-closes", { month: `${month}-01`, note });
}

export function reopenMonth(id: number, reason: string): Promise<One<Close>> {
  return postTo(`/api/month-closes/${id}/reopen`, { reason });
}
