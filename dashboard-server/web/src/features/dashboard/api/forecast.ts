import { infiniteQueryOptions, keepPreviousData } from "@tanstack/react-query";
import { get } from "@/lib/api/client";
import type { components } from "@/lib/api/schema";
import type { Condition } from "@/lib/api/types";

export type Forecast = components["schemas"]["Forecast"];
export type ForecastGroup = components["schemas"]["ForecastGroup"];
export type ForecastTarget = components["schemas"]["ForecastTarget"];
export type ForecastDeal = components["schemas"]["ForecastDeal"];
export type ForecastDay = components["schemas"]["ForecastDay"];
export type ForecastProven = components["schemas"]["ForecastProven"];
export type ForecastProof = components["schemas"]["ForecastProof"];

export const ORDERS = [
  "expected",
  "amount",
  "probability",
  "days_in_stage",
  "expected_close_on",
] as const;
export type ForecastOrder = (typeof ORDERS)[number];

/** Open deals on a page. */
const PAGE = 30;

export type ForecastQuestion = {
  period: string;
  by: "team" | "owner";
  where: Condition[];
  asOf: string | null;
  order: ForecastOrder;
};

/** A forecast with its open deals page by page; all other numbers are the same on each. */
export function forecastQuery(question: ForecastQuestion | null, set: number | null | undefined) {
  return infiniteQueryOptions({
    queryKey: ["forecast", set ?? null, question],
    enabled: question !== null,
    placeholderData: keepPreviousData,
    initialPageParam: null as string | null,
    getNextPageParam: (last: Forecast) => last.next_cursor ?? null,
    queryFn: ({ pageParam, signal }): Promise<Forecast> => {
      if (!question) throw new Error("there is no question yet");
      const { period, by, where, asOf, order } = question;
      return get(
        "/api/forecast",
        {
          period,
          by,
          where: where.length > 0 ? JSON.stringify(where) : null,
          as_of: asOf,
          order,
          limit: PAGE,
          cursor: pageParam,
        },
        signal,
      );
    },
  });
}
