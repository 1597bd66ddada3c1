import type { Rec } from "@/lib/api/records";

export type RunStateName = "planned" | "running" | "done" | "failed" | "cancelled" | "skipped";

export type Schedule = Rec & {
  name: string;
  work: string;
  mapping: string | null;
  rule: string;
  zone: string | null;
  catch_up: "once" | "all";
  catch_up_days: number | null;
  time_limit_minutes: number;
  enabled: boolean;
};

export type Run = Rec & {
  schedule_id: number;
  planned_at: string;
  state: RunStateName;
  manual: boolean;
  requested_by_id: number | null;
  began_at: string | null;
  ended_at: string | null;
  attempt: number;
  cancel_asked_at: string | null;
  result: string | null;
  error: string | null;
};
