/** What is done with tickets. */
import { act, type One } from "@/lib/api/records";
import type { Step } from "./tickets";
import type { Ticket } from "./types";

/** What each step sends beside the version. */
export type StepBody = {
  user_id?: number;
  response?: string;
  reason?: string;
  resolution?: string;
  satisfaction?: number;
};

export function doStep(
  { id, version }: { id: number; version: number },
  step: Step,
  body: StepBody = {},
): Promise<One<Ticket>> {
  return act("ticket", id, step, body, { version });
}
