/** Targets as a grid: whom down, periods across. */
import type { Metric } from "@/lib/api/types";
import { typedNumber } from "@/lib/numberInput";
import { type Rights, scopeOf } from "@/lib/session";
import type { Person, Target, Team } from "./api";

export type PeriodGrain = "month" | "quarter" | "year";
export type Whom =
  | { kind: "company" }
  | { kind: "team"; id: number }
  | { kind: "person"; id: number };

export type Line = { key: string; whom: Whom; name: string | null; depth: number };
export type Column = { grain: PeriodGrain; startsOn: string; label: string };

/** The metrics that firms set targets for first. */
export const USUAL = [
  "won_amount",
  "order_amount",
  "opportunities_won",
  "win_rate",
  "collection_rate",
];

/** The metrics that can have a target, the usual ones first. */
export function targetable(metrics: Metric[]): Metric[] {
  const place = ({ name }: Metric) => {
    const index = USUAL.indexOf(name);
    return index < 0 ? USUAL.length : index;
  };
  return metrics
    .filter(({ direction, kind }) => direction !== "none" && kind !== "derived")
    .sort((a, b) => place(a) - place(b));
}

export function keyOf(whom: Whom): string {
  return whom.kind === "company" ? "company" : `${whom.kind}-${whom.id}`;
}

export function whomOf({ team_id, user_id }: Target): Whom {
  if (team_id !== null && team_id !== undefined) return { kind: "team", id: team_id };
  if (user_id !== null && user_id !== undefined) return { kind: "person", id: user_id };
  return { kind: "company" };
}

const pad = (month: number) => String(month).padStart(2, "0");

/** The months or quarters of a year. */
export function columnsOf(year: number, grain: "month" | "quarter"): Column[] {
  const step = grain === "month" ? 1 : 3;
  return Array.from({ length: 12 / step }, (_, index) => {
    const startsOn = `${year}-${pad(index * step + 1)}-01`;
    return { grain, startsOn, label: grain === "month" ? pad(index + 1) : `Q${index + 1}` };
  });
}

export function yearColumn(year: number): Column {
  return { grain: "year", startsOn: `${year}-01-01`, label: String(year) };
}

/** The periods that a longer one is made of. */
function partsOf({ grain, startsOn }: Column): Column[] {
  const year = Number(startsOn.slice(0, 4));
  if (grain === "year") return columnsOf(year, "quarter");
  if (grain === "month") return [];
  const first = Number(startsOn.slice(5, 7));
  return columnsOf(year, "month").slice(first - 1, first + 2);
}

/** Who reaches whom: as the server has it, who refuses the rest. */
export type Setter = {
  rights: Rights;
  userId: number;
  teamId: number | null;
  teams: Team[];
  people: Person[];
};

/** A team and all below it. */
function treeOf(teamId: number | null, teams: Team[]): Set<number> {
  const found = new Set<number>();
  const walk = (id: number) => {
    if (found.has(id)) return;
    found.add(id);
    for (const team of teams) if (team.parent_id === id) walk(team.id);
  };
  if (teamId !== null) walk(teamId);
  return found;
}

export function maySet(
  setter: Setter,
  action: "create" | "update" | "delete",
  whom: Whom,
): boolean {
  const scope = scopeOf(setter.rights, "target", action);
  if (scope === null) return false;
  if (scope === "all") return true;
  const reached =
    scope === "team_tree"
      ? treeOf(setter.teamId, setter.teams)
      : new Set(scope === "team" && setter.teamId !== null ? [setter.teamId] : []);
  if (whom.kind === "company") return false;
  if (whom.kind === "team") return reached.has(whom.id);
  if (whom.id === setter.userId) return true;
  const team = setter.people.find(({ id }) => id === whom.id)?.team_id ?? null;
  return team !== null && reached.has(team);
}

/**
 * The rows: the company, the teams in their tree, each with its people under it; those that have a
 * target, and with `all` those too that may be given one.
 */
