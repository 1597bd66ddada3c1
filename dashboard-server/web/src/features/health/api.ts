import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { get, postBatch, postDrill, postTo } from "@/lib/api/client";
import { listQuery, type One } from "@/lib/api/records";
import type { components } from "@/lib/api/schema";
import type { Condition, DrillResult, QueryResult, Row } from "@/lib/api/types";

type Schemas = components["schemas"];

export type Scoring = Omit<Schemas["Scoring"], "scored"> & { scored: Row };
export type Standing = Omit<Schemas["StandingOfAccount"], "now" | "before"> & {
  now: Scoring;
  before?: Scoring | null;
};
export type Proof = Schemas["Proof"];
export type Score = Schemas["ScoreOfAccount"];
export type Rules = Schemas["RulesInForce"];
export type Group = Schemas["AccountGroup"];

export const STATUSES = ["red", "yellow", "green", "unrated"] as const;
export type HealthStatus = (typeof STATUSES)[number];
export const TIERS = ["A", "B", "C"] as const;

const PAGE = 50;
const METRIC = "accounts_scored";

export type Chosen = {
  status: HealthStatus[];
  tier: string[];
  region: string[];
  owner: string[];
};

/** The conditions of a choice; those of the statuses can be left out. */
export function conditionsOf(chosen: Chosen, withStatus = true): Condition[] {
  const all: [string, string[]][] = [
    ["health_status", withStatus ? chosen.status : []],
    ["value_tier", chosen.tier],
    ["region", chosen.region],
    ["owner", chosen.owner],
  ];
  return all
    .filter(([, values]) => values.length > 0)
    .map(([dimension, values]) => ({ dimension, op: "in", values }));
}

/** How many accounts have each status, and what is at risk with them, if amounts are seen. */
export function statusesQuery(chosen: Chosen, amounts: boolean, set: number | null | undefined) {
  const where = conditionsOf(chosen, false);
  const metrics = amounts ? [METRIC, "amount_at_risk"] : [METRIC];
  return queryOptions({
    queryKey: ["health", "statuses", set ?? null, where, metrics],
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }): Promise<QueryResult> => {
      const query = { metrics, by: ["health_status"], where };
      const answers = await postBatch([{ id: "statuses", query }], signal);
      const answer = answers.get("statuses");
      return answer?.result as QueryResult;
    },
  });
}

/** The accounts, page by page. */
export function rankingQuery(chosen: Chosen, order: string, set: number | null | undefined) {
  const where = conditionsOf(chosen);
  return infiniteQueryOptions({
    queryKey: ["health", "ranking", set ?? null, where, order],
    placeholderData: keepPreviousData,
    initialPageParam: null as string | null,
    getNextPageParam: (last: DrillResult) => last.next_cursor ?? null,
    queryFn: ({ pageParam, signal }) =>
      postDrill(
        { query: { metrics: [METRIC], where }, order, cursor: pageParam, limit: PAGE },
        signal,
      ),
  });
}

/** How one account stands, by its id or name. */
export function standingQuery(account: string, set: number | null | undefined) {
  return queryOptions({
    queryKey: ["health", "standing", set ?? null, account],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }): Promise<Standing> =>
      get("/api/health/account", { account }, signal) as Promise<Standing>,
  });
}

/** Whether the scores held in the past. It takes the server a while. */
export function proofsQuery(set: number | null | undefined) {
  return queryOptions({
    queryKey: ["health", "proofs", set ?? null],
    queryFn: ({ signal }) => get("/api/health/backtest", {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** The models behind the kept scores, the latest scoring first. */
export function modelsQuery(set: number | null | undefined) {
  return queryOptions({
    queryKey: ["health", "models", set ?? null],
    queryFn: ({ signal }) => get("/api/health/models", {}, signal),
  });
}

/** How groups of companies stand. */
export function groupsQuery(set: number | null | undefined) {
  return queryOptions({
    queryKey: ["health", "groups", set ?? null],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => get("/api/health/groups", {}, signal),
  });
}

/** The rules that customers are scored by. */
export const rulesQuery = queryOptions({
  queryKey: ["records", "health", "rules"],
  queryFn: ({ signal }) => get("/api/health/rules", {}, signal),
});

/** Who would stand otherwise by other rules; the answer before stays until the next. */
export function previewQuery(rules: Rules | null, set: number | null | undefined) {
  return queryOptions({
    queryKey: ["health", "preview", set ?? null, rules],
    enabled: rules !== null,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      postTo<Schemas["RulesPreview"]>("/api/health/preview", { rules }, { signal }),
  });
}

/** Makes a to-do of a step. */
export function takeStep(account: string, factor: string) {
  return postTo<One>("/api/health/steps", { account, factor });
}

/** To-dos that were made because of scores, the latest first. */
export const takenQuery = listQuery("todo", {
  filters: [{ field: "source", op: "in", values: ["health"] }],
  sort: "-id",
  limit: 100,
});

/** How some accounts stand now, by their numbers. */
export function scoresQuery(accounts: string[], set: number | null | undefined) {
  return queryOptions({
    queryKey: ["health", "scores", set ?? null, accounts],
    enabled: accounts.length > 0,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => get("/api/health/scores", { accounts: accounts.join(",") }, signal),
  });
}
