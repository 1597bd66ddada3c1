import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { type Answered, postFresh, type Versions } from "@/lib/api/fresh";
import type { BatchItem, Condition, Problem, Query, QueryResult } from "@/lib/api/types";
import type { Grain, Range } from "@/lib/period";

/** The tiles of the page, in order. */
export const TILES = [
  "won_amount",
  "win_rate",
  "conversion_cycle_median",
  "quote_acceptance_rate",
  "order_amount",
];

/** What the stage strip counts: visits by leaving and by entering, those open, those stalled. */
export const STAGE = {
  out: "dwell_median",
  in: "dwell_km_median",
  open: "open_age_median",
  stalled: "stalled_count",
} as const;

/** Members of a leaderboard before "show more", and after. */
export const TOP = 10;
const ALL = 200;

export type BoardQuestion = {
  tiles: string[];
  /** The metric of trend and leaderboard. */
  metric: string;
  by: string | null;
  where: Condition[];
  range: Range;
  compared: Range | null;
  /** The whole month, quarter or year whose targets stand beside the tiles; null without one. */
  whole: Range | null;
  grain: Grain;
  more: boolean;
  stages: boolean;
  /** The moment that the data are looked at; null for now. */
  asOf: string | null;
};

export type Answer =
  | { result: QueryResult; problem?: undefined }
  | { result?: undefined; problem: Problem };

export type Board = {
  question: BoardQuestion;
  answered: Answered;
  tiles: Map<string, Answer>;
  targets: Map<string, TargetMark>;
  before: Answer | null;
  leaderboard: Answer | null;
  stages: Answer | null;
  stagesNow: Answer | null;
  stagesStalled: Answer | null;
};

/** The target of a number, and how the number stands to it. */
export type TargetMark = {
  period: string;
  target: number;
  summed: boolean;
  attainment: number | null;
  met: boolean;
  working_days?: number;
  working_days_passed?: number;
  target_by_now?: number;
};

function marksOf(answer: Answer | null): Map<string, TargetMark> {
  const marked = answer?.result as { targets?: { total: Record<string, TargetMark> } } | undefined;
  return new Map(Object.entries(marked?.targets?.total ?? {}));
}

/** The whole page as one batch. */
export function boardItems(question: BoardQuestion): BatchItem[] {
  const { where, range, compared, grain, metric, by, asOf } = question;
  const compare = compared ? `baseline:${compared.from}..${compared.to}` : null;
  const base: Query = { metrics: [metric], by: [], where, period: range, compare, as_of: asOf };
  const items: BatchItem[] = [...new Set([...question.tiles, metric])].map((name) => ({
    id: `tile.${name}`,
    query: { ...base, metrics: [name], by: [grain] },
  }));
  if (question.whole) {
    // of the whole period, also where it runs: targets are of whole ones
    items.push({
      id: "targets",
      query: { ...base, metrics: question.tiles, period: question.whole, compare: null },
    });
  }
  if (compared) {
    items.push({ id: "before", query: { ...base, by: [grain], period: compared, compare: null } });
  }
  if (by) {
    const limit = question.more ? ALL : TOP;
    // Its own dimension does not filter it, so that others of its members can be added.
    const others = where.filter((condition) => condition.dimension !== by);
    items.push({
      id: "leaderboard",
      query: { ...base, by: [by], where: others, order: metric, limit },
    });
  }
  if (question.stages) {
    const ofStages = { ...base, by: ["stage"] };
    items.push({ id: "stages", query: { ...ofStages, metrics: [STAGE.out] } });
    const now = (id: string, metrics: string[]) =>
      items.push({ id, query: { ...ofStages, metrics, compare: null } });
    now("stages.now", [STAGE.in, STAGE.open]);
    now("stages.stalled", [STAGE.stalled]);
  }
  return items;
}

/**
 * The page of numbers from one published set. The numbers before stay until these are there, and
 * those whose tables are the same stay for good.
 */
export function boardQuery(
  question: BoardQuestion | null,
  set: number | null | undefined,
  versions: Versions | undefined,
) {
  return queryOptions({
    queryKey: ["board", set ?? null, question],
    enabled: question !== null,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal, client }): Promise<Board> => {
      if (!question) throw new Error("there is no question yet");
      const boards = client.getQueriesData<Board>({ queryKey: ["board"] });
      const known = boards.map(([, board]) => board?.answered).filter((one) => one !== undefined);
      const answered = await postFresh(boardItems(question), known.at(-1), versions, signal);
      const { answers } = answered;
      const answer = (id: string) => (answers.get(id) as Answer | undefined) ?? null;
      const tiles = new Map<string, Answer>();
      for (const name of [...question.tiles, question.metric]) {
        const found = answer(`tile.${name}`);
        if (found) tiles.set(name, found);
      }
      return {
        question,
        answered,
        tiles,
        targets: marksOf(answer("targets")),
        before: answer("before"),
        leaderboard: answer("leaderboard"),
        stages: answer("stages"),
        stagesNow: answer("stages.now"),
        stagesStalled: answer("stages.stalled"),
      };
    },
  });
}
