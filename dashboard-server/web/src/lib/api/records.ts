/** Records of operations: their lists, one of them, its history, and what is written. */
import {
  infiniteQueryOptions,
  keepPreviousData,
  type QueryClient,
  queryOptions,
} from "@tanstack/react-query";
import type { Lang } from "@/lib/format";
import { type Entity, pathOf } from "@/lib/resources";
import { deleteAt, getFrom, patchAt, postTo, type Sending } from "./client";

export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** A record as the caller may see it; a hidden field is absent. */
export type Rec = { id: number; version: number } & { [field: string]: Json | undefined };

export type Label = {
  label: string;
  number?: string;
  label_zh?: string;
  label_en?: string;
  code?: string;
};
/** What the references of an answer are called, by resource and id. */
export type Labels = { [entity: string]: { [id: string]: Label } | undefined };

export type Page<T extends Rec = Rec> = {
  rows: T[];
  next?: string | null;
  labels: Labels;
  /** How many there are on all pages, where that was asked. */
  count?: number;
};
export type One<T extends Rec = Rec> = { record: T; labels: Labels };

export type FieldChange = { field: string; before?: Json; after?: Json };
export type Change = {
  seq: number;
  at: string;
  actor_id?: number | null;
  actor: string;
  reason?: string | null;
  op: string;
  fields: FieldChange[];
};

export const OPERATORS = [
  "in",
  "not_in",
  "at_least",
  "at_most",
  "below",
  "is_null",
  "is_set",
] as const;
export type FilterOperator = (typeof OPERATORS)[number];
export type Filter = { field: string; op: FilterOperator; values: string[] };

export type ListQuery = {
  filters?: Filter[];
  view?: "mine" | "pool" | null;
  search?: string | null;
  /** A field, with a minus for the greatest first. */
  sort?: string | null;
  limit?: number;
  /** Whether to say how many there are on all pages. */
  count?: boolean;
};

