/** The fields of a deal that people fill in. */
import type { Field } from "@/components/fields";
import type { Json } from "@/lib/api/records";

export type Suggested = Partial<Record<string, { value: Json; source: string } | null>>;

type Wanted = {
  /** The customer it is for, where that is settled; the form asks for it otherwise. */
  account?: number | null;
  /** Whether the reader sees amounts, and so may give one. */
  amounts: boolean;
  /** The customer is asked for in the form. */
  asked?: boolean;
  /** What history suggests. */
  suggested?: Suggested;
};

/** Two fields at most are required of a lead; the rest comes with the conversation. */
export function dealFields({ account, amounts, asked, suggested = {} }: Wanted): Field[] {
  const ofAccount = [{ field: "account_id", op: "in" as const, values: [String(account ?? 0)] }];
  return [
    ...(asked
      ? [{ name: "account_id", kind: "reference", required: true, recent: true } as const]
      : []),
    {
      name: "name",
      required: true,
      maxLength: 200,
      autoFocus: !asked,
      suggestion: suggested.name,
    },
    ...(amounts ? [{ name: "amount", kind: "money" } as const] : []),
    { name: "expected_close_on", kind: "day" },
    {
      name: "product_id",
      kind: "reference",
      where: [{ field: "enabled", op: "in", values: ["true"] }],
      suggestion: suggested.product_id,
    },
    {
      name: "contact_id",
      kind: "reference",
      where: ofAccount,
      suggestion: suggested.contact_id,
    },
    { name: "source", maxLength: 100 },
    { name: "requirements", kind: "long", maxLength: 10_000 },
    // Eight fields at most: where the customer is asked for, the address comes later.
    ...(asked
      ? []
      : [
          {
            name: "delivery_address",
            maxLength: 400,
            suggestion: suggested.delivery_address,
          },
        ]),
  ];
}
