import { queryOptions } from "@tanstack/react-query";
import { get } from "./client";

const MINUTE_MS = 60_000;

/** The published set; asked again every minute, so that new numbers arrive by themselves. */
export const statusQuery = queryOptions({
  queryKey: ["status"],
  queryFn: ({ signal }) => get("/api/status", {}, signal),
  refetchInterval: MINUTE_MS,
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
