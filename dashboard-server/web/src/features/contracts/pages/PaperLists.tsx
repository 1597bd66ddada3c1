/** Requests to customers to pay, and applications for invoices. */
import { Amount } from "@/components/Cells";
import {
  amountColumn,
  ChoiceTag,
  choiceColumn,
  dayColumn,
  namedColumn,
  tagColumn,
  textColumn,
} from "@/components/columns";
import type { FilterSpec } from "@/components/FilterChips";
import { useOverlay } from "@/components/navigation";
import { type Column, ResourceTable } from "@/components/ResourceTable";
import { EmptyState } from "@/components/States";
import { labelOf } from "@/lib/api/records";
import { useSeesAmounts } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { INVOICE_TONES, REQUEST_TONES } from "../tones";
import type { InvoiceApplication, PaymentRequest } from "../types";

type Paper = PaymentRequest | InvoiceApplication;

type Props<T extends Paper> = {
  entity: "payment_request" | "invoice_application";
  tones: Record<string, string>;
  /** Those of its kind alone, behind the number, the customer, the amount and the state. */
  columns: Column<T>[];
  filters: FilterSpec[];
  second: (row: T) => string;
  title: string;
  text: string;
};

function PaperList<T extends Paper>({
  entity,
  tones,
  columns,
  filters,
  second,
  title,
  text,
}: Props<T>) {
  const { lang } = useTexts();
  const sees = useSeesAmounts();
  const { openRecord } = useOverlay();
  return (
    <ResourceTable<T>
      entity={entity}
      columns={[
        textColumn<T>("number", 150, { sortable: true }),
        namedColumn<T>(entity, "account_id", 230),
        ...amountColumn<T>(sees, 120),
        tagColumn<T>(entity, "status", 90, tones),
        ...columns,
      ]}
      filters={[
        { field: "status", kind: "choice" },
        { field: "account_id", kind: "reference" },
        ...filters,
      ]}
      base={{ sort: "-id" }}
      onOpen={({ id }) => openRecord({ entity, id })}
      empty={<EmptyState title={title}>{text}</EmptyState>}
      card={(row, labels) => ({
        title: labelOf(labels, "account", row.account_id, lang),
        figure: sees ? <Amount fen={row.amount} /> : undefined,
        second: second(row),
        end: <ChoiceTag entity={entity} field="status" value={row.status} tones={tones} />,
      })}
    />
  );
}

export function RequestList() {
  const { t } = useTexts();
  return (
    <PaperList<PaymentRequest>
      entity="payment_request"
      tones={REQUEST_TONES}
      columns={[
        dayColumn("requested_at", 110),
        dayColumn("sent_on"),
        namedColumn("payment_request", "requested_by_id", 110),
      ]}
      filters={[
        { field: "requested_by_id", kind: "reference" },
        { field: "requested_at", kind: "moment" },
      ]}
      second={({ number }) => number}
      title={t("contracting.request.none")}
      text={t("contracting.request.emptyText")}
    />
  );
}

export function InvoiceList() {
  const { t } = useTexts();
  return (
    <PaperList<InvoiceApplication>
      entity="invoice_application"
      tones={INVOICE_TONES}
      columns={[
        choiceColumn("invoice_application", "kind", 140),
        textColumn("invoice_number", 140),
        dayColumn("applied_at"),
        namedColumn("invoice_application", "applied_by_id", 110),
      ]}
      filters={[
        { field: "applied_by_id", kind: "reference" },
        { field: "issued_on", kind: "day" },
      ]}
      second={({ number, invoice_number }) => `${number} ${invoice_number ?? ""}`}
      title={t("contracting.invoice.none")}
      text={t("contracting.invoice.emptyText")}
    />
  );
}
