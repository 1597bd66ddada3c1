/** What the page of targets asks for, and does. */
import { queryOptions } from "@tanstack/react-query";
import { getFile, upload } from "@/lib/api/client";
import { allOf, changeRecord, createRecord, type Rec, removeRecord } from "@/lib/api/records";
import type { components } from "@/lib/api/schema";
import type { Lang } from "@/lib/format";
import { pathOf } from "@/lib/resources";
import type { PeriodGrain, Whom } from "./grid";

export type Target = Rec & {
  metric: string;
  grain: PeriodGrain;
  starts_on: string;
  team_id: number | null;
  user_id: number | null;
  amount?: number | null;
  value?: number | null;
};

export type Team = Rec & { name: string; parent_id: number | null };
export type Person = Rec & { name: string; team_id: number | null; enabled: boolean };
export type TargetPlan = components["schemas"]["TargetPlan"];

/** The targets of a metric in a year that the caller sees. */
export function targetsQuery(metric: string | null, year: number) {
  return queryOptions({
    queryKey: ["records", "target", "year", metric, year],
    enabled: metric !== null,
    queryFn: async ({ signal }) => {
      const filters = [
        { field: "metric", op: "in" as const, values: [metric ?? ""] },
        { field: "starts_on", op: "at_least" as const, values: [`${year}-01-01`] },
        { field: "starts_on", op: "at_most" as const, values: [`${year}-12-31`] },
      ];
      return (await allOf<Target>("target", { filters }, signal)).rows;
    },
  });
}

export const teamsQuery = queryOptions({
  queryKey: ["records", "team", "of-targets"],
  queryFn: async ({ signal }) => (await allOf<Team>("team", { sort: "id" }, signal)).rows,
});

export const peopleQuery = queryOptions({
  queryKey: ["records", "user", "of-targets"],
  queryFn: async ({ signal }) => (await allOf<Person>("user", { sort: "id" }, signal)).rows,
});

export type Place = { metric: string; grain: PeriodGrain; startsOn: string; whom: Whom };

/** Sets a target: adds it, changes it, or with nothing takes it away. */
export async function setTarget(
  place: Place,
  standing: Target | null,
  parts: number | null,
  isAmount: boolean,
): Promise<void> {
  const value = isAmount ? { amount: parts } : { value: parts };
  if (standing && parts === null) {
    await removeRecord("target", standing);
  } else if (standing) {
    await changeRecord("target", standing, value);
  } else if (parts !== null) {
    const { metric, grain, startsOn, whom } = place;
    await createRecord(
      "target",
      {
        metric,
        grain,
        starts_on: startsOn,
        ...(whom.kind === "team" ? { team_id: whom.id } : {}),
        ...(whom.kind === "person" ? { user_id: whom.id } : {}),
        ...value,
      },
      crypto.randomUUID(),
    );
  }
}

export function templateFile(year: number, lang: Lang) {
  return getFile(pathOf("target", undefined, "template"), { year, lang }, `targets-${year}.xlsx`);
}

/** What a sheet changes, or with `dryRun` would change. */
export function importSheet(file: File, dryRun: boolean): Promise<TargetPlan> {
  const form = new FormData();
  form.set("dry_run", String(dryRun));
  form.set("file", file);
  return upload<TargetPlan>(pathOf("target", undefined, "import"), form);
}
