/** What a move lacks, and where each of it is answered. */
import type { Field, FieldKind } from "@/components/fields";
import type { Criterion, Missing } from "@/lib/problem";

const KINDS: Record<string, FieldKind> = {
  amount: "money",
  original_amount: "money",
  expected_close_on: "day",
  contact_id: "reference",
  product_id: "reference",
  requirements: "long",
  delivery_address: "long",
};

/** The fields of a deal that people fill; others follow from what is done. */
const FILLED = ["name", "source", "currency", ...Object.keys(KINDS)];

export type Need =
  | { kind: "field"; field: Field }
  | { kind: "attachment"; attachment: string }
  | { kind: "quote"; state: "sent" | "accepted" }
  | { kind: "contract"; state: "signed" | "effective" }
  /** Something that no form asks for: it comes from another action. */
  | { kind: "other"; name: string };

export function needOf(criterion: Criterion): Need {
  if ("attachment" in criterion) return { kind: "attachment", attachment: criterion.attachment };
  if ("quote" in criterion) return { kind: "quote", state: criterion.quote };
  if ("contract" in criterion) return { kind: "contract", state: criterion.contract };
  const name = criterion.field;
  if (!FILLED.includes(name)) return { kind: "other", name };
  return { kind: "field", field: { name, kind: KINDS[name] ?? "text", required: true } };
}

/** What is missing, each thing once, though several stages may ask for it. */
export function needsOf(missing: Missing[]): Need[] {
  const needs = new Map<string, Need>();
  for (const { criterion } of missing) {
    const key = JSON.stringify(criterion);
    if (!needs.has(key)) needs.set(key, needOf(criterion));
  }
  return [...needs.values()];
}

/** The fields that are asked for in place, filled or not. */
export function fieldsOf(needs: Need[]): Field[] {
  return needs.flatMap((need) => (need.kind === "field" ? [need.field] : []));
}

/** A deal on its way to a stage, as it stands in the address: `12:5`. */
export type Pending = { opportunityId: number; stageId: number };

export function readPending(text: string | null): Pending | null {
  const found = /^(\d+):(\d+)$/.exec(text ?? "");
  return found ? { opportunityId: Number(found[1]), stageId: Number(found[2]) } : null;
}

export function writePending({ opportunityId, stageId }: Pending): string {
  return `${opportunityId}:${stageId}`;
}
