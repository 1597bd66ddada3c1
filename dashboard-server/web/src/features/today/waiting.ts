/** What waits for the one who is signed in, because of their role: approvals, invoices, money, tickets. */
import { useQueries } from "@tanstack/react-query";
import { type Filter, type Labels, type ListQuery, listQuery, type Rec } from "@/lib/api/records";
import { dayOf } from "@/lib/format";
import { addDays } from "@/lib/period";
import type { Entity } from "@/lib/resources";
import { type Action, leads, type Me, scopeOf, useMe } from "@/lib/session";

/** So many of each are shown; the rest is in its list. */
const SHOWN = 5;
/** Deals that are expected within so many days are looked after now. */
const CLOSING_DAYS = 7;

export type Waiting = {
  key: "approvals" | "invoices" | "overdue" | "tickets" | "unassigned" | "closing";
  entity: Entity;
  query: ListQuery;
  /** The list that has all of them. */
  path: string;
};
export type Queue = Waiting & { rows: Rec[]; labels: Labels; count: number };

/** The queues that somebody works through. */
export function queuesOf(me: Me, today: string): Waiting[] {
  const scope = (entity: Entity, action: Action) => scopeOf(me.rights, entity, action);
  const is = (field: string, ...values: string[]): Filter => ({ field, op: "in", values });
  const underWay = is("status", "open", "in_progress", "paused");
  const queues: Waiting[] = [];
  if (scope("quote", "assign")) {
    queues.push({
      key: "approvals",
      entity: "quote",
      query: { filters: [is("outcome", "in_approval")], sort: "approval_requested_at" },
      path: "/quotes?kind=approve",
    });
  }
  if (scope("invoice_application", "assign")) {
    queues.push({
      key: "invoices",
      entity: "invoice_application",
      query: { filters: [is("status", "applied")], sort: "applied_at" },
      path: "/contracts/invoices?filter=status:in:applied",
    });
  }
  if (scope("receipt", "create") && me.rights.visibility.includes("amounts")) {
    queues.push({
      key: "overdue",
      entity: "payment_plan",
      query: {
        filters: [
          is("status", "due", "partly_paid"),
          { field: "due_on", op: "below", values: [today] },
        ],
        sort: "due_on",
      },
      path: "/contracts/due",
    });
  }
  const tickets = scope("ticket", "update");
  if (tickets && tickets !== "own") {
    queues.push({
      key: "tickets",
      entity: "ticket",
      query: { filters: [underWay, is("owner_id", String(me.user_id))], sort: "due_at" },
      path: "/tickets?kind=mine",
    });
    queues.push({
      key: "unassigned",
      entity: "ticket",
      query: {
        filters: [underWay, { field: "owner_id", op: "is_null", values: [] }],
        sort: "due_at",
      },
      path: "/tickets?kind=unassigned",
    });
  }
  // Who takes the numbers of others away looks after their deals.
  if (leads(me) && scope("opportunity", "export")) {
    const until = addDays(today, CLOSING_DAYS);
    queues.push({
      key: "closing",
      entity: "opportunity",
      query: {
        filters: [
          is("outcome", "open"),
          { field: "expected_close_on", op: "at_most", values: [until] },
        ],
        // Those to come first; what is long overdue is proposed as shelved.
        sort: "-expected_close_on",
      },
      path: `/opportunities?view=table&sort=-expected_close_on&filter=outcome:in:open&filter=expected_close_on:at_most:${until}`,
    });
  }
  return queues;
}

/** The queues with their first records; `null` until all of them are there. */
export function useWaiting(): Queue[] | null {
  const me = useMe();
  const today = dayOf(new Date().toISOString(), me.company.zone);
  const queues = queuesOf(me, today);
  const answers = useQueries({
    queries: queues.map(({ entity, query }) =>
      listQuery(entity, { ...query, limit: SHOWN, count: true }),
    ),
  });
  if (answers.some(({ isPending }) => isPending)) return null;
  return queues.flatMap((queue, index) => {
    const found = answers[index]?.data;
    if (!found || found.rows.length === 0) return [];
    return { ...queue, ...found, count: found.count ?? found.rows.length };
  });
}
