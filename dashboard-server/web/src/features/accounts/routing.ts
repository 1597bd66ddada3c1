/** Whom a pooled account is routed to, and whether that is for the one who asks. */
import { useQuery } from "@tanstack/react-query";
import { listQuery, type Rec } from "@/lib/api/records";
import { scopeOf, useMe } from "@/lib/session";

export type Team = Rec & { parent_id: number | null };

/** A team, those above it and those below it. */
export function lineOf(teams: Team[], own: number | null): Set<number> {
  const line = new Set<number>();
  const parents = new Map(teams.map(({ id, parent_id }) => [id, parent_id]));
  for (let at = own; at !== null && !line.has(at); at = parents.get(at) ?? null) line.add(at);
  for (const { id } of teams) {
    const path = new Set<number>();
    for (let at: number | null = id; at !== null && !path.has(at); at = parents.get(at) ?? null) {
      path.add(at);
    }
    if (own !== null && path.has(own)) line.add(id);
  }
  return line;
}

const teamsQuery = { ...listQuery<Team>("team", { limit: 100 }), staleTime: 5 * 60_000 };

/** The teams whose accounts one claims; null where it is of no matter, or not known. */
export function useLine(): Set<number> | null {
  const me = useMe();
  const everywhere = scopeOf(me.rights, "account", "claim") === "all";
  const reads = scopeOf(me.rights, "team", "read") !== null;
  const teams = useQuery({ ...teamsQuery, enabled: !everywhere && reads });
  return everywhere || !teams.data ? null : lineOf(teams.data.rows, me.team_id);
}

/** Whether a pooled account can be claimed at once; one that is routed to others is asked for. */
export function useRouted(): (account: { team_id: number | null }) => "here" | "elsewhere" {
  const line = useLine();
  return ({ team_id }) =>
    team_id === null || line === null || line.has(team_id) ? "here" : "elsewhere";
}
