/** What the pages of contracts and money ask for, and do. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { deleteAt, getFrom, postTo } from "@/lib/api/client";
import {
  act,
  type Filter,
  listParameters,
  listQuery,
  type One,
  type Page,
} from "@/lib/api/records";
import { pathOf } from "@/lib/resources";
import type { InstalmentRequest } from "./instalments";
import type {
  Contract,
  InvoiceApplication,
  PaymentPlan,
  PaymentRequest,
  Receipt,
  ReceiptAllocation,
} from "./types";

const among = (field: string, ids: number[]): Filter => ({
  field,
  op: "in",
  values: ids.map(String),
});

export function plansQuery(contractId: number) {
  return listQuery<PaymentPlan>("payment_plan", {
    filters: [among("contract_id", [contractId])],
    sort: "position",
    limit: 100,
  });
}

const OPEN: Filter = { field: "status", op: "in", values: ["waiting", "due", "partly_paid"] };

/** The instalments of a customer that are not paid yet. */
export function openPlansQuery(accountId: number | null) {
  return queryOptions({
    ...listQuery<PaymentPlan>("payment_plan", {
      filters: [among("account_id", [accountId ?? 0]), OPEN],
      limit: 100,
    }),
    enabled: accountId !== null,
  });
}

/** All instalments with a due day that are not paid, page by page. */
export function duePlansQuery(filters: Filter[]) {
  return infiniteQueryOptions({
    queryKey: ["records", "payment_plan", "due", filters],
    placeholderData: keepPreviousData,
    initialPageParam: null as string | null,
    getNextPageParam: (last: Page<PaymentPlan>) => last.next ?? null,
    queryFn: ({ pageParam, signal }) =>
      getFrom<Page<PaymentPlan>>(
        pathOf("payment_plan"),
        {
          ...listParameters({
            filters: [
              { field: "status", op: "in", values: ["due", "partly_paid"] },
              { field: "due_on", op: "is_set", values: [] },
              ...filters,
            ],
            sort: "due_on",
            limit: 100,
          }),
          cursor: pageParam,
        },
        signal,
      ),
  });
}

export function requestsQuery(planIds: number[]) {
  return queryOptions({
    ...listQuery<PaymentRequest>("payment_request", {
      filters: [among("payment_plan_id", planIds)],
      sort: "-id",
      limit: 100,
    }),
    enabled: planIds.length > 0,
  });
}

export function invoicesQuery(contractId: number) {
  return listQuery<InvoiceApplication>("invoice_application", {
    filters: [among("contract_id", [contractId])],
    sort: "-id",
    limit: 100,
  });
}

export function callOffsQuery(frameworkId: number) {
  return listQuery<Contract>("contract", {
    filters: [among("framework_id", [frameworkId])],
    sort: "-id",
    limit: 100,
  });
}

export function allocationsQuery(filter: { receipt?: number; plans?: number[] }) {
  const filters = [
    ...(filter.receipt === undefined ? [] : [among("receipt_id", [filter.receipt])]),
    ...(filter.plans === undefined ? [] : [among("payment_plan_id", filter.plans)]),
  ];
  return queryOptions({
    ...listQuery<ReceiptAllocation>("receipt_allocation", { filters, sort: "-id", limit: 100 }),
    enabled: filter.plans === undefined || filter.plans.length > 0,
  });
}

export type Terms = {
  name?: string;
  deposit_amount?: number;
  expires_on?: string;
  renews_id?: number;
  instalments?: InstalmentRequest[];
};
export type Worth = {
  currency?: string;
  original_amount: number;
  rate?: number;
  tax_rate: number;
};

export function createContract(
  body: Terms & {
    kind: "sale" | "service" | "framework";
    account_id: number;
    opportunity_id?: number;
    worth?: Worth;
  },
  key: string,
): Promise<One<Contract>> {
  return postTo(pathOf("contract"), body, { key });
}

export function contractFromQuote(
  body: Terms & { quote_id: number },
  key: string,
): Promise<One<Contract>> {
  return postTo("/api/contracts/from-quote", body, { key });
}

export function callOff(
  frameworkId: number,
  body: Terms & { opportunity_id?: number; worth: Worth },
  key: string,
): Promise<One<Contract>> {
  return act("contract", frameworkId, "call-offs", body, { key });
}

type Target = { id: number; version: number };

export function signContract(
  { id, version }: Target,
  body: { signed_on: string; rate?: number },
): Promise<One<Contract>> {
  return act("contract", id, "sign", body, { version });
}

export function depositReceived({ id, version }: Target, on: string): Promise<One<Contract>> {
  return act("contract", id, "deposit", { received_on: on }, { version });
}

export function closeContract(
  { id, version }: Target,
  how: "completed" | "terminated",
): Promise<One<Contract>> {
  return act("contract", id, "close", { how }, { version });
}

export function planInstalments(contractId: number, instalments: InstalmentRequest[]) {
  return act<Page<PaymentPlan>>("contract", contractId, "instalments", { instalments });
}

/** Something came that makes instalments due: a shipment, an acceptance, an invoice. */
export function eventCame(contractId: number, event: string, on: string) {
  return act<Page<PaymentPlan>>("contract", contractId, "events", { event, on });
}

export function writeOff({ id, version }: Target): Promise<One<PaymentPlan>> {
  return act("payment_plan", id, "write-off", {}, { version });
}

export function requestPayment(
  body: { payment_plan_id: number; amount?: number; note?: string },
  key: string,
): Promise<One<PaymentRequest>> {
  return postTo(pathOf("payment_request"), body, { key });
}

export function sendRequest({ id, version }: Target): Promise<One<PaymentRequest>> {
  return act("payment_request", id, "send", {}, { version });
}

export function cancelRequest({ id, version }: Target): Promise<One<PaymentRequest>> {
  return act("payment_request", id, "cancel", {}, { version });
}

export function applyForInvoice(
  body: {
    contract_id: number;
    payment_plan_id?: number;
    title?: string;
    credit_code?: string;
    kind: string;
    tax_rate?: number;
    amount?: number;
  },
  key: string,
): Promise<One<InvoiceApplication>> {
  return postTo(pathOf("invoice_application"), body, { key });
}

export function issueInvoice(
  { id, version }: Target,
  body: { invoice_number: string; issued_on?: string },
): Promise<One<InvoiceApplication>> {
  return act("invoice_application", id, "issue", body, { version });
}

export function answerInvoice(
  { id, version }: Target,
  answer: "reject" | "void",
): Promise<One<InvoiceApplication>> {
  return act("invoice_application", id, answer, {}, { version });
}

export type AllocationRequest = { payment_plan_id: number; amount: number };

export function createReceipt(
  body: {
    account_id: number;
    received_on?: string;
    kind?: string;
    method?: string;
    reference?: string;
    original_amount: number;
    allocations: AllocationRequest[];
  },
  key: string,
): Promise<One<Receipt>> {
  return postTo(pathOf("receipt"), body, { key });
}

export function allocate(
  { id, version }: Target,
  allocations: AllocationRequest[],
): Promise<One<Receipt>> {
  return act("receipt", id, "allocate", { allocations }, { version });
}

export function removeReceipt({ id, version }: Target): Promise<void> {
  return deleteAt(pathOf("receipt", id), { version });
}

export function takeBack({ id, version }: Target): Promise<void> {
  return deleteAt(pathOf("receipt_allocation", id), { version });
}
