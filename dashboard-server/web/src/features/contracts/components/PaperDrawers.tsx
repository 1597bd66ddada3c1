import { useQuery } from "@tanstack/react-query";
import { Button, Popconfirm, Tag } from "antd";
import { useState } from "react";
import { ActionDialog, useStep } from "@/components/ActionDialog";
import { Choice, RecordLink, UserName } from "@/components/Cells";
import { Facts, HeadNumbers } from "@/components/Facts";
import { History } from "@/components/History";
import { PendingDrawer, RecordDrawer } from "@/components/RecordDrawer";
import { recordQuery } from "@/lib/api/records";
import { dayOf } from "@/lib/format";
import { useMay, useMe } from "@/lib/session";
import { fullMoney } from "@/lib/units";
import { useTexts } from "@/locales/i18n";
import { answerInvoice, cancelRequest, issueInvoice, sendRequest } from "../api";
import type { InvoiceApplication, PaymentPlan, PaymentRequest } from "../types";

/** A request to a customer to pay. */
export function PaymentRequestDrawer({ id }: { id: number }) {
  const { t } = useTexts();
  const may = useMay();
  const step = useStep();
  const found = useQuery(recordQuery<PaymentRequest>("payment_request", id));
  const request = found.data?.record;
  const labels = found.data?.labels;
  const plan = useQuery({
    ...recordQuery<PaymentPlan>("payment_plan", request?.payment_plan_id ?? 0),
    enabled: request !== undefined && may("payment_plan", "read"),
  });
  if (!request || !labels) {
    return <PendingDrawer found={found} testId="payment-request" />;
  }
  const update = may("payment_request", "update");
  return (
    <RecordDrawer
      testId="payment-request"
      title={request.number}
      subtitle={
        <>
          <RecordLink entity="account" id={request.account_id} labels={labels} />
          {plan.data && plan.data.record.contract_id !== null && (
            <>
              {" · "}
              <RecordLink
                entity="contract"
                id={plan.data.record.contract_id}
                labels={plan.data.labels}
              />
            </>
          )}{" "}
          · <UserName id={request.requested_by_id} labels={labels} />{" "}
          <Tag>
            <Choice entity="payment_request" field="status" value={request.status} />
          </Tag>
        </>
      }
      head={
        request.amount !== undefined && (
          <HeadNumbers
            items={[
              {
                key: "amount",
                label: t("contracting.request.amount"),
                value: fullMoney(request.amount),
              },
            ]}
          />
        )
      }
      actions={
        <>
          {request.status === "draft" && update && (
            <Button
              type="primary"
              loading={step.isPending}
              data-testid="request-send"
              onClick={() =>
                step.mutate({
                  run: () => sendRequest(request),
                  said: t("contracting.request.sent"),
                })
              }
            >
              {t("contracting.actions.requestSend")}
            </Button>
          )}
          {["draft", "sent"].includes(request.status) && update && (
            <Button
              danger
              data-testid="request-cancel"
              onClick={() =>
                step.mutate({
                  run: () => cancelRequest(request),
                  said: t("contracting.request.cancelled"),
                })
              }
            >
              {t("contracting.actions.requestCancel")}
            </Button>
          )}
        </>
      }
      tabs={[
        {
          key: "facts",
          label: t("contracting.drawer.facts"),
          children: (
            <Facts
              entity="payment_request"
              record={request}
              labels={labels}
              fields={["requested_at", "sent_on", "note"]}
            />
          ),
        },
        {
          key: "history",
          label: t("contracting.drawer.history"),
          children: <History entity="payment_request" id={id} />,
        },
      ]}
    />
  );
}

const INVOICE_FACTS = [
  "title",
  "credit_code",
  "kind",
  "tax_rate",
  "amount_without_tax",
  "contract_id",
  "applied_at",
  "invoice_number",
  "issued_on",
];

/** An application for an invoice, and what finance says to it. */
export function InvoiceDrawer({ id }: { id: number }) {
  const { t } = useTexts();
  const may = useMay();
  const { zone } = useMe().company;
  const step = useStep();
  const [issuing, setIssuing] = useState(false);
  const found = useQuery(recordQuery<InvoiceApplication>("invoice_application", id));
  const invoice = found.data?.record;
  const labels = found.data?.labels;
  if (!invoice || !labels) {
    return <PendingDrawer found={found} testId="invoice" />;
  }
  const answers = may("invoice_application", "assign");
  return (
    <RecordDrawer
      testId="invoice"
      title={`${invoice.number} ${invoice.invoice_number ?? ""}`}
      subtitle={
        <>
          <RecordLink entity="account" id={invoice.account_id} labels={labels} /> ·{" "}
          <UserName id={invoice.applied_by_id} labels={labels} />{" "}
          <Tag>
            <Choice entity="invoice_application" field="status" value={invoice.status} />
          </Tag>
        </>
      }
      head={
        invoice.amount !== undefined && (
          <HeadNumbers
            items={[
              {
                key: "amount",
                label: t("contracting.invoice.amount"),
                value: fullMoney(invoice.amount),
              },
            ]}
          />
        )
      }
      actions={
        answers && (
          <>
            {invoice.status === "applied" && (
              <>
                <Button type="primary" data-testid="issue" onClick={() => setIssuing(true)}>
                  {t("contracting.actions.issue")}
                </Button>
                <Popconfirm
                  title={t("contracting.invoice.rejectSure")}
                  onConfirm={() =>
                    step.mutate({
                      run: () => answerInvoice(invoice, "reject"),
                      said: t("contracting.invoice.rejected"),
                    })
                  }
                >
                  <Button danger>{t("contracting.actions.reject")}</Button>
                </Popconfirm>
              </>
            )}
            {invoice.status === "issued" && (
              <Popconfirm
                title={t("contracting.invoice.voidSure")}
                onConfirm={() =>
                  step.mutate({
                    run: () => answerInvoice(invoice, "void"),
                    said: t("contracting.invoice.voided"),
                  })
                }
              >
                <Button danger>{t("contracting.actions.void")}</Button>
              </Popconfirm>
            )}
          </>
        )
      }
      tabs={[
        {
          key: "facts",
          label: t("contracting.drawer.facts"),
          children: (
            <Facts
              entity="invoice_application"
              record={invoice}
              labels={labels}
              fields={INVOICE_FACTS}
            />
          ),
        },
        {
          key: "history",
          label: t("contracting.drawer.history"),
          children: <History entity="invoice_application" id={id} />,
        },
      ]}
    >
      {issuing && (
        <ActionDialog
          entity="invoice_application"
          title={t("contracting.invoice.issueTitle", { number: invoice.number })}
          fields={[
            { name: "invoice_number", required: true, label: t("contracting.invoice.number") },
            { name: "issued_on", kind: "day", required: true, label: t("contracting.invoice.on") },
          ]}
          initial={{ issued_on: dayOf(new Date().toISOString(), zone) }}
          submitLabel={t("contracting.actions.issue")}
          run={({ invoice_number, issued_on }) =>
            issueInvoice(invoice, {
              invoice_number: String(invoice_number),
              issued_on: String(issued_on),
            })
          }
          said={t("contracting.invoice.issued")}
          onClose={() => setIssuing(false)}
        />
      )}
    </RecordDrawer>
  );
}
