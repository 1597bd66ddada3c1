import { PlusOutlined } from "@ant-design/icons";
import { Button, Segmented, Tabs, Tag } from "antd";
import type { ReactNode } from "react";
import { useNavigate, useParams, useSearchParams } from "react-router";
import { Amount, Choice, Day, Named, UserName } from "@/components/Cells";
import { useOverlay } from "@/components/navigation";
import { type Column, ResourceTable } from "@/components/ResourceTable";
import { EmptyState, PermissionState } from "@/components/States";
import { labelOf } from "@/lib/api/records";
import { usePhone } from "@/lib/media";
import type { Entity } from "@/lib/resources";
import { leads, useMay, useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { CONTRACT_TONES } from "../components/ContractDrawer";
import type { Contract, InvoiceApplication, PaymentRequest, Receipt } from "../types";
import { DueList } from "./DueList";
import "../contracts.css";

const SECTIONS = [
  ["contracts", "contract"],
  ["due", "payment_plan"],
  ["receipts", "receipt"],
  ["requests", "payment_request"],
  ["invoices", "invoice_application"],
] as const satisfies [string, Entity][];
type Section = (typeof SECTIONS)[number][0];

export function ContractsPage() {
  const { t } = useTexts();
  const may = useMay();
  const phone = usePhone();
  const navigate = useNavigate();
  const { openForm } = useOverlay();
  const { "*": rest } = useParams();
  const seen = SECTIONS.filter(([, entity]) => may(entity, "read")).map(([name]) => name);
  const section: Section | undefined = seen.find((name) => name === rest) ?? seen[0];
  if (!section) return <PermissionState />;
  const button = (form: string, label: string): ReactNode =>
    !phone && (
      <Button
        type="primary"
        icon={<PlusOutlined />}
        data-testid={`new-${form}`}
        onClick={() => openForm(form)}
      >
        {label}
      </Button>
    );
  return (
    <main className="work-page">
      <header className="page-head">
        <h1>{t("contracting.title")}</h1>
        <span className="end page-buttons">
          {section === "contracts" && may("contract", "create")
            ? button("contract", t("contracting.create"))
            : null}
          {["due", "receipts"].includes(section) && may("receipt", "create")
            ? button("receipt", t("contracting.receipt.title"))
            : null}
        </span>
      </header>
      <Tabs
        className="page-tabs"
        activeKey={section}
        aria-label={t("contracting.sections")}
        onChange={(key) => navigate(key === "contracts" ? "/contracts" : `/contracts/${key}`)}
        items={seen.map((key) => ({ key, label: t(`contracting.tabs.${key}`) }))}
      />
      {section === "contracts" && <ContractList />}
      {section === "due" && <DueList />}
      {section === "receipts" && <ReceiptList />}
      {section === "requests" && <RequestList />}
      {section === "invoices" && <InvoiceList />}
    </main>
  );
}

function useSees(): boolean {
  return useMe().rights.visibility.includes("amounts");
}

function ContractList() {
  const { t, lang } = useTexts();
  const me = useMe();
  const may = useMay();
  const sees = useSees();
  const { openForm, openRecord } = useOverlay();
  const [params, setParams] = useSearchParams();
  const standard = leads(me) ? "all" : "mine";
  const who = params.get("who") ?? standard;
  const columns: Column<Contract>[] = [
    { field: "number", width: 140, sortable: true, render: (row) => row.number },
    { field: "name", width: 220, render: (row) => row.name },
    {
      field: "account_id",
      width: 190,
      render: (row, labels) => <Named entity="account" id={row.account_id} labels={labels} />,
    },
    ...(sees
      ? [
          {
            field: "amount",
            width: 110,
            align: "right",
            sortable: true,
            render: (row) => <Amount fen={row.amount} />,
          } satisfies Column<Contract>,
        ]
      : []),
    {
      field: "status",
      width: 90,
      render: (row) => (
        <Tag color={CONTRACT_TONES[row.status]}>
          <Choice entity="contract" field="status" value={row.status} />
        </Tag>
      ),
    },
    {
      field: "kind",
      width: 110,
      render: (row) => <Choice entity="contract" field="kind" value={row.kind} />,
    },
    {
      field: "signed_on",
      width: 90,
      sortable: true,
      render: (row) => <Day value={row.signed_on} />,
    },
    {
      field: "expires_on",
      width: 90,
      sortable: true,
      render: (row) => <Day value={row.expires_on} />,
    },
    {
      field: "owner_id",
      width: 100,
      render: (row, labels) => <UserName id={row.owner_id} labels={labels} />,
    },
  ];
  return (
    <ResourceTable<Contract>
      entity="contract"
      columns={columns}
      filters={[
        { field: "status", kind: "choice" },
        { field: "kind", kind: "choice" },
        { field: "account_id", kind: "reference" },
        { field: "owner_id", kind: "reference" },
        { field: "signed_on", kind: "day" },
        { field: "expires_on", kind: "day" },
      ]}
      base={{ view: who === "mine" ? "mine" : null, sort: "-id" }}
      onOpen={({ id }) => openRecord({ entity: "contract", id })}
      tools={
        <Segmented
          value={who}
          aria-label={t("contracting.who")}
          onChange={(next) =>
            setParams((now) => {
              const changed = new URLSearchParams(now);
              if (next === standard) changed.delete("who");
              else changed.set("who", String(next));
              return changed;
            })
          }
          options={[
            { value: "mine", label: t("contracting.mine") },
            { value: "all", label: t("contracting.all") },
          ]}
        />
      }
      empty={
        <EmptyState
          title={t("contracting.emptyTitle")}
          action={
            may("contract", "create") && (
              <Button type="primary" onClick={() => openForm("contract")}>
                {t("contracting.create")}
              </Button>
            )
          }
        >
          {t("contracting.emptyText")}
        </EmptyState>
      }
      card={(row, labels) => ({
        title: row.name,
        figure: sees ? <Amount fen={row.amount} /> : undefined,
        second: `${row.number} · ${labelOf(labels, "account", row.account_id, lang)}`,
        end: (
          <Tag color={CONTRACT_TONES[row.status]}>
            <Choice entity="contract" field="status" value={row.status} />
          </Tag>
        ),
      })}
    />
  );
}

function ReceiptList() {
  const { t, lang } = useTexts();
  const may = useMay();
  const sees = useSees();
  const { openForm, openRecord } = useOverlay();
  const left = (row: Receipt) => (row.amount ?? 0) - (row.allocated_amount ?? 0);
  const columns: Column<Receipt>[] = [
    { field: "number", width: 150, sortable: true, render: (row) => row.number },
    {
      field: "account_id",
      width: 220,
      render: (row, labels) => <Named entity="account" id={row.account_id} labels={labels} />,
    },
    {
      field: "received_on",
      width: 100,
      sortable: true,
      render: (row) => <Day value={row.received_on} />,
    },
    ...(sees
      ? [
          {
            field: "amount",
            width: 120,
            align: "right",
            sortable: true,
            render: (row) => <Amount fen={row.amount} />,
          } satisfies Column<Receipt>,
          {
            field: "unallocated",
            title: t("contracting.receipt.unallocated"),
            width: 110,
            align: "right",
            render: (row) =>
              row.kind !== "refund" && left(row) > 0 ? (
                <span className="warning">
                  <Amount fen={left(row)} />
                </span>
              ) : null,
          } satisfies Column<Receipt>,
        ]
      : []),
    {
      field: "kind",
      width: 90,
      render: (row) => <Choice entity="receipt" field="kind" value={row.kind} />,
    },
    { field: "method", width: 110, render: (row) => row.method ?? "" },
    { field: "reference", width: 150, render: (row) => row.reference ?? "" },
  ];
  return (
    <ResourceTable<Receipt>
      entity="receipt"
      columns={columns}
      filters={[
        { field: "account_id", kind: "reference" },
        { field: "received_on", kind: "day" },
        { field: "kind", kind: "choice" },
        { field: "method", kind: "text" },
      ]}
      base={{ sort: "-received_on" }}
      onOpen={({ id }) => openRecord({ entity: "receipt", id })}
      empty={
        <EmptyState
          title={t("contracting.receipt.emptyTitle")}
          action={
            may("receipt", "create") && (
              <Button type="primary" onClick={() => openForm("receipt")}>
                {t("contracting.receipt.title")}
              </Button>
            )
          }
        >
          {t("contracting.receipt.emptyText")}
        </EmptyState>
      }
      card={(row, labels) => ({
        title: labelOf(labels, "account", row.account_id, lang),
        figure: sees ? <Amount fen={row.amount} /> : undefined,
        second: `${row.number}${row.method ? ` · ${row.method}` : ""}`,
        end: <Day value={row.received_on} />,
      })}
    />
  );
}

function RequestList() {
  const { t, lang } = useTexts();
  const sees = useSees();
  const { openRecord } = useOverlay();
  const columns: Column<PaymentRequest>[] = [
    { field: "number", width: 150, sortable: true, render: (row) => row.number },
    {
      field: "account_id",
      width: 240,
      render: (row, labels) => <Named entity="account" id={row.account_id} labels={labels} />,
    },
    ...(sees
      ? [
          {
            field: "amount",
            width: 120,
            align: "right",
            sortable: true,
            render: (row) => <Amount fen={row.amount} />,
          } satisfies Column<PaymentRequest>,
        ]
      : []),
    {
      field: "status",
      width: 90,
      render: (row) => (
        <Tag>
          <Choice entity="payment_request" field="status" value={row.status} />
        </Tag>
      ),
    },
    {
      field: "requested_at",
      width: 110,
      sortable: true,
      render: (row) => <Day value={row.requested_at} />,
    },
    { field: "sent_on", width: 100, sortable: true, render: (row) => <Day value={row.sent_on} /> },
    {
      field: "requested_by_id",
      width: 110,
      render: (row, labels) => <UserName id={row.requested_by_id} labels={labels} />,
    },
  ];
  return (
    <ResourceTable<PaymentRequest>
      entity="payment_request"
      columns={columns}
      filters={[
        { field: "status", kind: "choice" },
        { field: "account_id", kind: "reference" },
        { field: "requested_by_id", kind: "reference" },
        { field: "requested_at", kind: "moment" },
      ]}
      base={{ sort: "-id" }}
      onOpen={({ id }) => openRecord({ entity: "payment_request", id })}
      empty={
        <EmptyState title={t("contracting.request.none")}>
          {t("contracting.request.emptyText")}
        </EmptyState>
      }
      card={(row, labels) => ({
        title: labelOf(labels, "account", row.account_id, lang),
        figure: sees ? <Amount fen={row.amount} /> : undefined,
        second: row.number,
        end: <Choice entity="payment_request" field="status" value={row.status} />,
      })}
    />
  );
}

function InvoiceList() {
  const { t, lang } = useTexts();
  const sees = useSees();
  const { openRecord } = useOverlay();
  const columns: Column<InvoiceApplication>[] = [
    { field: "number", width: 150, sortable: true, render: (row) => row.number },
    {
      field: "account_id",
      width: 220,
      render: (row, labels) => <Named entity="account" id={row.account_id} labels={labels} />,
    },
    ...(sees
      ? [
          {
            field: "amount",
            width: 120,
            align: "right",
            sortable: true,
            render: (row) => <Amount fen={row.amount} />,
          } satisfies Column<InvoiceApplication>,
        ]
      : []),
    {
      field: "status",
      width: 90,
      render: (row) => (
        <Tag>
          <Choice entity="invoice_application" field="status" value={row.status} />
        </Tag>
      ),
    },
    {
      field: "kind",
      width: 140,
      render: (row) => <Choice entity="invoice_application" field="kind" value={row.kind} />,
    },
    { field: "invoice_number", width: 140, render: (row) => row.invoice_number ?? "" },
    {
      field: "applied_at",
      width: 100,
      sortable: true,
      render: (row) => <Day value={row.applied_at} />,
    },
    {
      field: "applied_by_id",
      width: 110,
      render: (row, labels) => <UserName id={row.applied_by_id} labels={labels} />,
    },
  ];
  return (
    <ResourceTable<InvoiceApplication>
      entity="invoice_application"
      columns={columns}
      filters={[
        { field: "status", kind: "choice" },
        { field: "account_id", kind: "reference" },
        { field: "applied_by_id", kind: "reference" },
        { field: "issued_on", kind: "day" },
      ]}
      base={{ sort: "-id" }}
      onOpen={({ id }) => openRecord({ entity: "invoice_application", id })}
      empty={
        <EmptyState title={t("contracting.invoice.none")}>
          {t("contracting.invoice.emptyText")}
        </EmptyState>
      }
      card={(row, labels) => ({
        title: labelOf(labels, "account", row.account_id, lang),
        figure: sees ? <Amount fen={row.amount} /> : undefined,
        second: `${row.number} ${row.invoice_number ?? ""}`,
        end: <Choice entity="invoice_application" field="status" value={row.status} />,
      })}
    />
  );
}
