/** What is due: one answer for the whole page. */
import { queryOptions } from "@tanstack/react-query";
import { getFrom } from "@/lib/api/client";
import { type Answered, postFresh, type Versions } from "@/lib/api/fresh";
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

export type Numbers = {
  answered: Answered;
  numbers: Map<string, { result?: QueryResult; refused?: true }>;
};

/** The running month against the same days of the one before, from one published set. */
export function numbersQuery(
  day: string | null,
  set: number | null | undefined,
  versions: Versions | undefined,
) {
  return queryOptions({
    queryKey: ["today", "numbers", set ?? null, day],
    enabled: day !== null && set !== null && set !== undefined,
    queryFn: async ({ signal, client }): Promise<Numbers> => {
      const period = presetRange("this_month", { day: day ?? "", closed: false });
      const before = compareRange(period, "previous", "this_month");
      const compare = before ? `baseline:${before.from}..${before.to}` : null;
      const items = NUMBERS.map((name) => ({
        id: name,
        query: { metrics: [name], by: [], where: [], period, compare },
      }));
      const known = client.getQueriesData<Numbers>({ queryKey: ["today", "numbers"] });
      const last = known.flatMap(([, numbers]) => (numbers ? [numbers.answered] : [])).at(-1);
      const answered = await postFresh(items, last, versions, signal);
      const numbers = [...answered.answers].map(([id, { result }]) => {
        const answer = result ? { result: result as QueryResult } : { refused: true as const };
        return [id, answer] as const;
      });
      return { answered, numbers: new Map(numbers) };
    },
  });
}
