/** News from the server: lists and numbers are asked for again when something has changed. */
import { type Query, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { statusQuery } from "./api/queries";

/** Lists of more pages than this are not read anew under their reader. */
const MOST_PAGES = 5;

/** Whether a query shows records and is cheap enough to be asked for again. */
export function isRefreshed(query: Pick<Query, "queryKey" | "state">): boolean {
  if (query.queryKey[0] !== "records") return false;
  const pages = (query.state.data as { pages?: unknown[] } | undefined)?.pages;
  return !pages || pages.length <= MOST_PAGES;
}

/** Follows what the server says about itself; what is shown is asked for again when that changes. */
export function useLive(): void {
  const client = useQueryClient();
  const { data } = useQuery(statusQuery);
  const mark = data ? `${data.set} ${data.writes}` : null;
  const seen = useRef(mark);
  useEffect(() => {
    if (mark === null || mark === seen.current) return;
    if (seen.current !== null) void client.invalidateQueries({ predicate: isRefreshed });
    seen.current = mark;
  }, [client, mark]);
}
