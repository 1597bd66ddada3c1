import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { postTo } from "./client";
import type { components } from "./schema";

export type RuleMoments = components["schemas"]["RuleMoments"];

/** When a rule would be due; without a zone by the company's time. */
export function ruleMomentsQuery(rule: string, zone: string | null) {
  return queryOptions({
    queryKey: ["rule", rule, zone],
    queryFn: ({ signal }) => postTo<RuleMoments>("/api/rule-preview", { rule, zone }, { signal }),
    enabled: rule !== "",
    placeholderData: keepPreviousData,
  });
}
