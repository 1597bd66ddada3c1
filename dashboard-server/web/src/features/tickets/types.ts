/** Tickets as the pages read them. */
import type { Rec } from "@/lib/api/records";

export type Severity = "low" | "normal" | "high" | "urgent";
export type TicketStatus = "open" | "in_progress" | "paused" | "resolved" | "closed" | "cancelled";

export type Ticket = Rec & {
  number: string;
  kind: string;
  title: string;
  description: string | null;
  account_id: number | null;
  opportunity_id: number | null;
  quote_id: number | null;
  order_id: number | null;
  requester_id: number | null;
  owner_id: number | null;
  team_id: number | null;
  severity: Severity;
  status: TicketStatus;
  opened_at: string;
  first_response_at: string | null;
  resolved_at: string | null;
  closed_at: string | null;
  due_at: string | null;
  satisfaction: number | null;
  response?: string | null;
  resolution?: string | null;
  status_reason?: string | null;
};
