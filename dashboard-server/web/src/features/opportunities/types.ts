/** Deals, stages and pipelines as the pages read them. */
import type { Labels, Rec } from "@/lib/api/records";
import type { Criterion, Missing } from "@/lib/problem";

export type Outcome = "open" | "won" | "lost" | "shelved" | "invalid" | "duplicate";

export type Opportunity = Rec & {
  number: string;
  name: string;
  account_id: number;
  contact_id: number | null;
  product_id: number | null;
  owner_id: number | null;
  team_id: number | null;
  pipeline_id: number;
  stage_id: number;
  stage_entered_at: string;
  outcome: Outcome;
  opened_at: string;
  won_at: string | null;
  closed_at: string | null;
  completed_at: string | null;
  last_moved_at: string;
  expected_close_on: string | null;
  lost_reason: string | null;
  competitor: string | null;
  /** Absent where amounts are not seen. */
  amount?: number | null;
};

/** A deal on the board. */
export type BoardDeal = Opportunity & { working_days_in_stage?: number | null };

export type Stage = Rec & {
  pipeline_id: number;
  code: string;
  name_zh: string;
  name_en: string;
  position: number;
  expected_days: number | null;
  probability: number;
  entry_criteria: Criterion[];
  exit_criteria: Criterion[];
  terminal: boolean;
  after_winning: boolean;
};

export type Pipeline = Rec & {
  name_zh: string;
  name_en: string;
  default_pipeline: boolean;
  may_skip: boolean;
  may_move_back: boolean;
};

export type BoardColumn = {
  stage: Stage;
  count: number;
  amount?: number | null;
  weighted_amount?: number | null;
  rows: BoardDeal[];
  next?: string | null;
};

export type Board = { pipeline: Pipeline; columns: BoardColumn[]; labels: Labels };

export type StageChange = Rec & {
  opportunity_id: number;
  from_stage_id: number | null;
  stage_id: number;
  outcome: Outcome;
  changed_at: string;
  by_id: number | null;
  kind: string;
  reason: string | null;
  overridden: Missing[] | null;
  corrects_id: number | null;
};
