/** What the pages of schedules ask for, and do. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { get, getFrom } from "@/lib/api/client";
import { act, listParameters, type One, type Page } from "@/lib/api/records";
import type { components } from "@/lib/api/schema";
import { pathOf } from "@/lib/resources";
import type { Run } from "./types";

export type Standing = components["schemas"]["ScheduleState"];
export type RunState = components["schemas"]["RunState"];
export type RunLog = components["schemas"]["RunLog"];

/** All schedules with their next moments and last runs. */
export const overviewQuery = queryOptions({
  queryKey: ["records", "schedule", "overview"],
  queryFn: ({ signal }) => get("/api/schedule-overview", {}, signal),
});

/** The runs of a schedule, the latest first. */
export function runsQuery(id: number) {
  return infiniteQueryOptions({
    queryKey: ["records", "schedule_run", "of", id],
    placeholderData: keepPreviousData,
    initialPageParam: null as string | null,
    getNextPageParam: (last: Page<Run>) => last.next ?? null,
    queryFn: ({ pageParam, signal }) =>
      getFrom<Page<Run>>(
        pathOf("schedule_run"),
        {
          ...listParameters({
            filters: [{ field: "schedule_id", op: "in", values: [String(id)] }],
            sort: "-planned_at",
            limit: 30,
          }),
          cursor: pageParam,
        },
        signal,
      ),
  });
}

/** What a run said. */
export function logQuery(id: number) {
  return queryOptions({
    queryKey: ["records", "schedule_run", "log", id],
    queryFn: ({ signal }) => getFrom<RunLog>(pathOf("schedule_run", id, "log"), {}, signal),
  });
}

export function runNow(id: number) {
  return act<One<Run>>("schedule", id, "run");
}

export function cancelRun(id: number) {
  return act<One<Run>>("schedule_run", id, "cancel");
}
