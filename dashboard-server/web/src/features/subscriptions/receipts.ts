/** What became of copies, in words, and which of them can be sent again. */
import type { TFunction } from "i18next";
import type { Dispatch, DispatchState } from "./types";

export const STATE_TONES: Record<DispatchState, string | undefined> = {
  planned: "processing",
  sending: "processing",
  sent: "success",
  retrying: "warning",
  unknown: "warning",
  given_up: "error",
  withheld: undefined,
  quiet: undefined,
  skipped: undefined,
};

/** The states in the order of how much they ask for. */
export const BY_TROUBLE: DispatchState[] = [
  "given_up",
  "unknown",
  "retrying",
  "withheld",
  "sending",
  "planned",
  "sent",
  "quiet",
  "skipped",
];

/** Copies that did not come, and that somebody may want to know of. */
export const TROUBLED: DispatchState[] = ["given_up", "unknown", "retrying", "withheld"];

/** Those that can be sent once more; what came, or has nothing to tell, is not. */
export function canSendAgain(state: DispatchState): boolean {
  return ["unknown", "given_up", "withheld", "retrying", "skipped"].includes(state);
}

/** It may have come already: whoever sends it again should know. */
export function mayComeTwice(state: DispatchState): boolean {
  return state === "unknown";
}

export type Occurrence = {
  planned_at: string;
  manual: boolean;
  copies: Dispatch[];
  /** How many there are of each state, the most troubled first. */
  counts: [DispatchState, number][];
};

/** The copies of each moment together, in the order that they come in. */
export function occurrences(copies: Dispatch[]): Occurrence[] {
  const found = new Map<string, Dispatch[]>();
  for (const copy of copies) {
    const known = found.get(copy.planned_at);
    if (known) known.push(copy);
    else found.set(copy.planned_at, [copy]);
  }
  return [...found].map(([planned_at, own]) => ({
    planned_at,
    manual: own.some(({ manual }) => manual),
    copies: [...own].sort((a, b) => trouble(a) - trouble(b) || a.id - b.id),
    counts: BY_TROUBLE.flatMap((state): [DispatchState, number][] => {
      const count = own.filter((copy) => copy.state === state).length;
      return count > 0 ? [[state, count]] : [];
    }),
  }));
}

function trouble({ state }: Dispatch): number {
  return BY_TROUBLE.indexOf(state);
}

/** What others send to somebody: the last copy of each subscription, the latest first. */
export function received(copies: Dispatch[], mine: Set<number>): Dispatch[] {
  const last = new Map<number, Dispatch>();
  for (const copy of copies) {
    if (copy.channel !== "mail" || mine.has(copy.subscription_id)) continue;
    const known = last.get(copy.subscription_id);
    if (!known || copy.planned_at > known.planned_at) last.set(copy.subscription_id, copy);
  }
  return [...last.values()].sort((a, b) => b.planned_at.localeCompare(a.planned_at));
}

/** The server's reasons, with the values in them. */
const REASONS: [RegExp, string][] = [
  [/^the subscription rests$/, "rests"],
  [/^there is no such subscription any more$/, "gone"],
  [/^the recipient may not sign in, and so gets nothing$/, "mayNotSignIn"],
  [/^the recipient has no mail address$/, "noAddress"],
  [/^the list is empty$/, "emptyList"],
  [/^nobody was there; a later one was sent$/, "missed"],
  [/^the program ended while it was handed over/, "endedMeanwhile"],
  [/^there is no such number now$/, "noNumber"],
  [/^it is beyond the limit, and that was told before$/, "toldBefore"],
  [/^it is within the limit$/, "withinLimit"],
  [/^there is no mail server: set \[mail\] in the settings$/, "noServer"],
  [/^the mail server (?:did not answer|is not connected)$/, "serverSilent"],
  [
    /^the mail was sent and the server did not say that it took it(?: \((?<value>.*)\))?$/,
    "notConfirmed",
  ],
  [/^permanent error \((?<value>\d+)\): (?<limit>.*)$/s, "refused"],
  [/^transient error \((?<value>\d+)\): (?<limit>.*)$/s, "refusedNow"],
  [/^(?<field>\w+): \w+ records can be (?:sorted|filtered) by /, "unseenField"],
  [/^it answered (?<value>.+)$/, "answered"],
  [/^it cannot be reached: (?<value>.+)$/s, "unreachable"],
  [/^it was called and did not answer: (?<value>.+)$/s, "noAnswer"],
  [/^its name is not known: (?<value>.+)$/s, "unknownName"],
  [/^its name has no address$/, "noHost"],
  [/^it is in a private network/, "privateNetwork"],
];

/** Why a copy did not come, in the reader's language; what is not known stays as it is. */
export function tellReason(reason: string, t: TFunction): string {
  for (const [pattern, key] of REASONS) {
    const found = pattern.exec(reason);
    if (!found) continue;
    const { field, ...said } = found.groups ?? {};
    const name = field && t(`field.${field}`, { defaultValue: field });
    return t(`subscriptions.reason.${key}`, { value: "", field: name, ...said });
  }
  return reason;
}
