/** What is due: one answer for the whole page. */
import { queryOptions } from "@tanstack/react-query";
import { getFrom, postBatch } from "@/lib/api/client";
import type { Labels, Rec } from "@/lib/api/records";
import type { QueryResult } from "@/lib/api/types";
import { compareRange, presetRange } from "@/lib/period";

export type Countdown = {
  account_id: number;
  exempt: boolean;
  returns_on: string;
  working_days_left: number;
  warning: boolean;
};
export type Today = {
  todos: Rec[];
  countdowns: { account: Rec; countdown: Countdown }[];
  idle: Rec[];
  next_steps: Rec[];
  quotes_out: Rec[];
  labels: Labels;
};

export const todayQuery = queryOptions({
  queryKey: ["records", "today"],
  queryFn: ({ signal }) => getFrom<Today>("/api/today", {}, signal),
});

/** The numbers over the page, in order. */
export const NUMBERS = [
  "won_amount",
  "opportunities_opened",
  "quotes_sent",
  "win_rate",
  "open_amount",
  "stalled_count",
] as const;

export type Numbers = Map<string, { result?: QueryResult; refused?: true }>;

/** The running month against the same days of the one before, from one published set. */
export function numbersQuery(day: string | null, set: number | null | undefined) {
  return queryOptions({
    queryKey: ["board", "today", set ?? null, day],
    enabled: day !== null && set !== null && set !== undefined,
    queryFn: async ({ signal }): Promise<Numbers> => {
      const period = presetRange("this_month", { day: day ?? "", closed: false });
      const before = compareRange(period, "previous", "this_month");
      const compare = before ? `baseline:${before.from}..${before.to}` : null;
      const answers = await postBatch(
        NUMBERS.map((name) => ({
          id: name,
          query: { metrics: [name], by: [], where: [], period, compare },
        })),
        signal,
      );
      return new Map(
        [...answers].map(([id, { result }]) => [
          id,
          result ? { result: result as QueryResult } : { refused: true as const },
        ]),
      );
    },
  });
}
