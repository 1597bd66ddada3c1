/** Contracts and money as the pages read them. */
import type { Rec } from "@/lib/api/records";

export type Contract = Rec & {
  number: string;
  name: string;
  account_id: number;
  opportunity_id: number | null;
  quote_id: number | null;
  framework_id: number | null;
  renews_id: number | null;
  owner_id: number | null;
  kind: "sale" | "framework" | "call_off" | "service";
  status: "draft" | "signed" | "effective" | "completed" | "terminated";
  signed_on: string | null;
  deposit_required: boolean;
  deposit_received_on: string | null;
  effective_on: string | null;
  expires_on: string | null;
  currency: string;
  rate: number | null;
  tax_rate: number | null;
  /** Absent where amounts are not seen, as are those below. */
  amount?: number | null;
  original_amount?: number | null;
  deposit_amount?: number | null;
};

export type PlanKind = "advance" | "progress" | "delivery" | "acceptance" | "retention" | "other";
export type DueBy = "date" | "signing" | "shipment" | "acceptance" | "invoice";

export type PaymentPlan = Rec & {
  contract_id: number | null;
  account_id: number;
  position: number;
  kind: PlanKind;
  due_by: DueBy;
  event_on: string | null;
  credit_days: number;
  due_on: string | null;
  share: number | null;
  status: "waiting" | "due" | "partly_paid" | "paid" | "written_off";
  amount?: number;
  received_amount?: number;
};

export type PaymentRequest = Rec & {
  number: string;
  account_id: number;
  payment_plan_id: number;
  requested_by_id: number | null;
  requested_at: string;
  status: "draft" | "sent" | "paid" | "cancelled";
  sent_on: string | null;
  note: string | null;
  amount?: number;
};

export type InvoiceApplication = Rec & {
  number: string;
  account_id: number;
  contract_id: number | null;
  payment_plan_id: number | null;
  applied_by_id: number | null;
  applied_at: string;
  title: string;
  credit_code: string | null;
  kind: "special" | "ordinary";
  tax_rate: number;
  status: "applied" | "issued" | "rejected" | "voided";
  invoice_number: string | null;
  issued_on: string | null;
  amount?: number;
};

export type Receipt = Rec & {
  number: string;
  account_id: number;
  received_on: string;
  kind: "payment" | "advance" | "retention" | "refund";
  method: string | null;
  reference: string | null;
  currency: string;
  amount?: number | null;
  original_amount?: number | null;
  allocated_amount?: number;
};

export type ReceiptAllocation = Rec & {
  receipt_id: number;
  payment_plan_id: number;
  allocated_on: string;
  amount?: number;
};
