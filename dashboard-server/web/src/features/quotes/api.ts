/** What the pages of quotes ask for, and do. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { getFrom, postTo, putTo } from "@/lib/api/client";
import { act, allOf, type ListQuery, listQuery, type One, type Page } from "@/lib/api/records";
import { pathOf } from "@/lib/resources";
import type { LineRequest } from "./lines";
import type { Priced, PriceList, PriceListItem, Product, Quote, QuoteLine } from "./types";

/** Whose quote it is: a deal's, and so its customer's, or a customer's without a deal. */
export type For = { opportunity_id: number } | { account_id: number };

export type Head = {
  contact_id?: number | null;
  price_list_id?: number | null;
  currency?: string | null;
  rate?: number | null;
  valid_until?: string | null;
  payment_terms?: string | null;
  delivery_terms?: string | null;
  risk_note?: string | null;
};
export type QuoteRequest = Head & { lines: LineRequest[] };

/** What lines come to, without saving them. */
export function priceQuery(request: (QuoteRequest & For) | null) {
  return queryOptions({
    queryKey: ["pricing", request],
    queryFn: ({ signal }) => postTo<Priced>("/api/quotes/price", request, { signal }),
    enabled: request !== null,
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: 60_000,
  });
}

export function linesQuery(quoteId: number) {
  return queryOptions({
    queryKey: ["records", "quote", "lines", quoteId],
    queryFn: ({ signal }) =>
      getFrom<Page<QuoteLine>>(pathOf("quote", quoteId, "lines"), {}, signal),
  });
}

export const priceListsQuery = queryOptions({
  ...listQuery<PriceList>("price_list", { limit: 100 }),
  staleTime: 5 * 60_000,
});

/** The prices of those products on a price list. */
export function itemsQuery(priceListId: number | null, productIds: number[]) {
  const sorted = [...new Set(productIds)].sort((a, b) => a - b);
  const query: ListQuery = {
    filters: [
      { field: "price_list_id", op: "in", values: [String(priceListId ?? 0)] },
      { field: "product_id", op: "in", values: sorted.map(String) },
    ],
  };
  return queryOptions({
    queryKey: ["records", "price_list_item", "all", query],
    placeholderData: keepPreviousData,
    // Each product has a price for each of its quantities.
    queryFn: ({ signal }) => allOf<PriceListItem>("price_list_item", query, signal),
    enabled: priceListId !== null && sorted.length > 0,
    staleTime: 5 * 60_000,
  });
}

/** Products that are sold, by code or name. */
export function productsQuery(search: string) {
  return queryOptions({
    ...listQuery<Product>("product", {
      filters: [{ field: "enabled", op: "in", values: ["true"] }],
      search: search || null,
      limit: 20,
    }),
    staleTime: 60_000,
  });
}

export function productsByIdQuery(ids: number[]) {
  const sorted = [...new Set(ids)].sort((a, b) => a - b);
  const query: ListQuery = { filters: [{ field: "id", op: "in", values: sorted.map(String) }] };
  return queryOptions({
    queryKey: ["records", "product", "all", query],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => allOf<Product>("product", query, signal),
    enabled: sorted.length > 0,
    staleTime: 5 * 60_000,
  });
}

type Done = Promise<One<Quote>>;
type Target = { id: number; version: number };

export function createQuote(request: QuoteRequest & For, key: string): Done {
  return postTo(pathOf("quote"), request, { key });
}

export function rewriteQuote({ id, version }: Target, request: QuoteRequest): Done {
  return putTo(pathOf("quote", id), request, { version });
}

export function reviseQuote(id: number, request: QuoteRequest, key: string): Done {
  return act("quote", id, "revise", request, { key });
}

export function addAlternative(id: number, name: string, request: QuoteRequest, key: string): Done {
  return act("quote", id, "alternative", { name, ...request }, { key });
}

export function requestApproval({ id, version }: Target): Done {
  return act("quote", id, "request-approval", {}, { version });
}

export function answerApproval({ id, version }: Target, approved: boolean): Done {
  return act("quote", id, "approval", { approved }, { version });
}

export function sendQuote({ id, version }: Target): Done {
  return act("quote", id, "send", {}, { version });
}

export type DecideRequest = {
  decision: "accepted" | "partial" | "declined";
  line_ids?: number[];
  reason?: string;
  decided_at?: string;
};

export function decideQuote({ id, version }: Target, request: DecideRequest): Done {
  return act("quote", id, "decide", request, { version });
}

export function withdrawQuote({ id, version }: Target): Done {
  return act("quote", id, "withdraw", {}, { version });
}

/** A contract from what was accepted of a quote. */
export function contractFromQuote(quoteId: number, key: string): Promise<One> {
  return postTo("/api/contracts/from-quote", { quote_id: quoteId }, { key });
}
