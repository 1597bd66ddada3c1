import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { faultsOf } from "@/lib/problem";
import { type For, type Head, priceQuery, type QuoteRequest } from "../api";
import { type DraftLine, faultsByLine, requestsOf } from "../lines";
import type { Priced, PricedLine } from "../types";

/** A pause in typing after which the server is asked. */
const PAUSE_MS = 250;

function usePaused<T>(value: T): T {
  const [paused, setPaused] = useState(value);
  const text = JSON.stringify(value);
  useEffect(() => {
    const timer = setTimeout(() => setPaused(JSON.parse(text) as T), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return paused;
}

export type Pricing = {
  priced: Priced | null;
  lines: Map<string, PricedLine>;
  faults: Map<string, { field: string; message: string }[]>;
  others: { field: string; message: string }[];
  /** What is shown belongs to what was entered before. */
  stale: boolean;
  failed: unknown;
  unfinished: number;
  request: (QuoteRequest & For) | null;
};

/** What the lines come to, by the server, a moment after they are entered. */
export function usePricing(whose: For | null, head: Head, draft: DraftLine[]): Pricing {
  const { lines, keys } = requestsOf(draft);
  const request = whose && lines.length > 0 ? { ...whose, ...head, lines } : null;
  // Terms say nothing about prices; the question stays the same while they are written.
  const question = request && {
    ...whose,
    price_list_id: head.price_list_id,
    currency: head.currency,
    rate: head.rate,
    lines,
  };
  const asked = usePaused({ question, keys });
  const answer = useQuery(priceQuery(asked.question as (QuoteRequest & For) | null));
  const current = JSON.stringify(asked) === JSON.stringify({ question, keys });
  const told = faultsByLine(faultsOf(answer.error), asked.keys);
  const priced = request === null || answer.error ? null : (answer.data ?? null);
  const byKey = new Map<string, PricedLine>();
  if (priced && !answer.isPlaceholderData) {
    asked.keys.forEach((key, index) => {
      const line = priced.lines[index];
      if (line) byKey.set(key, line);
    });
  }
  return {
    priced,
    lines: byKey,
    faults: told.lines,
    others: told.others,
    stale: !current || answer.isPlaceholderData || answer.isFetching,
    failed: answer.error && told.lines.size === 0 ? answer.error : null,
    unfinished: draft.length - lines.length,
    request,
  };
}
