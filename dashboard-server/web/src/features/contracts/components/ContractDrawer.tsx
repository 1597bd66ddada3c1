import { useQuery } from "@tanstack/react-query";
import { Tag } from "antd";
import { Amount, Choice, Day, RecordLink, UserName } from "@/components/Cells";
import { Facts } from "@/components/Facts";
import { History } from "@/components/History";
import { PendingDrawer, RecordDrawer } from "@/components/RecordDrawer";
import { RelatedList } from "@/components/RelatedList";
import { Attachments } from "@/components/Uploader";
import { recordQuery } from "@/lib/api/records";
import { useMay } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { CONTRACT_TONES } from "../tones";
import type { Contract, InvoiceApplication } from "../types";
import { ContractActions } from "./ContractActions";
import { ContractNumbers } from "./ContractNumbers";
import { CallOffs, Received, Requests } from "./ContractParts";
import { Instalments } from "./Instalments";
import "../contracts.css";

const FACTS = [
  "kind",
  "opportunity_id",
  "quote_id",
  "framework_id",
  "renews_id",
  "signed_on",
  "effective_on",
  "expires_on",
  "deposit_amount",
  "deposit_received_on",
  "tax_rate",
  "amount_without_tax",
  "currency",
  "rate",
  "rate_on",
  "recorded_at",
];

export function ContractDrawer({ id }: { id: number }) {
  const { t } = useTexts();
  const may = useMay();
  const found = useQuery(recordQuery<Contract>("contract", id));
  const contract = found.data?.record;
  const labels = found.data?.labels;
  if (!contract || !labels) {
    return <PendingDrawer found={found} testId="contract" />;
  }
  return (
    <RecordDrawer
      testId="contract"
      title={contract.name}
      subtitle={
        <>
          {contract.number} ·{" "}
          <RecordLink entity="account" id={contract.account_id} labels={labels} />
          {contract.opportunity_id !== null && (
            <>
              {" · "}
              <RecordLink entity="opportunity" id={contract.opportunity_id} labels={labels} />
            </>
          )}{" "}
          · <UserName id={contract.owner_id} labels={labels} />{" "}
          <Tag color={CONTRACT_TONES[contract.status]}>
            <Choice entity="contract" field="status" value={contract.status} />
          </Tag>
          {contract.kind !== "sale" && (
            <Tag>
              <Choice entity="contract" field="kind" value={contract.kind} />
            </Tag>
          )}
        </>
      }
      actions={<ContractActions contract={contract} />}
      head={<ContractNumbers contract={contract} />}
      tabs={[
        ...(contract.kind === "framework"
          ? [
              {
                key: "callOffs",
                label: t("contracting.drawer.callOffs"),
                children: <CallOffs contract={contract} />,
              },
            ]
          : []),
        {
          key: "plan",
          label: t("contracting.drawer.plan"),
          children: <Instalments contract={contract} />,
        },
        ...(may("receipt", "read")
          ? [
              {
                key: "receipts",
                label: t("contracting.drawer.receipts"),
                children: <Received contract={contract} />,
              },
            ]
          : []),
        ...(may("payment_request", "read")
          ? [
              {
                key: "requests",
                label: t("contracting.drawer.requests"),
                children: <Requests contract={contract} />,
              },
            ]
          : []),
        ...(may("invoice_application", "read")
          ? [
              {
                key: "invoices",
                label: t("contracting.drawer.invoices"),
                children: (
                  <RelatedList<InvoiceApplication>
                    entity="invoice_application"
                    query={{
                      filters: [{ field: "contract_id", op: "in", values: [String(id)] }],
                      sort: "-id",
                    }}
                    empty={t("contracting.invoice.none")}
                    card={(row) => ({
                      title: `${row.number} ${row.invoice_number ?? ""}`,
                      figure: row.amount === undefined ? undefined : <Amount fen={row.amount} />,
                      second: <Day value={row.issued_on ?? row.applied_at} />,
                      end: (
                        <Tag>
                          <Choice entity="invoice_application" field="status" value={row.status} />
                        </Tag>
                      ),
                    })}
                  />
                ),
              },
            ]
          : []),
        {
          key: "facts",
          label: t("contracting.drawer.facts"),
          children: <Facts entity="contract" record={contract} labels={labels} fields={FACTS} />,
        },
        {
          key: "files",
          label: t("contracting.drawer.files"),
          children: <Attachments entity="contract" id={id} />,
        },
        {
          key: "history",
          label: t("contracting.drawer.history"),
          children: <History entity="contract" id={id} />,
        },
      ]}
    />
  );
}
