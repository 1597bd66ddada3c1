/** What is asked for in a ticket. */
import type { Field, Option } from "@/components/fields";
import type { Opened } from "@/lib/address";

export const KINDS = ["technical", "drawing", "quality", "delivery", "finance", "other"] as const;

type Wanted = {
  /** The record that it is about, where that is settled. */
  subject: Opened | null;
  kinds: Option[];
  account: number | null;
};

export function ticketFields({ subject, kinds, account }: Wanted): Field[] {
  const ofAccount = [{ field: "account_id", op: "in" as const, values: [String(account ?? 0)] }];
  return [
    { name: "title", required: true, maxLength: 200, autoFocus: true },
    { name: "kind", kind: "choice", required: true, options: kinds },
    { name: "severity", kind: "choice", required: true },
    { name: "description", kind: "long", maxLength: 20_000 },
    ...(subject ? [] : [{ name: "account_id", kind: "reference" } as const]),
    ...(subject?.entity === "opportunity"
      ? []
      : [{ name: "opportunity_id", kind: "reference", where: ofAccount } as const]),
    { name: "order_id", kind: "reference", where: ofAccount },
  ];
}
