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
export type SuccessManager = Schemas["SuccessManager"];
export type Appointment = Schemas["Appointment"];

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
  /** Those who look after the accounts, by id or name. */
  manager: string[];
};

/** The conditions of a choice; those of the statuses can be left out. */
export function conditionsOf(chosen: Chosen, withStatus = true): Condition[] {
  const all: [string, string[]][] = [
    ["health_status", withStatus ? chosen.status : []],
    ["value_tier", chosen.tier],
    ["region", chosen.region],
    ["owner", chosen.owner],
    ["success_manager", chosen.manager],
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

/** Who may look after customers, and whether one chooses them. */
export const managersQuery = queryOptions({
  queryKey: ["records", "account", "success-managers"],
  queryFn: ({ signal }) => get("/api/health/success-managers", {}, signal),
  staleTime: 30_000,
});

/** Who looks after an account, and who did. */
export function appointedQuery(account: string) {
  return queryOptions({
    queryKey: ["records", "account", "success-manager", account],
    queryFn: ({ signal }) => get("/api/health/success-manager", { account }, signal),
  });
}

/** Gives accounts to a success manager; what became of each. */
export function appoint(accounts: string[], user_id: number | null) {
  return postTo<Schemas["Appointing"]>("/api/health/success-managers", { accounts, user_id });
}

/** What one is told of falls and has not done yet. */
export function noticesQuery(user: number) {
  return listQuery("todo", {
    filters: [
      { field: "source", op: "in", values: ["health"] },
      { field: "state", op: "in", values: ["open", "snoozed"] },
      { field: "owner_id", op: "in", values: [String(user)] },
    ],
    sort: "id",
    limit: 100,
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
