/** The board as numbers: how long deals stand, and where they are after a move. */
import type { Board, BoardColumn, BoardDeal, Stage, StageChange } from "./types";

/** How long a deal has been in its stage, against what the stage expects. */
export type Dwell = { days: number; expected: number | null; sense: "fine" | "near" | "over" };

/** From this share of the expected days on a deal is close to being late. */
const NEAR = 0.8;

export function dwellOf(days: number | null | undefined, expected: number | null): Dwell | null {
  if (days === null || days === undefined) return null;
  if (expected === null) return { days: Math.floor(days), expected, sense: "fine" };
  const sense = days > expected ? "over" : days >= expected * NEAR ? "near" : "fine";
  // Beyond five days it is the sixth: "5 of 5" would look as if it were in time.
  return { days: sense === "over" ? Math.ceil(days) : Math.floor(days), expected, sense };
}

/** The board with a deal in another column, until the server says what it is. */
export function moved(board: Board, id: number, stageId: number): Board {
  const deal = board.columns.flatMap(({ rows }) => rows).find((row) => row.id === id);
  const target = board.columns.find(({ stage }) => stage.id === stageId);
  if (!deal || !target || deal.stage_id === stageId) return board;
  const amount = deal.amount ?? 0;
  return {
    ...board,
    columns: board.columns.map((column) => {
      if (column.stage.id === deal.stage_id) {
        return changed(
          column,
          -1,
          -amount,
          column.rows.filter((row) => row.id !== id),
        );
      }
      if (column.stage.id !== stageId) return column;
      const there: BoardDeal = { ...deal, stage_id: stageId, working_days_in_stage: 0 };
      return changed(column, 1, amount, [there, ...column.rows]);
    }),
  };
}

function changed(
  column: BoardColumn,
  count: number,
  amount: number,
  rows: BoardDeal[],
): BoardColumn {
  const plus = (sum: number | null | undefined, more: number) =>
    sum === null || sum === undefined ? sum : sum + more;
  return {
    ...column,
    rows,
    count: column.count + count,
    amount: plus(column.amount, amount),
    weighted_amount: plus(
      column.weighted_amount,
      Math.round((amount * column.stage.probability) / 10_000),
    ),
  };
}

export type Total = { count: number; amount: number | null; weighted: number | null };

/** What the open columns come to: those before winning. */
export function openTotal(board: Board): Total {
  const open = board.columns.filter(({ stage }) => !stage.after_winning);
  const sum = (pick: (column: BoardColumn) => number | null | undefined) => {
    const known = open.map(pick).filter((value) => value !== null && value !== undefined);
    return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
  };
  return {
    count: open.reduce((total, { count }) => total + count, 0),
    amount: sum(({ amount }) => amount),
    weighted: sum(({ weighted_amount }) => weighted_amount),
  };
}

/** A stay of a deal in a stage. */
export type Visit = { stageId: number; from: string; until: string | null };

/** The stays of a deal, corrections applied, the first first. */
export function visitsOf(changes: StageChange[], endedAt: string | null): Visit[] {
  const moves: StageChange[] = [];
  for (const change of [...changes].sort((a, b) => a.id - b.id)) {
    const corrected = moves.find(({ id }) => id === change.corrects_id);
    if (corrected) {
      corrected.stage_id = change.stage_id;
      corrected.changed_at = change.changed_at;
    } else {
      moves.push({ ...change });
    }
  }
  const visits: Visit[] = [];
  for (const move of moves) {
    const last = visits.at(-1);
    const ends = move.kind === "close" || move.kind === "complete";
    const same = last?.stageId === move.stage_id && last.until === null;
    if (last && last.until === null && (ends || !same)) last.until = move.changed_at;
    if (!ends && !same) visits.push({ stageId: move.stage_id, from: move.changed_at, until: null });
    // Won by its contract: the move that wins it enters the stage after winning by itself.
    if (ends && last && last.stageId !== move.stage_id) {
      visits.push({ stageId: move.stage_id, from: move.changed_at, until: null });
    }
  }
  const open = visits.at(-1);
  if (open && open.until === null && endedAt) open.until = endedAt;
  return visits;
}

const DAY_MS = 86_400_000;

export type StageSpan = {
  stage: Stage;
  visits: number;
  /** Calendar days over all stays, null where it was never there. */
  days: number | null;
  current: boolean;
};

/** All stages of a pipeline with what a deal spent in each. */
export function spansOf(stages: Stage[], visits: Visit[], current: number, now: Date): StageSpan[] {
  return [...stages]
    .sort((a, b) => a.position - b.position)
    .map((stage) => {
      const own = visits.filter(({ stageId }) => stageId === stage.id);
      const spent = own.reduce(
        (sum, { from, until }) =>
          sum + ((until ? Date.parse(until) : now.getTime()) - Date.parse(from)),
        0,
      );
      return {
        stage,
        visits: own.length,
        days: own.length > 0 ? Math.max(0, spent) / DAY_MS : null,
        current: stage.id === current,
      };
    });
}
