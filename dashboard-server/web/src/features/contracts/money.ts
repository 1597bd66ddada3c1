/** Who owes what since when, and which instalments a payment pays. */
import type { PaymentPlan } from "./types";

/** What is still open of an instalment, in fen. */
export function openOf({ amount = 0, received_amount = 0, status }: PaymentPlan): number {
  return status === "written_off" || status === "paid" ? 0 : Math.max(0, amount - received_amount);
}

/** Those due first come first; what waits for an event comes last, in its order. */
export function oldestFirst(plans: PaymentPlan[]): PaymentPlan[] {
  return [...plans].sort(
    (a, b) =>
      (a.due_on ?? "9999").localeCompare(b.due_on ?? "9999") ||
      (a.contract_id ?? 0) - (b.contract_id ?? 0) ||
      a.position - b.position ||
      a.id - b.id,
  );
}

/** How much of a payment goes to which instalment: the oldest first, until it is used up. */
export function suggestAllocation(
  plans: PaymentPlan[],
  amount: number,
  first?: number,
): Map<number, number> {
  const parts = new Map<number, number>();
  let left = amount;
  const ordered = oldestFirst(plans);
  const wanted = ordered.filter(({ id }) => id === first);
  for (const plan of [...wanted, ...ordered.filter(({ id }) => id !== first)]) {
    const part = Math.min(left, openOf(plan));
    if (part <= 0) continue;
    parts.set(plan.id, part);
    left -= part;
  }
  return parts;
}

export type Allocated = { sum: number; left: number; beyond: number[] };

/** Whether what is allocated fits the payment and the instalments. */
export function checkAllocation(
  plans: PaymentPlan[],
  parts: Map<number, number>,
  amount: number,
): Allocated {
  const sum = [...parts.values()].reduce((total, part) => total + part, 0);
  const beyond = plans
    .filter((plan) => (parts.get(plan.id) ?? 0) > openOf(plan))
    .map(({ id }) => id);
  return { sum, left: amount - sum, beyond };
}

export const AGES = ["over_90", "over_60", "over_30", "over_0", "today", "soon", "later"] as const;
export type Age = (typeof AGES)[number];

const DAY_MS = 86_400_000;

/** How many days an instalment is past its due day; negative while it is to come. */
export function overdueDays(dueOn: string, today: string): number {
  return Math.round((Date.parse(`${today}T00:00Z`) - Date.parse(`${dueOn}T00:00Z`)) / DAY_MS);
}

/** In which row of the ageing list an instalment stands; null where it has no due day yet. */
export function ageOf({ due_on: dueOn }: PaymentPlan, today: string): Age | null {
  if (!dueOn) return null;
  const days = overdueDays(dueOn, today);
  if (days > 90) return "over_90";
  if (days > 60) return "over_60";
  if (days > 30) return "over_30";
  if (days > 0) return "over_0";
  if (days === 0) return "today";
  return days >= -30 ? "soon" : "later";
}

export type Ageing = { age: Age; plans: PaymentPlan[]; open: number }[];

/** What is due, by how long it has been, the oldest first. */
export function ageing(plans: PaymentPlan[], today: string): Ageing {
  const open = oldestFirst(plans).filter((plan) => openOf(plan) > 0);
  return AGES.map((age) => {
    const own = open.filter((plan) => ageOf(plan, today) === age);
    return { age, plans: own, open: own.reduce((sum, plan) => sum + openOf(plan), 0) };
  }).filter(({ plans: own }) => own.length > 0);
}
