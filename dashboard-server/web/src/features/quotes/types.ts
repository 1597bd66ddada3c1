/** Quotes, their lines and prices as the pages read them. */
import type { Rec } from "@/lib/api/records";

export type QuoteOutcome =
  | "draft"
  | "in_approval"
  | "approved"
  | "sent"
  | "accepted"
  | "partial"
  | "declined"
  | "expired"
  | "superseded"
  | "withdrawn";

export type Quote = Rec & {
  number: string;
  quote_version: number;
  alternative: string | null;
  opportunity_id: number | null;
  account_id: number;
  contact_id: number | null;
  owner_id: number | null;
  price_list_id: number | null;
  outcome: QuoteOutcome;
  sent_at: string | null;
  valid_until: string | null;
  decided_at: string | null;
  currency: string;
  rate: number | null;
  discount: number | null;
  payment_terms: string | null;
  delivery_terms: string | null;
  risk_note: string | null;
  /** Absent where amounts are not seen, as are those below. */
  amount?: number | null;
  original_amount?: number | null;
  amount_without_tax?: number | null;
  list_amount?: number | null;
  accepted_amount?: number | null;
  margin?: number | null;
};

export type QuoteLine = Rec & {
  quote_id: number;
  position: number;
  product_id: number | null;
  description: string;
  quantity: number;
  unit: string;
  tax_rate: number;
  accepted: boolean | null;
  list_unit_price?: number | null;
  unit_price?: number;
  amount?: number;
  amount_without_tax?: number;
};

export type Product = Rec & {
  code: string;
  name: string;
  series: string | null;
  unit: string;
  tax_rate: number;
  list_price?: number | null;
};

export type PriceList = Rec & {
  name: string;
  currency: string;
  segment: string | null;
  valid_from: string;
  valid_until: string | null;
  enabled: boolean;
};

export type PriceListItem = Rec & {
  price_list_id: number;
  product_id: number;
  minimum_quantity: number;
  unit_price?: number;
};

/** A line as the server prices it. */
export type PricedLine = {
  product_id: number | null;
  description: string;
  quantity: number;
  unit: string;
  list_unit_price: number | null;
  unit_price: number;
  tax_rate: number;
  amount: number;
  amount_without_tax: number;
};

/** What the lines come to, as the server says. */
export type Priced = {
  lines: PricedLine[];
  totals: {
    original_amount: number;
    amount: number;
    amount_without_tax: number;
    list_amount: number;
  };
  discount: number | null;
  /** Absent where margins are not seen; null while the cost of a line is unknown. */
  margin?: number | null;
  within_limit: boolean;
};
