/** The colours of states. */
export const QUOTE_TONES: Record<string, string> = {
  draft: "default",
  in_approval: "warning",
  approved: "processing",
  sent: "processing",
  accepted: "success",
  partial: "success",
  declined: "error",
  expired: "warning",
  superseded: "default",
  withdrawn: "default",
};
