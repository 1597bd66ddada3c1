import { queryOptions } from "@tanstack/react-query";
import { get } from "./client";
import type { Status } from "./types";

/** How often news are asked for where they do not come by themselves. */
export const NEWS_MS = 5_000;

/** How fresh everything is; `useLive` keeps it so. */
export const statusQuery = queryOptions({
  queryKey: ["status"],
  queryFn: ({ signal }): Promise<Status> => get("/api/status", {}, signal),
  staleTime: NEWS_MS,
});

/** Metrics and dimensions; attributes appear with new sets, so the set is part of the key. */
export function registryQuery(set: number | null | undefined) {
  return queryOptions({
    queryKey: ["registry", set ?? null],
    queryFn: ({ signal }) => get("/api/metrics", {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** The values that a dimension takes. */
export function valuesQuery(dimension: string, set: number | null | undefined) {
  return queryOptions({
    queryKey: ["values", dimension, set ?? null],
    queryFn: ({ signal }) => get("/api/values", { dimension }, signal),
    enabled: dimension !== "",
    staleTime: Number.POSITIVE_INFINITY,
  });
}
