/** The colours of states. */
export const CONTRACT_TONES: Record<string, string> = {
  draft: "default",
  signed: "processing",
  effective: "success",
  completed: "success",
  terminated: "error",
};
export const REQUEST_TONES: Record<string, string> = {
  draft: "default",
  sent: "processing",
  paid: "success",
  cancelled: "default",
};
export const INVOICE_TONES: Record<string, string> = {
  applied: "processing",
  issued: "success",
  rejected: "error",
  voided: "default",
};
