import { infiniteQueryOptions, keepPreviousData } from "@tanstack/react-query";
import { ApiError, postBatch, postDrill } from "@/lib/api/client";
import type { BatchAnswer, DrillResult, Query, QueryResult } from "@/lib/api/types";

export const PAGE = 100;

/** A page of records; the first one comes with the number itself, asked for separately. */
export type RecordsPage = { records: DrillResult; number: QueryResult | null };

function resultOf<T>(answer: BatchAnswer | undefined): T {
  if (answer?.problem) throw new ApiError(answer.problem);
  return answer?.result as T;
}

/** The records behind a number, page by page, and the number to hold them against. */
export function recordsQuery(
  query: Query,
  metric: string,
  order: string | null,
  set: number | null | undefined,
) {
  return infiniteQueryOptions({
    queryKey: ["records", set ?? null, query, metric, order],
    placeholderData: keepPreviousData,
    initialPageParam: null as string | null,
    getNextPageParam: (last: RecordsPage) => last.records.next_cursor ?? null,
    queryFn: async ({ pageParam, signal }): Promise<RecordsPage> => {
      const drill = { query, metric, cursor: pageParam, limit: PAGE, order };
      if (pageParam) return { records: await postDrill(drill, signal), number: null };
      const answers = await postBatch(
        [
          { id: "number", query },
          { id: "records", drill },
        ],
        signal,
      );
      return {
        records: resultOf<DrillResult>(answers.get("records")),
        number: resultOf<QueryResult>(answers.get("number")),
      };
    },
  });
}
