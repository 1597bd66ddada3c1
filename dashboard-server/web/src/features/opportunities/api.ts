/** What the pages of deals ask for, and do. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { getFrom, type Sending } from "@/lib/api/client";
import { act, type Filter, listQuery, type One, type Page, writeFilter } from "@/lib/api/records";
import type { Missing } from "@/lib/problem";
import { pathOf } from "@/lib/resources";
import type { Board, Opportunity, Pipeline, Stage, StageChange } from "./types";

export type BoardQuery = {
  pipelineId: number | null;
  mine: boolean;
  search: string;
  filters: Filter[];
  perColumn: number;
};

function boardParameters({ pipelineId, mine, search, filters, perColumn }: BoardQuery) {
  return {
    pipeline_id: pipelineId,
    view: mine ? "mine" : null,
    search,
    filter: filters.map(writeFilter),
    per_column: perColumn,
  };
}

/** The open deals by stage, and the won ones that are not completed. */
export function boardQuery(query: BoardQuery) {
  const { pipelineId, mine, search, filters, perColumn } = query;
  return queryOptions({
    queryKey: ["records", "opportunity", "board", pipelineId, mine, search, filters, perColumn],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      getFrom<Board>("/api/opportunities/board", boardParameters(query), signal),
  });
}

/** The cards of a column behind those of the board, from its cursor on, part by part. */
export function columnQuery(query: BoardQuery, stageId: number, cursor: string | null | undefined) {
  return infiniteQueryOptions({
    queryKey: ["records", "opportunity", "column", query, stageId, cursor],
    initialPageParam: cursor ?? null,
    getNextPageParam: (last: Board) => last.columns[0]?.next ?? null,
    queryFn: ({ pageParam, signal }) =>
      getFrom<Board>(
        "/api/opportunities/board",
        { ...boardParameters(query), stage_id: stageId, cursor: pageParam },
        signal,
      ),
  });
}

export const pipelinesQuery = queryOptions({
  ...listQuery<Pipeline>("pipeline", { limit: 100 }),
  staleTime: 5 * 60_000,
});

export function stagesQuery(pipelineId: number) {
  return queryOptions({
    ...listQuery<Stage>("stage", {
      filters: [{ field: "pipeline_id", op: "in", values: [String(pipelineId)] }],
      sort: "position",
      limit: 100,
    }),
    staleTime: 5 * 60_000,
  });
}

/** What a move to the stage would lack. */
export function missingQuery(opportunityId: number, stageId: number) {
  return queryOptions({
    queryKey: ["records", "opportunity", "missing", opportunityId, stageId],
    queryFn: ({ signal }) =>
      getFrom<{ missing: Missing[] }>(
        pathOf("opportunity", opportunityId, "missing"),
        { stage_id: stageId },
        signal,
      ),
    staleTime: 0,
  });
}

/** Open deals that nothing moved for long, proposed as shelved. */
export const idleQuery = queryOptions({
  queryKey: ["records", "opportunity", "idle"],
  queryFn: ({ signal }) =>
    getFrom<Page<Opportunity>>("/api/opportunities/idle", { limit: 100 }, signal),
});

export function stageChangesQuery(opportunityId: number) {
  return listQuery<StageChange>("stage_change", {
    filters: [{ field: "opportunity_id", op: "in", values: [String(opportunityId)] }],
    sort: "id",
    limit: 100,
  });
}

type Target = { id: number; version?: number };
type Done = One<Opportunity>;

const guarded = ({ version }: Target): Sending => (version === undefined ? {} : { version });

export function moveDeal(deal: Target, stageId: number, overrideReason?: string): Promise<Done> {
  const body = {
    stage_id: stageId,
    ...(overrideReason ? { override_reason: overrideReason } : {}),
  };
  return act<Done>("opportunity", deal.id, "move", body, guarded(deal));
}

export type EndRequest = {
  end: "lost" | "shelved" | "invalid" | "duplicate";
  reason?: string;
  competitor?: string;
  lost_amount?: number;
  duplicate_of_id?: number;
};

export function endDeal(deal: Target, request: EndRequest): Promise<Done> {
  return act<Done>("opportunity", deal.id, "end", request, guarded(deal));
}

export function reopenDeal(deal: Target, reason: string): Promise<Done> {
  return act<Done>("opportunity", deal.id, "reopen", reason ? { reason } : {}, guarded(deal));
}

export function completeDeal(deal: Target): Promise<Done> {
  return act<Done>("opportunity", deal.id, "complete", {}, guarded(deal));
}

export function shelveIdle(deal: Target): Promise<Done> {
  return act<Done>("opportunity", deal.id, "shelve-idle");
}

export function claimLead(deal: Target): Promise<Done> {
  return act<Done>("opportunity", deal.id, "claim", {}, guarded(deal));
}

export function releaseLead(deal: Target, reason: string): Promise<Done> {
  return act<Done>("opportunity", deal.id, "release", { reason }, guarded(deal));
}

export function assignDeal(deal: Target, userId: number, reason: string): Promise<Done> {
  return act<Done>("opportunity", deal.id, "assign", { user_id: userId, reason }, guarded(deal));
}
