/** What a form for a known account begins with, from its history; each value says where it is from. */
import { queryOptions } from "@tanstack/react-query";
import { getFrom } from "./api/client";
import type { Labels, Rec } from "./api/records";
import { pathOf } from "./resources";

export type Source = { entity: string; id: number; number: string | null; on: string };
export type Suggestion = { value: string | number; source: Source };
export type BoughtProduct = {
  product_id: number;
  description: string | null;
  quantity: number | null;
  unit: string | null;
  unit_price?: number | null;
  discount?: number | null;
  tax_rate: number | null;
  source: Source;
};
export type Prefill = {
  account_id: number;
  products: BoughtProduct[];
  payment_terms: Suggestion | null;
  delivery_terms: Suggestion | null;
  credit_days: Suggestion | null;
  currency: Suggestion | null;
  contact_id: Suggestion | null;
  contacts: { contact: Rec; source: Source }[];
  delivery_address: Suggestion | null;
  labels?: Labels;
};

export function prefillQuery(accountId: number | null) {
  return queryOptions({
    queryKey: ["records", "account", "prefill", accountId],
    queryFn: ({ signal }) =>
      getFrom<Prefill>(pathOf("account", accountId ?? 0, "prefill"), {}, signal),
    enabled: accountId !== null,
  });
}

/** "QUO-2026-00012, 11-23": the record that a value is from. */
export function sourceText(source: Source, name: (entity: string) => string): string {
  return [source.number ?? name(source.entity), source.on.slice(5)].join(", ");
}
