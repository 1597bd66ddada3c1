import { useQuery } from "@tanstack/react-query";
import { Button, Dropdown, Skeleton, Tag } from "antd";
import { useState } from "react";
import { ActionDialog } from "@/components/ActionDialog";
import { Amount, Choice, Day, RecordLink, UserName } from "@/components/Cells";
import { Facts, HeadNumbers } from "@/components/Facts";
import type { Field } from "@/components/fields";
import { History } from "@/components/History";
import { useOverlay } from "@/components/navigation";
import { RecordDrawer } from "@/components/RecordDrawer";
import { RelatedList } from "@/components/RelatedList";
import { FailureState } from "@/components/States";
import { Attachments } from "@/components/Uploader";
import { recordQuery } from "@/lib/api/records";
import { dayOf } from "@/lib/format";
import { useMay, useMe } from "@/lib/session";
import { fullMoney } from "@/lib/units";
import { daysUntil } from "@/lib/when";
import { useTexts } from "@/locales/i18n";
import {
  allocationsQuery,
  applyForInvoice,
  callOffsQuery,
  closeContract,
  depositReceived,
  eventCame,
  plansQuery,
  requestsQuery,
  signContract,
} from "../api";
import { openOf, overdueDays } from "../money";
import type { Contract, InvoiceApplication, PaymentRequest } from "../types";
import { Instalments } from "./Instalments";
import "../contracts.css";

export const CONTRACT_TONES: Record<string, string> = {
  draft: "default",
  signed: "processing",
  effective: "success",
  completed: "success",
  terminated: "error",
};
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
    return (
      <RecordDrawer
        title=""
        loading={!found.error}
        error={found.error}
        onRetry={() => found.refetch()}
        testId="contract"
      />
    );
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

function ContractNumbers({ contract }: { contract: Contract }) {
  const { t } = useTexts();
  const may = useMay();
  const { zone } = useMe().company;
  const plans = useQuery({ ...plansQuery(contract.id), enabled: may("payment_plan", "read") });
  const callOffs = useQuery({
    ...callOffsQuery(contract.id),
    enabled: contract.kind === "framework",
  });
  if (contract.amount === undefined) return null;
  const today = dayOf(new Date().toISOString(), zone);
  const rows = plans.data?.rows ?? [];
  const received = rows.reduce((sum, plan) => sum + (plan.received_amount ?? 0), 0);
  const open = rows.reduce((sum, plan) => sum + openOf(plan), 0);
  const overdue = rows
    .filter(({ due_on }) => due_on !== null && overdueDays(due_on, today) > 0)
    .reduce((sum, plan) => sum + openOf(plan), 0);
  const used = (callOffs.data?.rows ?? [])
    .filter(({ status }) => status !== "terminated")
    .reduce((sum, { amount }) => sum + (amount ?? 0), 0);
  const left = contract.expires_on ? daysUntil(contract.expires_on, zone, new Date()) : null;
  return (
    <HeadNumbers
      items={[
        {
          key: "amount",
          label: t("contracting.head.amount"),
          value:
            contract.amount === null ? (
              t("contracting.head.noAmount")
            ) : (
              <Amount fen={contract.original_amount} currency={contract.currency} full />
            ),
        },
        ...(contract.kind === "framework" && callOffs.data
          ? [
              { key: "used", label: t("contracting.head.used"), value: fullMoney(used) },
              ...(typeof contract.amount === "number"
                ? [
                    {
                      key: "left",
                      label: t("contracting.head.left"),
                      value: fullMoney(contract.amount - used),
                    },
                  ]
                : []),
            ]
          : []),
        ...(rows.length > 0
          ? [
              {
                key: "received",
                label: t("contracting.head.received"),
                value: fullMoney(received),
              },
              { key: "open", label: t("contracting.head.open"), value: fullMoney(open) },
            ]
          : []),
        ...(overdue > 0
          ? [
              {
                key: "overdue",
                label: t("contracting.head.overdue"),
                value: <span className="due past">{fullMoney(overdue)}</span>,
              },
            ]
          : []),
        ...(contract.deposit_required
          ? [
              {
                key: "deposit",
                label: t("contracting.head.deposit"),
                value: (
                  <>
                    {fullMoney(contract.deposit_amount ?? 0)}{" "}
                    <span className={contract.deposit_received_on ? "good small" : "warning small"}>
                      {t(
                        contract.deposit_received_on
                          ? "contracting.head.depositIn"
                          : "contracting.head.depositWaits",
                      )}
                    </span>
                  </>
                ),
              },
            ]
          : []),
        ...(contract.expires_on
          ? [
              {
                key: "expires",
                label: t("contracting.head.expires"),
                value: (
                  <>
                    <Day value={contract.expires_on} />
                    {left !== null && left >= 0 && contract.status === "effective" && (
                      <span className="quiet small">
                        {" "}
                        {t("contracting.head.daysLeft", { count: left })}
                      </span>
                    )}
                  </>
                ),
              },
            ]
          : []),
      ]}
    />
  );
}

