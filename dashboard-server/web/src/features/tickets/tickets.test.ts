import { expect, test } from "vitest";
import { arranged, MOST_OPTIONAL, MOST_REQUIRED } from "@/components/fields";
import { ticketFields } from "./fields";
import { dueState, rates, stepsOf } from "./tickets";
import type { Ticket } from "./types";

const ticket = (extra: Partial<Ticket>): Ticket =>
  ({
    id: 1,
    version: 1,
    status: "in_progress",
    severity: "normal",
    owner_id: 7,
    requester_id: 3,
    first_response_at: "2026-11-24T08:00:00Z",
    resolved_at: null,
    due_at: "2026-11-25T08:00:00Z",
    ...extra,
  }) as Ticket;
const at = (time: string) => new Date(time);
const owner = { userId: 7, updates: true, assigns: false };
const asker = { userId: 3, updates: true, assigns: false };
const other = { userId: 9, updates: true, assigns: false };
const lead = { userId: 8, updates: true, assigns: true };

test("the due time is left, past, standing or over", () => {
  expect(dueState(ticket({}), at("2026-11-25T05:30:00Z"))).toEqual({ kind: "left", hours: 2 });
  expect(dueState(ticket({}), at("2026-11-25T08:30:00Z"))).toEqual({ kind: "over", hours: 1 });
  expect(dueState(ticket({ status: "paused" }), at("2026-12-25T08:30:00Z")).kind).toBe("paused");
  const done = { status: "resolved", resolved_at: "2026-11-25T08:00:00Z" } as const;
  expect(dueState(ticket(done), at("2027-01-01T00:00:00Z"))).toEqual({ kind: "done", late: false });
  expect(
    dueState(ticket({ ...done, resolved_at: "2026-11-25T08:00:01Z" }), at("2027-01-01T00:00:00Z")),
  ).toEqual({ kind: "done", late: true });
  expect(dueState(ticket({ due_at: null }), at("2026-11-25T05:30:00Z")).kind).toBe("none");
});

test("who answers works on it, who asked closes or cancels it, others only take what is nobody's", () => {
  expect(stepsOf(ticket({}), owner)).toEqual(["resolve", "pause", "assign", "cancel"]);
  expect(stepsOf(ticket({ first_response_at: null }), owner)[0]).toBe("respond");
  expect(stepsOf(ticket({}), asker)).toEqual(["cancel"]);
  expect(stepsOf(ticket({ status: "resolved" }), asker)).toEqual(["close", "reopen"]);
  expect(stepsOf(ticket({}), other)).toEqual([]);
  expect(stepsOf(ticket({ owner_id: null, status: "open" }), other)).toEqual(["take"]);
  expect(stepsOf(ticket({ status: "paused" }), owner)[0]).toBe("resume");
  expect(stepsOf(ticket({}), lead)).toContain("assign");
  expect(stepsOf(ticket({}), { ...owner, updates: false })).toEqual([]);
  expect(stepsOf(ticket({ status: "cancelled" }), lead)).toEqual([]);
});

test("who answered a ticket does not rate the answer", () => {
  expect(rates(ticket({}), 7)).toBe(false);
  expect(rates(ticket({}), 3)).toBe(true);
});

test("a ticket asks for at most eight things", () => {
  const { first, optional } = arranged(ticketFields({ subject: null, kinds: [], account: null }));
  expect(first.length).toBeLessThanOrEqual(MOST_REQUIRED);
  expect(first.length + optional.length).toBeLessThanOrEqual(8);
  expect(optional.length).toBeLessThanOrEqual(MOST_OPTIONAL);
});
