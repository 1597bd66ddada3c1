/** Who is signed in, and what they may do. */
import { queryOptions } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import { deleteAt, getFrom, postTo, putTo, setCsrfToken } from "./api/client";
import type { Lang } from "./format";

export type Action = "create" | "read" | "update" | "delete" | "export" | "claim" | "assign";
export type Scope = "own" | "team" | "team_tree" | "all";
export type Grant = { actions: Action[]; scope: Scope };
export type Rights = { grants: Record<string, Grant | undefined>; visibility: string[] };

export type Me = {
  user_id: number;
  username: string;
  name: string;
  role: { code: string; name_zh: string; name_en: string };
  team_id: number | null;
  team: string | null;
  language: Lang;
  rights: Rights;
  pool_capacity: number | null;
  daily_claims: number | null;
  must_change_password: boolean;
  csrf_token: string | null;
  expires_at: string | null;
  company: { name: string | null; zone: string; currency: string };
};

function entered(me: Me): Me {
  setCsrfToken(me.csrf_token);
  return me;
}

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ signal }) => entered(await getFrom<Me>("/api/session", {}, signal)),
  staleTime: 5 * 60_000,
});

export async function signIn(username: string, password: string): Promise<Me> {
  return entered(await postTo<Me>("/api/session", { username, password }));
}

export async function signOut(everywhere: boolean): Promise<void> {
  await deleteAt(everywhere ? "/api/sessions" : "/api/session");
  setCsrfToken(null);
}

export async function changePassword(old: string, password: string): Promise<void> {
  await putTo("/api/password", { old, new: password });
}

/** On whose records an action may be done, null where it may not be done at all. */
export function scopeOf(rights: Rights, entity: string, action: Action): Scope | null {
  const grant = rights.grants[entity] ?? rights.grants["*"];
  return grant?.actions.includes(action) ? grant.scope : null;
}

export const SessionContext = createContext<Me | null>(null);

/** The one who is signed in; pages are shown to nobody else. */
export function useMe(): Me {
  const me = useContext(SessionContext);
  if (!me) throw new Error("this page needs a session");
  return me;
}

/** Whether the one who is signed in may do that on some records. */
export function useMay(): (entity: string, action: Action) => boolean {
  const { rights } = useMe();
  return (entity, action) => scopeOf(rights, entity, action) !== null;
}

/** Whether the one who is signed in sees amounts. */
export function useSeesAmounts(): boolean {
  return useMe().rights.visibility.includes("amounts");
}

/** Whether the one who is signed in looks after others, and so sees numbers of a team first. */
export function leads({ rights }: Me): boolean {
  const scope = scopeOf(rights, "opportunity", "read");
  return scope !== null && scope !== "own";
}
