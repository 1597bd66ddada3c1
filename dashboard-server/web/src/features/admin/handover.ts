/** By which rule successors are chosen, while it is put together. */

export type HandoverKind = "round_robin" | "region" | "team" | "accounts";

/** Who may take over: those who can sign in. */
export const AT_WORK = [{ field: "enabled", op: "in" as const, values: ["true"] }];

export type Heir = { key: string; of: string | number | null; userId: number | null };

export type HandoverDraft = {
  fromUserId: number | null;
  kind: HandoverKind;
  successors: number[];
  heirs: Heir[];
  otherwise: number | null;
};

export type HandoverRule =
  | { by: "round_robin"; successors: number[] }
  | { by: "region"; regions: Record<string, number>; otherwise: number }
  | { by: "team"; teams: { of: number; user_id: number }[]; otherwise: number }
  | { by: "accounts"; accounts: { of: number; user_id: number }[]; otherwise: number };

export type HandoverRequest = { from_user_id: number; rule: HandoverRule };

export const noHandover: HandoverDraft = {
  fromUserId: null,
  kind: "round_robin",
  successors: [],
  heirs: [],
  otherwise: null,
};

/** What is sent; null until it says who hands over to whom. */
export function handoverRequest(draft: HandoverDraft): HandoverRequest | null {
  const { fromUserId, kind, successors, heirs, otherwise } = draft;
  if (fromUserId === null) return null;
  if (kind === "round_robin") {
    return successors.length === 0
      ? null
      : { from_user_id: fromUserId, rule: { by: kind, successors } };
  }
  if (otherwise === null) return null;
  const complete = heirs.filter(
    (heir): heir is Heir & { of: string | number; userId: number } =>
      heir.of !== null && heir.of !== "" && heir.userId !== null,
  );
  if (kind === "region") {
    const regions = Object.fromEntries(
      complete.map(({ of, userId }) => [String(of).trim(), userId]),
    );
    return { from_user_id: fromUserId, rule: { by: kind, regions, otherwise } };
  }
  const list = complete.map(({ of, userId }) => ({ of: Number(of), user_id: userId }));
  return kind === "team"
    ? { from_user_id: fromUserId, rule: { by: kind, teams: list, otherwise } }
    : { from_user_id: fromUserId, rule: { by: kind, accounts: list, otherwise } };
}

/** How many records of each kind went. */
export function counted(moved: { entity: string }[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { entity } of moved) counts.set(entity, (counts.get(entity) ?? 0) + 1);
  return [...counts];
}
