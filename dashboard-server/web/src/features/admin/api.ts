/** What administration asks for, and does. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { getFrom, postTo, putTo } from "@/lib/api/client";
import { act, changeRecord, listQuery, type One, type Page, type Rec } from "@/lib/api/records";
import { pathOf } from "@/lib/resources";
import type { Rights } from "@/lib/session";
import type { HandoverRequest } from "./handover";
import type { StageRecord, StageRequest } from "./stages";
import type { Team } from "./teams";

export type User = Rec & {
  username: string;
  name: string;
  role_id: number;
  team_id: number | null;
  manager_id: number | null;
  enabled: boolean;
  on_leave_until: string | null;
  left_on: string | null;
};

export type Role = Rec & {
  code: string;
  name_zh: string;
  name_en: string;
  rights: Rights;
  pool_capacity: number | null;
  daily_claims: number | null;
  discount_limit: number;
};

export type Pipeline = Rec & {
  name_zh: string;
  name_en: string;
  default_pipeline: boolean;
  may_skip: boolean;
  may_move_back: boolean;
};

export type Setting = Rec & { key: string; value: unknown };

export const teamsQuery = listQuery<Team>("team", { limit: 100 });
export const rolesQuery = listQuery<Role>("role", { limit: 100, sort: "id" });
export const pipelinesQuery = listQuery<Pipeline>("pipeline", { limit: 100, sort: "id" });
export const settingsQuery = listQuery<Setting>("setting", { limit: 100 });

/** All people, page by page: who is in which team, who has which role. */
export const everybodyQuery = infiniteQueryOptions({
  queryKey: ["records", "user", "everybody"],
  initialPageParam: null as string | null,
  getNextPageParam: (last: Page<User>) => last.next ?? null,
  queryFn: ({ pageParam, signal }) =>
    getFrom<Page<User>>(pathOf("user"), { limit: 100, cursor: pageParam }, signal),
});

export function stagesQuery(pipelineId: number) {
  return queryOptions(
    listQuery<Rec & StageRecord>("stage", {
      filters: [{ field: "pipeline_id", op: "in", values: [String(pipelineId)] }],
      sort: "position",
      limit: 100,
    }),
  );
}

export type WithPassword = One<User> & { password: string };

export function createUser(values: object, key: string): Promise<WithPassword> {
  return postTo(pathOf("user"), values, { key });
}

export function resetPassword(id: number): Promise<{ password: string }> {
  return act("user", id, "reset-password");
}

export function setEnabled({ id, version }: User, enabled: boolean): Promise<One<User>> {
  return act("user", id, enabled ? "enable" : "disable", {}, { version });
}

export function changeUser(user: User, values: object): Promise<One<User>> {
  return changeRecord<User>("user", user, values);
}

export function saveStages(pipelineId: number, stages: StageRequest[]): Promise<unknown> {
  return putTo(pathOf("pipeline", pipelineId, "stages"), stages);
}

export type Share = {
  user_id: number;
  name: string;
  records: Record<string, number>;
  accounts_held: number;
  capacity: number | null;
};
export type HandoverPlan = {
  from_user_id: number;
  shares: Share[];
  moved: { entity: string; id: number; to_user_id: number }[];
};
export type Handover = Rec & {
  from_user_id: number;
  by_id: number | null;
  at: string;
  reason: string | null;
  moved: { entity: string; id: number; to_user_id: number }[];
};

export function previewHandover(request: HandoverRequest): Promise<HandoverPlan> {
  return postTo(pathOf("handover", undefined, "preview"), request);
}

export function handOver(
  request: HandoverRequest & { reason: string },
  key: string,
): Promise<One<Handover>> {
  return postTo(pathOf("handover"), request, { key });
}
