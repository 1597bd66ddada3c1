/** Accounts: their countdowns, hints of duplicates, and the ways in and out of the pool. */
import { queryOptions } from "@tanstack/react-query";
import { getFrom } from "@/lib/api/client";
import { act, type Rec } from "@/lib/api/records";

export type Account = Rec & {
  number: string;
  name: string;
  status: string;
  pool_state: "owned" | "pooled";
  owner_id: number | null;
  team_id: number | null;
};

export type Countdown = {
  account_id: number;
  counted_from: string;
  exempt: boolean;
  last_day: string;
  returns_on: string;
  working_days_left: number;
  warned_at: string | null;
  warning: boolean;
};

export type Alike = "credit_code" | "name" | "phone" | "part_of_name";
export type Hints = {
  credit_code_valid: boolean | null;
  known: { account_id: number; number: string; name: string; by: Alike }[];
  elsewhere: { by: Alike; ask: string | null }[];
};

/** Rows that come into sight together ask for their countdowns together. */
const WAIT_MS = 15;
const MOST = 100;
type Waiting = {
  id: number;
  resolve: (countdown: Countdown | null) => void;
  reject: (error: unknown) => void;
};
let waiting: Waiting[] = [];

function askTogether(id: number): Promise<Countdown | null> {
  return new Promise((resolve, reject) => {
    if (waiting.length === 0) setTimeout(() => void answerWaiting(), WAIT_MS);
    waiting.push({ id, resolve, reject });
  });
}

async function answerWaiting(): Promise<void> {
  const asked = waiting;
  waiting = [];
  for (let index = 0; index < asked.length; index += MOST) {
    const some = asked.slice(index, index + MOST);
    try {
      const ids = [...new Set(some.map(({ id }) => id))].join(",");
      const { countdowns } = await getFrom<{ countdowns: Record<string, Countdown | undefined> }>(
        "/api/accounts/countdowns",
        { ids },
      );
      for (const { id, resolve } of some) resolve(countdowns[String(id)] ?? null);
    } catch (error) {
      for (const { reject } of some) reject(error);
    }
  }
}

/** When an owned account returns to the pool; null for one that nobody owns. */
export function countdownQuery(id: number) {
  return queryOptions({
    queryKey: ["records", "account", "countdown", id],
    queryFn: () => askTogether(id),
  });
}

/** Accounts that are like what has been typed so far. */
export function hintsQuery(typed: { name?: string; credit_code?: string; phone?: string }) {
  const { name = "", credit_code = "", phone = "" } = typed;
  return queryOptions({
    queryKey: ["records", "account", "hints", name, credit_code, phone],
    queryFn: ({ signal }) => getFrom<Hints>("/api/hints", { name, credit_code, phone }, signal),
    enabled: name.trim().length > 1 || credit_code.trim().length > 4 || phone.trim().length > 5,
    placeholderData: (before) => before,
  });
}

export const claim = (id: number) => act("account", id, "claim");
export const release = (id: number, reason: string) => act("account", id, "release", { reason });
export const assign = (id: number, user_id: number, reason: string) =>
  act("account", id, "assign", { user_id, reason });
export const request = (id: number, reason: string) =>
  act<{ asked: { user_id: number; name: string } }>("account", id, "request", { reason });
