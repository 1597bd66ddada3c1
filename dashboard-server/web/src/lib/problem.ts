/** What the server refused, in the reader's language, with what to do next. */
import type { TFunction } from "i18next";
import { ApiError, codeOf } from "./api/client";
import type { Rec } from "./api/records";
import type { Problem } from "./api/types";
import { instant } from "./format";

export type FieldFault = { field: string; message: string };
export type Criterion =
  | { field: string }
  | { attachment: string }
  | { quote: "sent" | "accepted" }
  | { contract: "signed" | "effective" };
/** What a stage asks for and a deal lacks. */
export type Missing = {
  stage_id: number;
  stage: string;
  when: "enter" | "leave";
  criterion: Criterion;
};
export type Told = { sentence: string; detail: string | null; fields: FieldFault[] };

/** The members of problem documents beside those that all have. */
type Members = Problem & {
  fields?: FieldFault[];
  errors?: FieldFault[];
  missing?: Missing[];
  owner?: string;
  owner_id?: number;
  until?: string;
  limit?: number;
  held?: number;
  holder?: string;
  rule?: string;
  state?: string;
  needs?: string[];
  entity?: string;
  current?: Rec;
  submitted?: Record<string, unknown>;
};

export function membersOf(error: unknown): Members | null {
  return error instanceof ApiError ? (error.problem as Members) : null;
}

/** What is wrong with the fields of a form. */
export function faultsOf(error: unknown): FieldFault[] {
  const members = membersOf(error);
  return members?.fields ?? members?.errors ?? [];
}

/** What is missing for a move, null where that is not why it was refused. */
export function missingOf(error: unknown): Missing[] | null {
  const members = membersOf(error);
  return members && codeOf(members) === "unmet" ? (members.missing ?? []) : null;
}

/** The record as somebody else has changed it meanwhile, null where that is not the reason. */
export function staleOf(error: unknown): { current: Rec } | null {
  const members = membersOf(error);
  return members && codeOf(members) === "stale" && members.current
    ? { current: members.current }
    : null;
}

/** The server's sentences about fields, with the values in them. */
const FAULTS: [RegExp, string][] = [
  [/^must not be empty$|^is required/, "empty"],
  [/^must have at most (\d+) characters$/, "tooLong"],
  [/^must be at least (-?\d+)$/, "least"],
  [/^must be at most (-?\d+)$/, "greatest"],
  [/^must be above 0$/, "positive"],
  [/^must be a whole number$/, "whole"],
  [/^must be a (?:time|date)/, "time"],
  [/^must not be (?:in the )?future$|^must not be in the future$/, "future"],
  [/^must not be past$/, "past"],
  [/^must be one of/, "choice"],
  [/^belongs to another customer$/, "otherCustomer"],
  [/^must be a unified social credit code/, "creditCode"],
  [/^"(.*)" is no cron expression/s, "cron"],
  [/is no rule: write|is no (?:time of day|such day|day of the week): write/, "rule"],
  [/write a time zone by its name/, "zone"],
  [/^must not come more often than every 15 minutes$/, "often"],
  [/^must be an address as https/, "webhook"],
  [/^must name 1 to (\d+) users$/, "people"],
  [/^an ingest names its mapping file$/, "mapping"],
  [/^what people wait for is never left out/, "neverLeftOut"],
  [/^is in the pool already$/, "pooled"],
  [/^is not in the pool$/, "notPooled"],
];

/** A sentence about a field in the reader's language; one that is not known stays as it is. */
export function tellFault(message: string, t: TFunction): string {
  for (const [pattern, key] of FAULTS) {
    const found = pattern.exec(message);
    if (found) return t(`fault.${key}`, { value: found[1] });
  }
  return message;
}

/** Why something was refused. */
export function tellProblem(error: unknown, t: TFunction, zone: string): Told {
  const plain = (sentence: string, detail: string | null = null): Told => ({
    sentence,
    detail,
    fields: [],
  });
  const members = membersOf(error);
  if (!members) return plain(t("problems.offline"));
  const code = codeOf(members);
  const until = members.until ? instant(members.until, zone) : "";
  switch (code) {
    case "invalid": {
      const fields = faultsOf(error).map(({ field, message }) => ({
        field,
        message: tellFault(message, t),
      }));
      const detail = fields
        .map(({ field, message }) => `${t(`field.${field}`, { defaultValue: field })}: ${message}`)
        .join("; ");
      return { sentence: t("problems.invalid"), detail, fields };
    }
    case "already-claimed":
      return plain(
        members.owner
          ? t("problems.alreadyClaimed", { owner: members.owner })
          : t("problems.alreadyClaimedBySomebody"),
      );
    case "claim-limit":
      return plain(t("problems.claimLimit", { limit: members.limit, until }));
    case "pool-capacity":
      return plain(
        t("problems.poolCapacity", {
          holder: members.holder,
          capacity: members.limit,
          held: members.held,
        }),
      );
    case "cooldown":
      return plain(t("problems.cooldown", { until }));
    case "routed-elsewhere":
      return plain(t("problems.routedElsewhere"));
    case "locked-out":
      return plain(t("problems.lockedOut", { until }));
    case "weak-password":
      return plain(t("problems.weakPassword", { least: /\d+/.exec(members.detail)?.[0] ?? "" }));
    case "state":
      return plain(
        t("problems.state", {
          state: t(`state_of.${members.state}`, { defaultValue: members.state }),
        }),
      );
    case "refused":
      return plain(t(`rule.${members.rule}`, { defaultValue: members.detail }));
    case "unmet":
      return plain(t("problems.unmet"));
    case "taken":
    case "constraint":
      return plain(t(`problems.${code}`));
    case "credentials":
    case "stale":
    case "forbidden":
    case "password-expired":
    case "unauthenticated":
      return plain(t(`problems.${code}`));
    case "busy":
      return plain(t("problems.busy"));
    case "not-found":
      return plain(t("problems.notFound"));
    case "internal":
      return plain(t("problems.internal"));
    case "too-large":
      return plain(t("problems.tooLarge"));
    case "csrf":
    case "foreign-origin":
    case "precondition-required":
    case "not-json":
      return plain(t("problems.otherVersion"));
    case "foreign-host":
      return plain(t("problems.foreignHost", { host: window.location.host }));
    default:
      return plain(
        t("problems.status", { status: members.status }),
        members.detail || members.title || null,
      );
  }
}

/** What a stage asks for, as a sentence. */
export function criterionText(criterion: Criterion, t: TFunction): string {
  if ("field" in criterion) {
    const name = t(`field.${criterion.field}`, { defaultValue: criterion.field });
    return t("criterion.field", { name });
  }
  if ("attachment" in criterion) {
    const kind = t(`attachment.${criterion.attachment}`, { defaultValue: criterion.attachment });
    return t("criterion.attachment", { kind });
  }
  if ("quote" in criterion) return t(`criterion.quote_${criterion.quote}`);
  return t(`criterion.contract_${criterion.contract}`);
}
