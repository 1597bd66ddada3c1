/** What a list shows, as the address says it: words, filters, order, view. */
import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";
import { type Filter, type ListQuery, readFilter, writeFilter } from "@/lib/api/records";

export type ListState = {
  search: string;
  filters: Filter[];
  sort: string | null;
};

export function readList(params: URLSearchParams): ListState {
  return {
    search: params.get("q") ?? "",
    filters: params.getAll("filter").flatMap((text) => readFilter(text) ?? []),
    sort: params.get("sort"),
  };
}

export function writeList(params: URLSearchParams, state: ListState): URLSearchParams {
  const next = new URLSearchParams(params);
  for (const name of ["q", "filter", "sort"]) next.delete(name);
  if (state.search) next.set("q", state.search);
  for (const filter of state.filters) next.append("filter", writeFilter(filter));
  if (state.sort) next.set("sort", state.sort);
  return next;
}

/** The list of the page with another condition on a field; none takes it away. */
export function withFilter(filters: Filter[], field: string, next: Filter[]): Filter[] {
  const first = filters.findIndex((filter) => filter.field === field);
  const others = filters.filter((filter) => filter.field !== field);
  if (first < 0) return [...others, ...next];
  const before = filters.slice(0, first).filter((filter) => filter.field !== field).length;
  return [...others.slice(0, before), ...next, ...others.slice(before)];
}

/** What the list is asked for: the page's own conditions and those of the address. */
export function queryOf(state: ListState, base: ListQuery): ListQuery {
  return {
    ...base,
    search: state.search || null,
    sort: state.sort ?? base.sort ?? null,
    filters: [...(base.filters ?? []), ...state.filters],
  };
}

/** The list's state in the address. Words replace each other as they are typed. */
export function useListState() {
  const [params, setParams] = useSearchParams();
  const state = useMemo(() => readList(params), [params]);
  const change = useCallback(
    (patch: Partial<ListState>, replace = false) =>
      setParams((now) => writeList(now, { ...readList(now), ...patch }), { replace }),
    [setParams],
  );
  return { state, change };
}