function CallOffs({ contract }: { contract: Contract }) {
  const { t } = useTexts();
  return (
    <RelatedList<Contract>
      entity="contract"
      query={{
        filters: [{ field: "framework_id", op: "in", values: [String(contract.id)] }],
        sort: "-id",
      }}
      empty={t("contracting.drawer.noCallOffs")}
      card={(row) => ({
        title: `${row.number} ${row.name}`,
        figure: row.amount === undefined ? undefined : <Amount fen={row.amount} />,
        second: <Day value={row.signed_on} />,
        end: (
          <Tag color={CONTRACT_TONES[row.status]}>
            <Choice entity="contract" field="status" value={row.status} />
          </Tag>
        ),
      })}
    />
  );
}

/** What was received for the instalments of a contract. */
function Received({ contract }: { contract: Contract }) {
  const { t } = useTexts();
  const plans = useQuery(plansQuery(contract.id));
  const ids = plans.data?.rows.map(({ id }) => id) ?? [];
  const parts = useQuery(allocationsQuery({ plans: ids }));
  const error = plans.error ?? parts.error;
  if (error) return <FailureState error={error} />;
  if (!plans.data || (ids.length > 0 && !parts.data)) {
    return <Skeleton active paragraph={{ rows: 2 }} title={false} />;
  }
  const rows = parts.data?.rows ?? [];
  if (rows.length === 0) return <p className="quiet">{t("contracting.drawer.noReceipts")}</p>;
  return (
    <ul className="plain-list">
      {rows.map((part) => {
        const plan = plans.data.rows.find(({ id }) => id === part.payment_plan_id);
        return (
          <li key={part.id}>
            <span className="grow">
              <RecordLink entity="receipt" id={part.receipt_id} labels={parts.data?.labels} />{" "}
              <span className="quiet small">
                <Day value={part.allocated_on} />
              </span>
            </span>
            {plan && (
              <span className="quiet small">
                {plan.position}. <Choice entity="payment_plan" field="kind" value={plan.kind} />
              </span>
            )}
            {part.amount !== undefined && <span className="figures">{fullMoney(part.amount)}</span>}
          </li>
        );
      })}
    </ul>
  );
}

function Requests({ contract }: { contract: Contract }) {
  const { t } = useTexts();
  const { openRecord } = useOverlay();
  const plans = useQuery(plansQuery(contract.id));
  const ids = plans.data?.rows.map(({ id }) => id) ?? [];
  const found = useQuery(requestsQuery(ids));
  const error = plans.error ?? found.error;
  if (error) return <FailureState error={error} />;
  if (!plans.data || (ids.length > 0 && !found.data)) {
    return <Skeleton active paragraph={{ rows: 2 }} title={false} />;
  }
  const rows: PaymentRequest[] = found.data?.rows ?? [];
  if (rows.length === 0) return <p className="quiet">{t("contracting.request.none")}</p>;
  return (
    <ul className="plain-list">
      {rows.map((row) => (
        <li key={row.id}>
          <button
            type="button"
            className="link grow"
            onClick={() => openRecord({ entity: "payment_request", id: row.id })}
          >
            {row.number}
          </button>
          {row.amount !== undefined && <span className="figures">{fullMoney(row.amount)}</span>}
          <Day value={row.sent_on ?? row.requested_at} />
          <Tag>
            <Choice entity="payment_request" field="status" value={row.status} />
          </Tag>
        </li>
      ))}
    </ul>
  );
}

type Asking = "sign" | "deposit" | "complete" | "terminate" | "event" | "invoice" | null;

