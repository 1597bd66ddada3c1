/** What the lists that people subscribe to can be narrowed by. */
import type { FilterSpec } from "@/components/FilterChips";
import type { Filter } from "@/lib/api/records";
import { type Entity, referenceOf } from "@/lib/resources";
import type { Listed } from "@/lib/subscribing";

/** The fields that are asked for most, in their order. */
const FIELDS: Record<Listed, string[]> = {
  account: ["status", "region", "industry", "level", "owner_id", "team_id", "created_at"],
  opportunity: [
    "outcome",
    "stage_id",
    "owner_id",
    "team_id",
    "account_id",
    "expected_close_on",
    "stage_entered_at",
    "opened_at",
    "closed_at",
  ],
  quote: ["outcome", "owner_id", "account_id", "sent_at", "valid_until"],
  contract: ["status", "kind", "owner_id", "account_id", "signed_on", "expires_on"],
  receipt: ["kind", "account_id", "received_on"],
  payment_request: ["status", "account_id"],
  invoice_application: ["status", "kind", "account_id", "issued_on"],
  ticket: ["status", "severity", "owner_id", "requester_id", "account_id", "due_at", "opened_at"],
};

/** Fields that hold a word of a fixed list. */
const CHOICES = ["status", "outcome", "kind", "severity", "pool_state"];

/** How a field is filtered, by its name. */
export function specOf(entity: Entity, field: string): FilterSpec {
  if (CHOICES.includes(field) && !(entity === "ticket" && field === "kind")) {
    return { field, kind: "choice" };
  }
  if (referenceOf(entity, field)) return { field, kind: "reference" };
  if (field.endsWith("_on") || field === "valid_until") return { field, kind: "day" };
  if (field.endsWith("_at")) return { field, kind: "moment" };
  if (field === "enabled" || field === "deposit_required") return { field, kind: "flag" };
  return { field, kind: "text" };
}

/** What a list can be filtered by: the usual fields and those that it is filtered by already. */
export function specsOf(entity: Listed, filters: Filter[]): FilterSpec[] {
  const fields = new Set([...FIELDS[entity], ...filters.map(({ field }) => field)]);
  return [...fields].map((field) => specOf(entity, field));
}

/** The columns that are offered for a mail. */
export function columnsOf(entity: Listed, chosen: string[]): string[] {
  const usual = ["number", "name", "title", ...FIELDS[entity], "amount"];
  return [...new Set([...chosen, ...usual])];
}
