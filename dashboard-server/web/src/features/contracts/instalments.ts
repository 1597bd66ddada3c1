/** Instalments while they are planned: what is sent of them, and whether they are the whole. */
import { shown } from "@/components/fields";
import { stored, written } from "@/lib/units";
import type { DueBy, PaymentPlan, PlanKind } from "./types";

export type DraftInstalment = {
  key: string;
  kind: PlanKind;
  dueBy: DueBy;
  on: string | null;
  creditDays: number;
  /** In percent, where shares are given. */
  share: number | null;
  /** As written, where amounts are given. */
  amount: number | null;
};
export type By = "share" | "amount";

export type InstalmentRequest = {
  kind: PlanKind;
  due_by: DueBy;
  on?: string;
  credit_days: number;
  share?: number;
  amount?: number;
};

const WHOLE = 10_000;

export function newInstalment(
  key: string,
  instalment: Partial<DraftInstalment> = {},
): DraftInstalment {
  return {
    key,
    kind: "other",
    dueBy: "date",
    on: null,
    creditDays: 0,
    share: null,
    amount: null,
    ...instalment,
  };
}

/** The plans that most contracts have: shares of the whole and what makes them due. */
export const PATTERNS = {
  three_six_one: [
    ["advance", "signing", 30],
    ["delivery", "shipment", 60],
    ["retention", "acceptance", 10],
  ],
  half_half: [
    ["advance", "signing", 50],
    ["delivery", "shipment", 50],
  ],
  three_three_three_one: [
    ["advance", "signing", 30],
    ["delivery", "shipment", 30],
    ["acceptance", "acceptance", 30],
    ["retention", "acceptance", 10],
  ],
  after_invoice: [["other", "invoice", 100]],
} as const satisfies Record<string, readonly (readonly [PlanKind, DueBy, number])[]>;

export type Pattern = keyof typeof PATTERNS;

/** Days of credit that a pattern gives its last parts. */
const CREDIT: Partial<Record<PlanKind, number>> = { retention: 365, other: 30 };

export function patterned(pattern: Pattern): DraftInstalment[] {
  return PATTERNS[pattern].map(([kind, dueBy, share], index) =>
    newInstalment(`${pattern}-${index}`, {
      kind,
      dueBy,
      share,
      creditDays: CREDIT[kind] ?? 0,
    }),
  );
}

/** The instalments of a contract, to be planned again. */
export function planned(plans: PaymentPlan[]): { by: By; rows: DraftInstalment[] } {
  const ordered = [...plans].sort((a, b) => a.position - b.position);
  const by: By =
    ordered.length > 0 && ordered.every(({ share }) => share === null) ? "amount" : "share";
  return {
    by,
    rows: ordered.map((plan) =>
      newInstalment(`plan-${plan.id}`, {
        kind: plan.kind,
        dueBy: plan.due_by,
        on: plan.due_by === "date" ? plan.event_on : null,
        creditDays: plan.credit_days,
        share: plan.share === null ? null : written(plan.share, "share"),
        amount: (shown("money", plan.amount) as number | undefined) ?? null,
      }),
    ),
  };
}

export type Sum = {
  /** What is planned so far, in basis points or fen. */
  planned: number;
  whole: number;
  /** What is left to plan; below zero where it is too much. */
  left: number;
};

export function sumOf(rows: DraftInstalment[], by: By, amount: number): Sum {
  const whole = by === "share" ? WHOLE : amount;
  const planned = rows.reduce(
    (sum, row) =>
      sum + (by === "share" ? stored(row.share ?? 0, "share") : stored(row.amount ?? 0, "money")),
    0,
  );
  return { planned, whole, left: whole - planned };
}

/** Whether a row says all it must. */
export function complete(row: DraftInstalment, by: By): boolean {
  const worth = by === "share" ? row.share : row.amount;
  return worth !== null && worth > 0 && (row.dueBy !== "date" || row.on !== null);
}

/** What is sent; null until all rows are complete and come to the whole. */
export function instalmentRequests(
  rows: DraftInstalment[],
  by: By,
  amount: number,
): InstalmentRequest[] | null {
  if (rows.length === 0 || !rows.every((row) => complete(row, by))) return null;
  if (sumOf(rows, by, amount).left !== 0) return null;
  return rows.map((row) => ({
    kind: row.kind,
    due_by: row.dueBy,
    ...(row.dueBy === "date" && row.on ? { on: row.on } : {}),
    credit_days: row.creditDays,
    ...(by === "share"
      ? { share: stored(row.share ?? 0, "share") }
      : { amount: stored(row.amount ?? 0, "money") }),
  }));
}