/** The steps that the state of a contract allows, the likely one first. */
function ContractActions({ contract }: { contract: Contract }) {
  const { t } = useTexts();
  const me = useMe();
  const may = useMay();
  const { openForm } = useOverlay();
  const [asking, setAsking] = useState<Asking>(null);
  const [key, setKey] = useState(() => crypto.randomUUID());
  const plans = useQuery({ ...plansQuery(contract.id), enabled: may("payment_plan", "read") });
  const rows = plans.data?.rows ?? [];
  const today = dayOf(new Date().toISOString(), me.company.zone);
  const subject = { entity: "contract" as const, id: contract.id };
  const update = may("contract", "update");
  const is = (...statuses: Contract["status"][]) => statuses.includes(contract.status);
  const foreign = contract.currency !== me.company.currency;
  const waitsDeposit = contract.deposit_required && contract.deposit_received_on === null;
  const open = rows.some((plan) => openOf(plan) > 0);
  const invoices = is("signed", "effective", "completed") && may("invoice_application", "create");
  const close = () => setAsking(null);
  const ask = (what: Asking) => {
    setKey(crypto.randomUUID());
    setAsking(what);
  };
  const events = rows.some(
    ({ due_by, event_on }) =>
      event_on === null && ["shipment", "acceptance", "invoice"].includes(due_by),
  );
  const more = [
    ...(update && events && is("signed", "effective")
      ? [{ key: "event", label: t("contracting.actions.event") }]
      : []),
    ...(update && is("effective")
      ? [{ key: "complete", label: t("contracting.actions.complete") }]
      : []),
    ...(update && is("draft", "signed", "effective")
      ? [{ key: "terminate", label: t("contracting.actions.terminate"), danger: true }]
      : []),
  ];
  const planName = (id: number) => {
    const plan = rows.find((one) => one.id === id);
    return plan ? `${plan.position}. ${t(`choice.payment_plan.kind.${plan.kind}`)}` : `#${id}`;
  };
  const rate: Field[] =
    foreign && contract.original_amount !== null
      ? [
          {
            name: "rate",
            kind: "price",
            required: true,
            label: t("contracting.sign.rate", { currency: contract.currency }),
          },
        ]
      : [];
  return (
    <>
      {is("draft") && update && (
        <Button type="primary" data-testid="sign" onClick={() => ask("sign")}>
          {t("contracting.actions.sign")}
        </Button>
      )}
      {is("draft", "signed") && waitsDeposit && update && (
        <Button
          type={is("signed") ? "primary" : "default"}
          data-testid="deposit"
          onClick={() => ask("deposit")}
        >
          {t("contracting.actions.deposit")}
        </Button>
      )}
      {contract.kind === "framework" && is("effective") && may("contract", "create") && (
        <Button type="primary" data-testid="call-off" onClick={() => openForm("call-off", subject)}>
          {t("contracting.actions.callOff")}
        </Button>
      )}
      {open && is("signed", "effective", "completed") && may("receipt", "create") && (
        <Button
          type={is("effective") && contract.kind !== "framework" ? "primary" : "default"}
          data-testid="receive"
          onClick={() => openForm("receipt", subject)}
        >
          {t("contracting.actions.receipt")}
        </Button>
      )}
      {invoices && (
        <Button data-testid="invoice" onClick={() => ask("invoice")}>
          {t("contracting.actions.invoice")}
        </Button>
      )}
      {more.length > 0 && (
        <Dropdown
          trigger={["click"]}
          menu={{ items: more, onClick: ({ key: name }) => ask(name as Asking) }}
        >
          <Button data-testid="more">{t("part.more")}</Button>
        </Dropdown>
      )}
      {asking === "sign" && (
        <ActionDialog
          entity="contract"
          title={t("contracting.sign.title")}
          note={
            waitsDeposit
              ? t("contracting.sign.noteDeposit", {
                  amount: fullMoney(contract.deposit_amount ?? 0),
                })
              : t(
                  contract.opportunity_id === null
                    ? "contracting.sign.notePlain"
                    : "contracting.sign.noteWin",
                )
          }
          fields={[{ name: "signed_on", kind: "day", required: true }, ...rate]}
          initial={{ signed_on: today, rate: contract.rate ?? undefined }}
          submitLabel={t("contracting.actions.sign")}
          run={({ signed_on, rate: given }) =>
            signContract(contract, {
              signed_on: String(signed_on),
              ...(typeof given === "number" ? { rate: given } : {}),
            })
          }
          said={t("contracting.sign.done")}
          onClose={close}
        />
      )}
      {asking === "deposit" && (
        <ActionDialog
          entity="contract"
          title={t("contracting.depositTitle")}
          fields={[{ name: "received_on", kind: "day", required: true }]}
          initial={{ received_on: today }}
          submitLabel={t("contracting.actions.deposit")}
          run={({ received_on }) => depositReceived(contract, String(received_on))}
          said={t("contracting.depositDone")}
          onClose={close}
        />
      )}
      {(asking === "complete" || asking === "terminate") && (
        <ActionDialog
          entity="contract"
          title={t(
            asking === "complete" ? "contracting.completeSure" : "contracting.terminateSure",
          )}
          submitLabel={t(`contracting.actions.${asking}`)}
          danger={asking === "terminate"}
          run={() => closeContract(contract, asking === "complete" ? "completed" : "terminated")}
          said={t(asking === "complete" ? "contracting.completed" : "contracting.terminated")}
          onClose={close}
        />
      )}
      {asking === "event" && (
        <ActionDialog
          entity="payment_plan"
          title={t("contracting.event.title")}
          note={t("contracting.event.note")}
          fields={[
            {
              name: "event",
              kind: "choice",
              required: true,
              label: t("contracting.event.event"),
              options: (["shipment", "acceptance", "invoice"] as const)
                .filter((event) =>
                  rows.some(({ due_by, event_on }) => due_by === event && event_on === null),
                )
                .map((value) => ({ value, label: t(`contracting.event.words.${value}`) })),
            },
            { name: "on", kind: "day", required: true, label: t("contracting.event.on") },
          ]}
          initial={{
            on: today,
            event: rows.find(
              ({ due_by, event_on }) =>
                event_on === null && ["shipment", "acceptance", "invoice"].includes(due_by),
            )?.due_by,
          }}
          submitLabel={t("part.save")}
          run={({ event, on }) => eventCame(contract.id, String(event), String(on))}
          said={t("contracting.event.done")}
          onClose={close}
        />
      )}
      {asking === "invoice" && (
        <ActionDialog
          entity="invoice_application"
          title={t("contracting.invoice.title")}
          fields={[
            { name: "kind", kind: "choice", required: true, label: t("contracting.invoice.kind") },
            ...(rows.length > 0
              ? [
                  {
                    name: "payment_plan_id",
                    kind: "choice",
                    label: t("contracting.invoice.plan"),
                    options: rows.map(({ id }) => ({ value: String(id), label: planName(id) })),
                  } satisfies Field,
                ]
              : []),
            {
              name: "amount",
              kind: "money",
              required: rows.length === 0,
              label: t("contracting.invoice.amount"),
            },
            ...(contract.tax_rate === null
              ? [{ name: "tax_rate", kind: "share", required: true } satisfies Field]
              : []),
            {
              name: "title",
              label: t("contracting.invoice.heading"),
              help: t("contracting.invoice.headingHelp"),
              maxLength: 200,
            },
            {
              name: "credit_code",
              label: t("contracting.invoice.code"),
              help: t("contracting.invoice.codeHelp"),
              maxLength: 18,
            },
          ]}
          initial={{
            kind: "special",
            ...(rows.length === 0 && typeof contract.amount === "number"
              ? { amount: contract.amount }
              : {}),
          }}
          submitLabel={t("contracting.invoice.submit")}
          run={({ kind, payment_plan_id, amount, tax_rate, title, credit_code }) =>
            applyForInvoice(
              {
                contract_id: contract.id,
                kind: String(kind),
                ...(payment_plan_id === undefined
                  ? {}
                  : { payment_plan_id: Number(payment_plan_id) }),
                ...(typeof amount === "number" ? { amount } : {}),
                ...(typeof tax_rate === "number" ? { tax_rate } : {}),
                ...(typeof title === "string" ? { title } : {}),
                ...(typeof credit_code === "string" ? { credit_code } : {}),
              },
              key,
            )
          }
          said={t("contracting.invoice.submit")}
          onClose={close}
        />
      )}
    </>
  );
}
