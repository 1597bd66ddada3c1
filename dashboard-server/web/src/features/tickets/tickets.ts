/** How a ticket stands against its due time, and what may be done with it. */
import type { Ticket } from "./types";

const HOUR_MS = 3_600_000;

export type DueState =
  | { kind: "none" }
  | { kind: "paused" }
  | { kind: "done"; late: boolean }
  | { kind: "left" | "over"; hours: number };

const UNDER_WAY = ["open", "in_progress", "paused"];

/** Whether a ticket was answered in time, or how long is left or past, in calendar hours. */
export function dueState(ticket: Ticket, now: Date): DueState {
  const { due_at: due, status, resolved_at: resolved } = ticket;
  if (!due || status === "cancelled") return { kind: "none" };
  if (resolved) return { kind: "done", late: resolved > due };
  if (status === "paused") return { kind: "paused" };
  const hours = (Date.parse(due) - now.getTime()) / HOUR_MS;
  return hours >= 0
    ? { kind: "left", hours: Math.floor(hours) }
    : { kind: "over", hours: Math.ceil(-hours) };
}

export type Step =
  | "take"
  | "respond"
  | "resolve"
  | "resume"
  | "close"
  | "reopen"
  | "pause"
  | "assign"
  | "cancel";

type Reader = {
  userId: number;
  /** May change tickets at all. */
  updates: boolean;
  /** May give tickets to others: leads who answers them. */
  assigns: boolean;
};

/** The steps that a ticket allows a reader, the likely one first. */
export function stepsOf(ticket: Ticket, { userId, updates, assigns }: Reader): Step[] {
  if (!updates) return [];
  const { status } = ticket;
  const answers = assigns || ticket.owner_id === userId;
  const concerned = answers || ticket.requester_id === userId;
  const underWay = UNDER_WAY.includes(status);
  const steps: Step[] = [];
  if (underWay && ticket.owner_id === null) steps.push("take");
  if (status === "paused" && answers) steps.push("resume");
  if (underWay && answers && !ticket.first_response_at) steps.push("respond");
  if (underWay && answers) steps.push("resolve");
  if (status === "resolved" && concerned) steps.push("close");
  if (["resolved", "closed"].includes(status) && concerned) steps.push("reopen");
  if (["open", "in_progress"].includes(status) && answers) steps.push("pause");
  if (underWay && answers) steps.push("assign");
  if (underWay && concerned) steps.push("cancel");
  return steps;
}

/** Who asked says how satisfied they are; who answered does not. */
export function rates(ticket: Ticket, userId: number): boolean {
  return ticket.owner_id !== userId;
}
