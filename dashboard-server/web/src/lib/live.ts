/**
 * News from the server: lists and numbers are asked for again when something has changed. They come
 * as server-sent events while the page is seen; where no stream gets through, by asking every few
 * seconds.
 */
import { type Query, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { NEWS_MS, statusQuery } from "./api/queries";

/** Lists of more pages than this are not read anew under their reader. */
const MOST_PAGES = 5;
/** How long after the server has ended a stream it is asked for again. */
const AGAIN_MS = 30_000;

/** What the server says of itself: the newest set, what changed with it, how much was written. */
export type News = { set?: number | null; tables?: string[]; writes: number };

/** As much of an `EventSource` as is used. */
export type Source = {
  readyState: number;
  addEventListener(name: string, listener: (event: { data?: unknown }) => void): void;
  close(): void;
};

const CLOSED = 2;

/** Whether a query shows records and is cheap enough to be asked for again. */
export function isRefreshed(query: Pick<Query, "queryKey" | "state">): boolean {
  if (query.queryKey[0] !== "records") return false;
  const pages = (query.state.data as { pages?: unknown[] } | undefined)?.pages;
  return !pages || pages.length <= MOST_PAGES;
}

function newsOf(data: unknown): News | null {
  try {
    const news = JSON.parse(String(data)) as News;
    return typeof news.writes === "number" ? news : null;
  } catch {
    return null;
  }
}

/**
 * Listens to streams, one after the other: what the server ended is opened again after a while.
 * `onState` says whether news arrive. Gives the way to stop.
 */
export function listen(
  open: () => Source,
  onNews: (news: News) => void,
  onState: (arrives: boolean) => void,
): () => void {
  let source: Source | null = null;
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const begin = () => {
    const own = open();
    source = own;
    const hear = (event: { data?: unknown }) => {
      const news = newsOf(event.data);
      if (!news) return;
      onState(true);
      onNews(news);
    };
    own.addEventListener("set", hear);
    own.addEventListener("writes", hear);
    own.addEventListener("error", () => {
      onState(false);
      // What was broken off, the browser opens again by itself; what was refused or ended it does not.
      if (own.readyState !== CLOSED) return;
      own.close();
      clearTimeout(waiting);
      waiting = setTimeout(begin, AGAIN_MS);
    });
  };
  begin();
  return () => {
    clearTimeout(waiting);
    source?.close();
  };
}

/** Whether the page is seen: a stream takes one of the few connections that a browser makes. */
function useSeen(): boolean {
  const [seen, setSeen] = useState(!document.hidden);
  useEffect(() => {
    const look = () => setSeen(!document.hidden);
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  return seen;
}

/** Follows what the server says about itself; what is shown is asked for again when that changes. */
export function useLive(): void {
  const client = useQueryClient();
  const [arrives, setArrives] = useState(false);
  const seen = useSeen();
  const { data } = useQuery({ ...statusQuery, refetchInterval: arrives ? false : NEWS_MS });
  const mark = data ? `${data.set} ${data.writes}` : null;
  const before = useRef(mark);
  useEffect(() => {
    if (!seen || typeof EventSource === "undefined") return;
    const told = (news: News) => {
      const status = client.getQueryData(statusQuery.queryKey);
      // The numbers follow the status by their set; what was only written changes no number yet.
      if (news.set === undefined || news.set === status?.set) {
        client.setQueryData(
          statusQuery.queryKey,
          (status) => status && { ...status, writes: news.writes },
        );
      } else {
        void client.invalidateQueries({ queryKey: statusQuery.queryKey });
      }
    };
    const stop = listen(() => new EventSource("/api/live"), told, setArrives);
    return () => {
      stop();
      setArrives(false);
    };
  }, [client, seen]);
  useEffect(() => {
    if (mark === null || mark === before.current) return;
    if (before.current !== null) void client.invalidateQueries({ predicate: isRefreshed });
    before.current = mark;
  }, [client, mark]);
}
