import type { Json, Rec } from "@/lib/api/records";
import type { Content, Kind } from "@/lib/subscribing";

export type Subscription = Rec & {
  name: string;
  owner_id: number;
  kind: Kind;
  content: { [name: string]: Json };
  rule: string | null;
  zone: string | null;
  channel: "mail" | "webhook";
  recipients: number[];
  url: string | null;
  secret?: string | null;
  language: "zh" | "en" | null;
  enabled: boolean;
};

/** The content as its kind has it; the server has checked that. */
export function contentOf({ content }: Pick<Subscription, "content">): Content {
  return content as Content;
}

export type DispatchState =
  | "planned"
  | "sending"
  | "sent"
  | "retrying"
  | "unknown"
  | "given_up"
  | "withheld"
  | "quiet"
  | "skipped";

/** A copy of a subscription for one recipient: its receipt. */
export type Dispatch = Rec & {
  subscription_id: number;
  recipient_id: number;
  planned_at: string;
  manual: boolean;
  channel: "mail" | "webhook";
  address: string | null;
  state: DispatchState;
  attempts: number;
  next_attempt_at: string | null;
  rendered_at: string | null;
  sent_at: string | null;
  subject: string | null;
  message_id: string | null;
  reason: string | null;
  response: string | null;
};
