/** Teams as a tree. */
import type { Rec } from "@/lib/api/records";

export type Team = Rec & {
  name: string;
  parent_id: number | null;
  leader_id: number | null;
  region: string | null;
};

export type Branch = { team: Team; depth: number; below: number };

/** The teams in the order of their tree, each under the one above it; those above none first. */
export function branches(teams: Team[]): Branch[] {
  const known = new Set(teams.map(({ id }) => id));
  const placed = new Set<number>();
  const found: Branch[] = [];
  const walk = (team: Team, depth: number): number => {
    if (placed.has(team.id)) return 0;
    placed.add(team.id);
    const branch: Branch = { team, depth, below: 0 };
    found.push(branch);
    for (const child of under(team.id)) branch.below += 1 + walk(child, depth + 1);
    return branch.below;
  };
  const under = (parent: number | null): Team[] =>
    teams
      .filter((team) =>
        parent === null
          ? team.parent_id === null || !known.has(team.parent_id)
          : team.parent_id === parent,
      )
      .sort((a, b) => a.name.localeCompare(b.name, "zh"));
  for (const root of under(null)) walk(root, 0);
  // What hangs in a circle is shown all the same.
  for (const team of teams) walk(team, 0);
  return found;
}
