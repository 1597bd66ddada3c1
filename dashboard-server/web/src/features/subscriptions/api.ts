/** What the pages of subscriptions ask for, and do. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { getFrom, postTo } from "@/lib/api/client";
import { act, listParameters, listQuery, type One, type Page } from "@/lib/api/records";
import type { components } from "@/lib/api/schema";
import { pathOf } from "@/lib/resources";
import type { Content, Kind, ThresholdContent } from "@/lib/subscribing";
import type { Dispatch } from "./types";

export type CopyPreview = components["schemas"]["CopyPreview"];

export type Previewed = {
  name: string;
  kind: Kind;
  content: Content;
  language: "zh" | "en";
};

/** What a copy would say to the one who asks. */
export function previewQuery(asked: Previewed) {
  return queryOptions({
    queryKey: ["copy", asked],
    queryFn: ({ signal }) => postTo<CopyPreview>("/api/subscription-preview", asked, { signal }),
    staleTime: 30_000,
  });
}

/** A number as it is now, whatever its limit. */
export function valueNowQuery({ metric, where, span }: ThresholdContent, language: "zh" | "en") {
  const content: ThresholdContent = { metric, where, span, comparison: "above", limit: 0 };
  return queryOptions({
    ...previewQuery({ name: metric, kind: "threshold", content, language }),
    placeholderData: keepPreviousData,
    enabled: metric !== "",
    select: ({ value }: CopyPreview) => value ?? null,
  });
}

const ofSubscription = (id: number) => [
  { field: "subscription_id", op: "in" as const, values: [String(id)] },
];

/** The receipts of a subscription, the latest moment first. */
export function receiptsQuery(id: number) {
  return infiniteQueryOptions({
    queryKey: ["records", "dispatch", "of", id],
    placeholderData: keepPreviousData,
    initialPageParam: null as string | null,
    getNextPageParam: (last: Page<Dispatch>) => last.next ?? null,
    queryFn: ({ pageParam, signal }) =>
      getFrom<Page<Dispatch>>(
        pathOf("dispatch"),
        {
          ...listParameters({ filters: ofSubscription(id), sort: "-planned_at", limit: 100 }),
          cursor: pageParam,
        },
        signal,
      ),
  });
}

/** The copies of the last moment of a subscription, and perhaps some of before. */
export function lastCopiesQuery(id: number) {
  return listQuery<Dispatch>("dispatch", {
    filters: ofSubscription(id),
    sort: "-planned_at",
    limit: 50,
  });
}

/** The last copies that somebody was sent. */
export const receivedQuery = listQuery<Dispatch>("dispatch", {
  view: "mine",
  sort: "-planned_at",
  limit: 100,
});

export function sendNow(id: number, to: "me" | "all") {
  return act<Page<Dispatch>>("subscription", id, to === "me" ? "send?to=me" : "send");
}

export function leave(id: number) {
  return act("subscription", id, "leave");
}

export function sendAgain(id: number) {
  return act<One<Dispatch>>("dispatch", id, "again");
}
