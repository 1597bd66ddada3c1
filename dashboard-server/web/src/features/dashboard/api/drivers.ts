import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { postDrivers } from "@/lib/api/client";
import type { Condition } from "@/lib/api/types";
import type { Range } from "@/lib/period";

/** What moved a number between two spans of days. */
export function driversQuery(
  metric: string,
  where: Condition[],
  days: Range,
  compared: Range,
  asOf: string | null,
  set: number | null | undefined,
) {
  return queryOptions({
    queryKey: ["drivers", set ?? null, metric, where, days, compared, asOf],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      postDrivers(
        {
          metric,
          where,
          period: days,
          compare: `baseline:${compared.from}..${compared.to}`,
          as_of: asOf,
        },
        signal,
      ),
  });
}
