import type { Texts } from "../texts";
import type { zh } from "./words.zh";

export const en: Texts<typeof zh> = {
  choice: {
    schedule: {
      work: {
        ingest: "ingest",
        marts: "marts",
        health: "health refit",
        monthly_report: "monthly report",
        upkeep: "upkeep",
        backup: "backup",
        dispatches: "deliver subscriptions",
      },
      catch_up: { once: "the last one", all: "all of them" },
    },
    schedule_run: {
      state: {
        planned: "waiting",
        running: "running",
        done: "done",
        failed: "failed",
        cancelled: "cancelled",
        skipped: "left out",
      },
    },
    subscription: {
      kind: {
        monthly_report: "monthly report",
        dashboard: "dashboard",
        list: "list",
        threshold: "metric alert",
      },
      channel: { mail: "mail", webhook: "webhook" },
      language: { zh: "Chinese", en: "English" },
    },
    dispatch: {
      channel: { mail: "mail", webhook: "webhook" },
      state: {
        planned: "waiting",
        sending: "sending",
        sent: "sent",
        retrying: "will retry",
        unknown: "not known",
        given_up: "given up",
        withheld: "withheld",
        quiet: "nothing to tell",
        skipped: "left out",
      },
    },
    account: {
      status: {
        prospect: "prospect",
        active: "active",
        dormant: "dormant",
        lost: "lost",
        blocked: "blocked",
      },
      pool_state: { owned: "owned", pooled: "pool" },
    },
    contact: {
      decision_role: {
        decider: "decider",
        influencer: "influencer",
        buyer: "buyer",
        user: "user",
        gatekeeper: "gatekeeper",
      },
    },
    contract: {
      kind: { sale: "sale", framework: "framework", call_off: "call-off", service: "service" },
      status: {
        draft: "draft",
        signed: "signed",
        effective: "effective",
        completed: "completed",
        terminated: "terminated",
      },
    },
    interaction: {
      kind: {
        visit: "visit",
        call: "call",
        message: "message",
        meeting: "meeting",
        mail: "mail",
        note: "note",
      },
    },
    invoice_application: {
      kind: { special: "special VAT invoice", ordinary: "ordinary invoice" },
      status: { applied: "applied", issued: "issued", rejected: "rejected", voided: "voided" },
    },
    opportunity: {
      outcome: {
        open: "open",
        won: "won",
        lost: "lost",
        invalid: "invalid",
        duplicate: "duplicate",
        shelved: "shelved",
      },
    },
    stage_change: {
      kind: {
        open: "opened",
        forward: "moved on",
        back: "moved back",
        skip: "skipped",
        close: "closed",
        reopen: "reopened",
        complete: "completed",
        correction: "corrected",
      },
      outcome: {
        open: "open",
        won: "won",
        lost: "lost",
        invalid: "invalid",
        duplicate: "duplicate",
        shelved: "shelved",
      },
    },
    order: {
      kind: { sale: "sale", return: "return", credit: "credit", cancel: "cancelled" },
      status: {
        placed: "placed",
        in_production: "in production",
        delivered: "delivered",
        accepted: "accepted",
        cancelled: "cancelled",
      },
    },
    payment_plan: {
      kind: {
        advance: "advance",
        progress: "progress",
        delivery: "on delivery",
        acceptance: "on acceptance",
        retention: "retention",
        other: "other",
      },
      due_by: {
        date: "a date",
        signing: "after signing",
        shipment: "after shipment",
        acceptance: "after acceptance",
        invoice: "after the invoice",
      },
      status: {
        waiting: "waiting",
        due: "due",
        partly_paid: "partly paid",
        paid: "paid",
        written_off: "written off",
      },
    },
    payment_request: {
      status: { draft: "draft", sent: "sent", paid: "paid", cancelled: "cancelled" },
    },
    pool_move: {
      kind: {
        claim: "claimed",
        assign: "assigned",
        release: "released",
        return: "returned",
        request: "requested",
      },
    },
    quote: {
      outcome: {
        draft: "draft",
        in_approval: "in approval",
        approved: "approved",
        sent: "sent",
        accepted: "accepted",
        partial: "partly accepted",
        declined: "declined",
        expired: "expired",
        superseded: "superseded",
        withdrawn: "withdrawn",
      },
    },
    receipt: {
      kind: { payment: "payment", advance: "advance", retention: "retention", refund: "refund" },
    },
    target: { grain: { month: "month", quarter: "quarter", year: "year" } },
    ticket: {
      severity: { low: "low", normal: "normal", high: "high", urgent: "urgent" },
      status: {
        open: "open",
        in_progress: "in progress",
        paused: "paused",
        resolved: "resolved",
        closed: "closed",
        cancelled: "cancelled",
      },
    },
    todo: {
      source: {
        manual: "by hand",
        rule: "rule",
        alert: "alert",
        ticket: "ticket",
        approval: "approval",
        handover: "handover",
        health: "Health score",
      },
      state: { open: "open", snoozed: "snoozed", done: "done", cancelled: "cancelled" },
    },
    user: { language: { zh: "中文", en: "English" } },
  },
  attachment: {
    requirements: "requirements document",
    signed_contract: "signed contract",
    drawing: "drawing",
    photo: "photo",
    quote: "quote document",
    invoice: "invoice",
    other: "other",
  },
};
