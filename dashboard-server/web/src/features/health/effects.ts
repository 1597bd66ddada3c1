import type { Rec } from "@/lib/api/records";

/** A to-do that was made because of a score. */
export type Step = {
  todo: Rec;
  factor: string;
  /** The score then. */
  score: number;
  /** The day that it was made. */
  made: string;
};

/** What the cause of a to-do says, as `health:12:rhythm:48.3:2026-11-29`. */
export function stepOf(todo: Rec): Step | null {
  const [kind, , factor, score, made] = String(todo.cause ?? "").split(":");
  if (kind !== "health" || !factor || !score || !made) return null;
  return { todo, factor, score: Number(score), made };
}

type Judged = Step & { now: number | null; ordered: boolean };

function mean(values: number[]): number | null {
  if (values.length === 0) return null;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** What became of accounts for which something was done, beside those for which it was not. */
export function effects(steps: Judged[]) {
  const done = steps.filter(({ todo }) => todo.state === "done");
  const open = steps.filter(({ todo }) => todo.state !== "done" && todo.state !== "cancelled");
  const change = (some: Judged[]) =>
    mean(some.flatMap(({ now, score }) => (now === null ? [] : [now - score])));
  return {
    all: steps.length,
    done: done.length,
    doneChange: change(done),
    openChange: change(open),
    orderedAfter: done.filter(({ ordered }) => ordered).length,
  };
}