/** A filter as it stands in an address: `status:in:active,dormant`. */
export function writeFilter({ field, op, values }: Filter): string {
  const quoted = values.map((value) =>
    /[,"]/.test(value) || value === "" ? `"${value.replaceAll('"', '""')}"` : value,
  );
  return values.length > 0 ? `${field}:${op}:${quoted.join(",")}` : `${field}:${op}`;
}

/** The filter that such a text means, null where it means none. */
export function readFilter(text: string): Filter | null {
  const found = /^([a-z_]+):([a-z_]+)(?::(.*))?$/s.exec(text);
  if (!found) return null;
  const [, field = "", op = "", rest] = found;
  if (!(OPERATORS as readonly string[]).includes(op)) return null;
  const values: string[] = [];
  if (rest !== undefined) {
    const item = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/sy;
    for (;;) {
      const match = item.exec(rest);
      if (!match) return null;
      values.push(match[1] !== undefined ? match[1].replaceAll('""', '"') : (match[2] ?? ""));
      if (match[3] === "") break;
    }
  }
  return { field, op: op as FilterOperator, values };
}

/** The parameters that ask for a list. */
export function listParameters({ filters = [], view, search, sort, limit, count }: ListQuery) {
  return {
    view,
    search,
    sort,
    limit,
    count: count ? true : undefined,
    filter: filters.map(writeFilter),
  };
}

/** A page of a list. */
export function listQuery<T extends Rec = Rec>(entity: Entity, query: ListQuery = {}) {
  return queryOptions({
    queryKey: ["records", entity, "list", query],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => getFrom<Page<T>>(pathOf(entity), listParameters(query), signal),
  });
}

/** A list page by page, counted with its first; the rows before stay until those asked for are there. */
export function pagesQuery<T extends Rec = Rec>(entity: Entity, query: ListQuery = {}) {
  return infiniteQueryOptions({
    queryKey: ["records", entity, "pages", query],
    placeholderData: keepPreviousData,
    initialPageParam: null as string | null,
    getNextPageParam: (last: Page<T>) => last.next ?? null,
    queryFn: ({ pageParam, signal }) =>
      getFrom<Page<T>>(
        pathOf(entity),
        {
          ...listParameters({ limit: 100, ...query, count: pageParam === null }),
          cursor: pageParam,
        },
        signal,
      ),
  });
}

/** A list to its end; for what is known to be little. */
export async function allOf<T extends Rec = Rec>(
  entity: Entity,
  query: ListQuery,
  signal?: AbortSignal,
): Promise<{ rows: T[]; labels: Labels }> {
  const pages: Page<T>[] = [];
  for (let cursor: string | null = null; ; ) {
    const page: Page<T> = await getFrom<Page<T>>(
      pathOf(entity),
      { ...listParameters({ limit: 100, ...query }), cursor },
      signal,
    );
    pages.push(page);
    if (!page.next) break;
    cursor = page.next;
  }
  return {
    rows: pages.flatMap(({ rows }) => rows),
    labels: joinLabels(pages.map(({ labels }) => labels)),
  };
}

export function recordQuery<T extends Rec = Rec>(entity: Entity, id: number) {
  return queryOptions({
    queryKey: ["records", entity, "one", id],
    queryFn: ({ signal }) => getFrom<One<T>>(pathOf(entity, id), {}, signal),
  });
}

/** Who changed what of a record, the latest first. */
export function historyQuery(entity: Entity, id: number) {
  return infiniteQueryOptions({
    queryKey: ["records", entity, "history", id],
    initialPageParam: null as number | null,
    getNextPageParam: (last: { changes: Change[]; next?: number | null }) => last.next ?? null,
    queryFn: ({ pageParam, signal }) =>
      getFrom<{ changes: Change[]; next?: number | null; labels?: Labels }>(
        pathOf(entity, id, "history"),
        { before: pageParam, limit: 50 },
        signal,
      ),
  });
}

export function createRecord<T extends Rec = Rec>(entity: Entity, values: object, key: string) {
  return postTo<One<T>>(pathOf(entity), values, { key });
}

export function changeRecord<T extends Rec = Rec>(
  entity: Entity,
  { id, version }: { id: number; version: number },
  values: object,
) {
  return patchAt<One<T>>(pathOf(entity, id), values, { version });
}

export function removeRecord(entity: Entity, { id, version }: { id: number; version: number }) {
  return deleteAt(pathOf(entity, id), { version });
}

/** An action on a record, as `claim`. */
export function act<T = One>(
  entity: Entity,
  id: number,
  action: string,
  body: object = {},
  sending: Sending = {},
) {
  return postTo<T>(pathOf(entity, id, action), body, sending);
}

export type BulkItem = { id: number; version?: number };
export type BulkResult = { id: number; record?: Rec; problem?: import("./types").Problem };
export type BulkRequest = {
  action: "update" | "delete" | "claim" | "release" | "assign";
  items: BulkItem[];
  changes?: object;
  reason?: string;
  user_id?: number;
};

/** The most records of one bulk request. */
const MOST_ITEMS = 100;

/** Does the same to many records, each by itself; the answers in their order. */
export async function bulk(entity: Entity, request: BulkRequest): Promise<BulkResult[]> {
  const all: BulkResult[] = [];
  for (let index = 0; index < request.items.length; index += MOST_ITEMS) {
    const items = request.items.slice(index, index + MOST_ITEMS);
    const path = pathOf(entity, undefined, "bulk");
    const { results } = await postTo<{ results: BulkResult[] }>(path, { ...request, items });
    all.push(...results);
  }
  return all;
}

/** After a change: whatever shows records is asked for again. */
export function refreshRecords(client: QueryClient): Promise<void> {
  return client.invalidateQueries({ queryKey: ["records"] });
}

/** What a reference is called, in the reader's language where it has two names. */
export function labelOf(
  labels: Labels | undefined,
  entity: Entity,
  id: Json | undefined,
  lang: Lang,
): string {
  if (id === null || id === undefined) return "";
  const found = labels?.[entity]?.[String(id)];
  if (!found) return `#${id}`;
  return (lang === "en" ? found.label_en : found.label_zh) || found.label;
}

/** The labels of several answers as one. */
export function joinLabels(all: (Labels | undefined)[]): Labels {
  const joined: Labels = {};
  for (const labels of all) {
    for (const [entity, byId] of Object.entries(labels ?? {})) {
      joined[entity] = { ...joined[entity], ...byId };
    }
  }
  return joined;
}

export function textOf(record: Rec, field: string): string {
  const value = record[field];
  return typeof value === "string" ? value : "";
}

export function integerOf(record: Rec, field: string): number | null {
  const value = record[field];
  return typeof value === "number" ? value : null;
}
