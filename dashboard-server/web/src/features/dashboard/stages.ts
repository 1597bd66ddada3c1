import type { Row } from "@/lib/api/types";
import { numberOf } from "@/lib/format";
import { AFTER_WINNING, ENDS, STAGES } from "@/lib/numbers";
import { STAGE } from "./api/board";

export type StageRow = {
  stage: string | null;
  /** Hours of a finished visit, and in the compared period; null where none was finished. */
  median: number | null;
  before: number | null;
  /** Visits that began and that ended in the period; null where the count cannot be had. */
  entered: number | null;
  left: number;
  /** Visits open now, and those that have stayed too long. */
  open: number | null;
  stalled: number | null;
};

/**
 * The whole pipeline in its order, also where nothing happened in a stage, then stages of other
 * systems by how often they are visited. Ends of a deal are no stages that time passes in.
 */
export function stageRows(
  finished: Row[],
  now: Row[] | undefined,
  stalled: Row[] | undefined,
): StageRow[] {
  const key = (row: Row) =>
    row.stage === null || row.stage === undefined ? "" : String(row.stage);
  const byStage = (rows: Row[] = []) => new Map(rows.map((row) => [key(row), row]));
  const [ended, present, stuck] = [byStage(finished), byStage(now), byStage(stalled)];
  const rowOf = (stage: string): StageRow => {
    const end = ended.get(stage);
    const count = (rows: Row[] | undefined, row: Row | undefined, name: string) =>
      rows ? (numberOf(row?.[name]) ?? 0) : null;
    return {
      stage: stage || null,
      median: numberOf(end?.[STAGE.out]),
      before: numberOf(end?.[`${STAGE.out}_before`]),
      left: numberOf(end?.[`${STAGE.out}_n`]) ?? 0,
      entered: count(now, present.get(stage), `${STAGE.in}_n`),
      open: count(now, present.get(stage), `${STAGE.open}_n`),
      stalled: count(stalled, stuck.get(stage), STAGE.stalled),
    };
  };
  const rows = [...new Set([...ended.keys(), ...present.keys()])].map(rowOf);
  const busy = rows.filter(
    ({ stage, left, entered, open }) =>
      left + (entered ?? 0) + (open ?? 0) > 0 && !(ENDS as readonly unknown[]).includes(stage),
  );
  const known = busy.some(({ stage }) => (STAGES as readonly unknown[]).includes(stage));
  if (!known) return busy.sort(byVisits);
  return [
    ...STAGES.map(rowOf),
    ...busy.filter(({ stage }) => !(STAGES as readonly unknown[]).includes(stage)).sort(byVisits),
  ];
}

function byVisits(a: StageRow, b: StageRow): number {
  return b.left + (b.entered ?? 0) - (a.left + (a.entered ?? 0));
}

/** The stage before winning where finished visits took longest, of those with enough of them. */
export function slowest(rows: StageRow[], enough: number): StageRow | null {
  const fit = rows.filter(({ stage, left }) => stage !== AFTER_WINNING && left >= enough);
  if (fit.length < 2) return null;
  return fit.reduce((most, row) => ((row.median ?? 0) > (most.median ?? 0) ? row : most));
}