export function linesOf(setter: Setter, targets: Target[], all: boolean): Line[] {
  const has = new Set(targets.map((target) => keyOf(whomOf(target))));
  const shown = (whom: Whom) => has.has(keyOf(whom)) || (all && maySet(setter, "create", whom));
  const lines: Line[] = [{ key: "company", whom: { kind: "company" }, name: null, depth: 0 }];
  const placed = new Set<number>();
  const persons = (teamId: number | null, depth: number) => {
    for (const person of setter.people) {
      const whom: Whom = { kind: "person", id: person.id };
      const there = person.enabled || has.has(keyOf(whom));
      if ((person.team_id ?? null) !== teamId || !there || !shown(whom)) continue;
      lines.push({ key: keyOf(whom), whom, name: person.name, depth });
    }
  };
  const known = new Set(setter.teams.map(({ id }) => id));
  const walk = (team: Team, depth: number) => {
    if (placed.has(team.id)) return;
    placed.add(team.id);
    const whom: Whom = { kind: "team", id: team.id };
    const own = shown(whom);
    if (own) lines.push({ key: keyOf(whom), whom, name: team.name, depth });
    const next = own ? depth + 1 : depth;
    persons(team.id, next);
    for (const below of setter.teams) if (below.parent_id === team.id) walk(below, next);
  };
  for (const team of setter.teams) {
    if (team.parent_id === null || team.parent_id === undefined || !known.has(team.parent_id)) {
      walk(team, 1);
    }
  }
  for (const team of setter.teams) walk(team, 1);
  persons(null, 1);
  return lines;
}

/** What stands in a cell: a target, or the sum of those of its parts. */
export type Held = { parts: number; summed: boolean; target: Target | null };

export type Book = Map<string, Target>;

const at = (whom: string, { grain, startsOn }: Column) => `${whom} ${grain} ${startsOn}`;

export function bookOf(targets: Target[]): Book {
  return new Map(
    targets.map((target) => [
      at(keyOf(whomOf(target)), { grain: target.grain, startsOn: target.starts_on, label: "" }),
      target,
    ]),
  );
}

function partsOfTarget(target: Target): number | null {
  return target.amount ?? target.value ?? null;
}

/**
 * The target of whom in a period; where there is none and the metric adds up, the sum of those of
 * all its parts.
 */
export function held(book: Book, whom: string, column: Column, addsUp: boolean): Held | null {
  const target = book.get(at(whom, column)) ?? null;
  const own = target && partsOfTarget(target);
  if (target && own !== null) return { parts: own, summed: false, target };
  const parts = partsOf(column);
  if (!addsUp || parts.length === 0) return null;
  let sum = 0;
  for (const part of parts) {
    const found = held(book, whom, part, addsUp);
    if (!found) return null;
    sum += found.parts;
  }
  return { parts: sum, summed: true, target: null };
}

/** Whether the targets of the months of a year make that of the year. */
export function addsUp(metric: Metric): boolean {
  const simple = metric.kind === "simple" && /^(count|sum)\(/.test(metric.formula);
  return simple && metric.time_role !== "snapshot" && !/^count\(DISTINCT/.test(metric.formula);
}

/** How many parts the unit of a metric has. */
export function partsIn(unit: string | null | undefined): number {
  switch (unit) {
    case "amount":
      return 100;
    case "ratio":
      return 10_000;
    case "count":
      return 1;
    default:
      return 1000;
  }
}

/** A value as it is typed again: shares in percent, amounts in yuan. */
export function typed(parts: number, unit: string | null | undefined): string {
  const number = unit === "ratio" ? parts / 100 : parts / partsIn(unit);
  return String(Number(number.toFixed(3)));
}

/**
 * What was typed, in parts of the unit: null for nothing, undefined for what is no value of it.
 * "35" and "35%" are the same share; "120万" is an amount.
 */
export function readTyped(
  text: string,
  unit: string | null | undefined,
): number | null | undefined {
  const bare = text.trim();
  if (bare === "") return null;
  const number = typedNumber(unit === "ratio" ? bare.replace(/[%％]\s*$/, "") : bare);
  if (number === "" || !Number.isFinite(number) || number < 0) return undefined;
  const parts = number * (unit === "ratio" ? 100 : partsIn(unit));
  const whole = Math.round(parts);
  // finer than the unit is not rounded
  return Math.abs(parts - whole) > 1e-6 * Math.max(1, whole) ? undefined : whole;
}
