import { expect, test } from "vitest";
import { dwellOf, moved, openTotal, spansOf, visitsOf } from "./board";
import type { Board, BoardDeal, Stage, StageChange } from "./types";

const stage = (id: number, extra: Partial<Stage> = {}): Stage => ({
  id,
  version: 1,
  pipeline_id: 1,
  code: `s${id}`,
  name_zh: `阶段${id}`,
  name_en: `Stage ${id}`,
  position: id,
  expected_days: 5,
  probability: id * 1_000,
  entry_criteria: [],
  exit_criteria: [],
  terminal: false,
  after_winning: false,
  ...extra,
});
const deal = (id: number, stageId: number, amount?: number): BoardDeal =>
  ({ id, version: 1, stage_id: stageId, amount, working_days_in_stage: 4 }) as BoardDeal;
const board = (): Board => ({
  pipeline: {
    id: 1,
    version: 1,
    name_zh: "标准",
    name_en: "Standard",
    default_pipeline: true,
    may_skip: false,
    may_move_back: true,
  },
  labels: {},
  columns: [
    {
      stage: stage(1),
      count: 2,
      amount: 300,
      weighted_amount: 30,
      rows: [deal(7, 1, 100), deal(8, 1, 200)],
    },
    { stage: stage(2), count: 0, amount: 0, weighted_amount: 0, rows: [] },
    {
      stage: stage(3, { after_winning: true }),
      count: 1,
      amount: 900,
      weighted_amount: 900,
      rows: [deal(9, 3, 900)],
    },
  ],
});

test("a stay is fine, near or over what the stage expects", () => {
  expect(dwellOf(3.9, 5)?.sense).toBe("fine");
  expect(dwellOf(4, 5)?.sense).toBe("near");
  expect(dwellOf(5, 5)?.sense).toBe("near");
  expect(dwellOf(5.2, 5)).toEqual({ days: 6, expected: 5, sense: "over" });
  expect(dwellOf(300, null)?.sense).toBe("fine");
  expect(dwellOf(undefined, 5)).toBeNull();
});

test("a moved deal takes its amount along, weighted by the stage that it enters", () => {
  const after = moved(board(), 8, 2);
  expect(
    after.columns.map(({ count, amount, weighted_amount }) => [count, amount, weighted_amount]),
  ).toEqual([
    [1, 100, 10],
    [1, 200, 40],
    [1, 900, 900],
  ]);
  expect(after.columns[1]?.rows[0]).toMatchObject({ id: 8, stage_id: 2, working_days_in_stage: 0 });
});

test("a move to nowhere, or of a deal that is not shown, changes nothing", () => {
  const before = board();
  expect(moved(before, 8, 1)).toBe(before);
  expect(moved(before, 99, 2)).toBe(before);
  expect(moved(before, 8, 99)).toBe(before);
});

test("won deals are no part of what is open; amounts that are not seen are no zero", () => {
  expect(openTotal(board())).toEqual({ count: 2, amount: 300, weighted: 30 });
  const blind = board();
  for (const column of blind.columns) {
    column.amount = undefined;
    column.weighted_amount = undefined;
  }
  expect(openTotal(blind)).toEqual({ count: 2, amount: null, weighted: null });
  expect(moved(blind, 8, 2).columns[0]?.amount).toBeUndefined();
});

const change = (
  id: number,
  kind: string,
  stageId: number,
  at: string,
  corrects?: number,
): StageChange =>
  ({
    id,
    version: 1,
    kind,
    stage_id: stageId,
    changed_at: at,
    corrects_id: corrects ?? null,
  }) as StageChange;

test("stays are between moves, a correction replaces its move, reopening begins another stay", () => {
  const visits = visitsOf(
    [
      change(1, "open", 1, "2026-01-01T00:00:00Z"),
      change(2, "forward", 2, "2026-01-05T00:00:00Z"),
      change(3, "correction", 2, "2026-01-03T00:00:00Z", 2),
      change(4, "close", 2, "2026-01-10T00:00:00Z"),
      change(5, "reopen", 2, "2026-02-01T00:00:00Z"),
    ],
    null,
  );
  expect(visits).toEqual([
    { stageId: 1, from: "2026-01-01T00:00:00Z", until: "2026-01-03T00:00:00Z" },
    { stageId: 2, from: "2026-01-03T00:00:00Z", until: "2026-01-10T00:00:00Z" },
    { stageId: 2, from: "2026-02-01T00:00:00Z", until: null },
  ]);
  const spans = spansOf(
    [stage(2), stage(1), stage(3)],
    visits,
    2,
    new Date("2026-02-02T00:00:00Z"),
  );
  expect(spans.map(({ visits, days, current }) => [visits, days, current])).toEqual([
    [1, 2, false],
    [2, 8, true],
    [0, null, false],
  ]);
});

test("completing ends the stay after winning", () => {
  const visits = visitsOf(
    [
      change(1, "open", 1, "2026-01-01T00:00:00Z"),
      change(2, "skip", 3, "2026-01-02T00:00:00Z"),
      change(3, "complete", 3, "2026-01-09T00:00:00Z"),
    ],
    null,
  );
  expect(visits.at(-1)).toEqual({
    stageId: 3,
    from: "2026-01-02T00:00:00Z",
    until: "2026-01-09T00:00:00Z",
  });
});
