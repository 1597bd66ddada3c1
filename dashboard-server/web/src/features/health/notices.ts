import type { Rec } from "@/lib/api/records";

/** What the cause of a to-do says that tells of a fall. */
export type Notice = { todo: Rec; from: number; to: number; day: string };

/** As `health-fall:12:2026-11-30:7:2026-11-09:82.4:2026-11-29:60.6`; null where it is none. */
export function noticeOf(todo: Rec): Notice | null {
  const [kind, , , , , from, day, to] = String(todo.cause ?? "").split(":");
  if (kind !== "health-fall" || !from || !day || !to) return null;
  return { todo, from: Number(from), to: Number(to), day };
}

/** Whether a to-do says how many falls are told of later. */
export function isOfOthers(todo: Rec): boolean {
  return String(todo.cause ?? "").startsWith("health-falls:");
}

/** Whether a to-do waits for a later moment. */
export function isPutOff(todo: Rec, now: Date): boolean {
  const until = todo.state === "snoozed" ? todo.snoozed_until : null;
  return typeof until === "string" && new Date(until) > now;
}

type Day = { as_of: string; settled_status: string; value_tier: string };

/** A day on which an account came to stand otherwise. */
export type Turn = { day: string; kind: "status" | "tier"; before: string; after: string };

/** What changed between scored days, the latest first. */
export function turns(days: Day[]): Turn[] {
  const found: Turn[] = [];
  days.forEach((now, place) => {
    const before = days[place - 1];
    if (!before) return;
    const day = now.as_of.slice(0, 10);
    if (before.settled_status !== now.settled_status) {
      found.push({ day, kind: "status", before: before.settled_status, after: now.settled_status });
    }
    if (before.value_tier !== now.value_tier) {
      found.push({ day, kind: "tier", before: before.value_tier, after: now.value_tier });
    }
  });
  return found.reverse();
}
