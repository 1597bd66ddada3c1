import { expect, it } from "vitest";
import { effects, stepOf } from "./effects";

const todo = (id: number, state: string, cause: string | null) => ({
  id,
  version: 1,
  state,
  cause,
});

it("reads what a to-do was made for", () => {
  const step = stepOf(todo(1, "open", "health:12:rhythm:48.3:2026-11-29"));
  expect(step).toMatchObject({ factor: "rhythm", score: 48.3, made: "2026-11-29" });
  expect(stepOf(todo(2, "open", "pool_warning:3:2026-11-29"))).toBeNull();
  expect(stepOf(todo(3, "open", null))).toBeNull();
});

it("holds what was done beside what was not, and counts nothing twice", () => {
  const step = (
    id: number,
    state: string,
    score: number,
    now: number | null,
    ordered: boolean,
  ) => ({
    todo: todo(id, state, ""),
    factor: "rhythm",
    score,
    made: "2026-11-01",
    now,
    ordered,
  });
  const found = effects([
    step(1, "done", 40, 60, true),
    step(2, "done", 50, 40, false),
    step(3, "open", 50, 45, true),
    step(4, "cancelled", 50, 10, false),
    step(5, "snoozed", 50, null, false),
  ]);
  expect(found).toEqual({ all: 5, done: 2, doneChange: 5, openChange: -5, orderedAfter: 1 });
  expect(effects([])).toMatchObject({ doneChange: null, openChange: null });
});
