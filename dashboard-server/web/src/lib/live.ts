/** News from the server: lists and numbers are asked for again when something has changed. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { statusQuery } from "./api/queries";
import { refreshRecords } from "./api/records";

/** Follows the server's state; records are asked for again when another set is published. */
export function useLive(): void {
  const client = useQueryClient();
  const { data } = useQuery(statusQuery);
  const mark = data ? `${data.set}` : null;
  const seen = useRef(mark);
  useEffect(() => {
    if (mark === null || mark === seen.current) return;
    if (seen.current !== null) void refreshRecords(client);
    seen.current = mark;
  }, [client, mark]);
}
