import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Dropdown, Skeleton, Table, Tag } from "antd";
import { useState } from "react";
import { ActionDialog, useStep } from "@/components/ActionDialog";
import { Amount, Choice, Day, Moment, RecordLink, Share, UserName } from "@/components/Cells";
import { Facts, HeadNumbers } from "@/components/Facts";
import { History } from "@/components/History";
import { useOverlay } from "@/components/navigation";
import { RecordDrawer } from "@/components/RecordDrawer";
import { RelatedList } from "@/components/RelatedList";
import { FailureState, Refusal, useTellProblem } from "@/components/States";
import { Attachments } from "@/components/Uploader";
import { listQuery, recordQuery, refreshRecords, textOf } from "@/lib/api/records";
import { membersOf } from "@/lib/problem";
import { useMay, useMe } from "@/lib/session";
import { fullMoney, priceText, quantityText } from "@/lib/units";
import { daysUntil } from "@/lib/when";
import { useTexts } from "@/locales/i18n";
import {
  answerApproval,
  contractFromQuote,
  decideQuote,
  linesQuery,
  requestApproval,
  sendQuote,
  withdrawQuote,
} from "../api";
import { discountOf } from "../lines";
import type { PricedLine, Quote, QuoteLine } from "../types";
import { DecideDialog } from "./DecideDialog";
import "../quotes.css";

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
const TERMS = [
  "opportunity_id",
  "contact_id",
  "price_list_id",
  "currency",
  "rate",
  "payment_terms",
  "delivery_terms",
  "risk_note",
  "declined_reason",
  "sent_at",
  "decided_at",
  "approved_at",
  "recorded_at",
];

export function QuoteDrawer({ id }: { id: number }) {
  const { t } = useTexts();
  const { openForm } = useOverlay();
  const may = useMay();
  const found = useQuery(recordQuery<Quote>("quote", id));
  const quote = found.data?.record;
  const labels = found.data?.labels;
  if (!quote || !labels) {
    return (
      <RecordDrawer
        title=""
        loading={!found.error}
        error={found.error}
        onRetry={() => found.refetch()}
        testId="quote"
      />
    );
  }
  const edits = quote.outcome === "draft" && may("quote", "update");
  const edit = () => openForm("quote-edit", { entity: "quote", id });
  return (
    <RecordDrawer
      testId="quote"
      title={
        <>
          {quote.number} {t("quoting.version", { version: quote.quote_version })}
          {quote.alternative && ` · ${quote.alternative}`}
        </>
      }
      subtitle={
        <>
          <RecordLink entity="account" id={quote.account_id} labels={labels} />
          {quote.opportunity_id !== null && (
            <>
              {" · "}
              <RecordLink entity="opportunity" id={quote.opportunity_id} labels={labels} />
            </>
          )}{" "}
          · <UserName id={quote.owner_id} labels={labels} />{" "}
          <Tag color={QUOTE_TONES[quote.outcome]}>
            <Choice entity="quote" field="outcome" value={quote.outcome} />
          </Tag>
        </>
      }
      onEdit={edits ? edit : undefined}
      actions={<QuoteActions quote={quote} onEdit={edits ? edit : undefined} />}
      head={<QuoteNumbers quote={quote} />}
      tabs={[
        { key: "lines", label: t("quoting.drawer.lines"), children: <Lines quote={quote} /> },
        {
          key: "terms",
          label: t("quoting.drawer.terms"),
          children: <Facts entity="quote" record={quote} labels={labels} fields={TERMS} />,
        },
        {
          key: "family",
          label: t("quoting.drawer.family"),
          children: (
            <RelatedList<Quote>
              entity="quote"
              query={{
                filters: [{ field: "number", op: "in", values: [quote.number] }],
                sort: "-id",
              }}
              empty=""
              card={(row) => ({
                title: (
                  <>
                    {t("quoting.version", { version: row.quote_version })}
                    {row.alternative && ` · ${row.alternative}`}
                    {row.id === quote.id && (
                      <span className="quiet small"> · {t("quoting.drawer.this")}</span>
                    )}
                  </>
                ),
                figure: row.amount === undefined ? undefined : <Amount fen={row.amount} />,
                second: <Day value={row.sent_at ?? row.recorded_at} />,
                end: (
                  <Tag color={QUOTE_TONES[row.outcome]}>
                    <Choice entity="quote" field="outcome" value={row.outcome} />
                  </Tag>
                ),
              })}
            />
          ),
        },
        {
          key: "files",
          label: t("quoting.drawer.files"),
          children: <Attachments entity="quote" id={id} />,
        },
        {
          key: "history",
          label: t("quoting.drawer.history"),
          children: <History entity="quote" id={id} />,
        },
      ]}
    />
  );
}

function QuoteNumbers({ quote }: { quote: Quote }) {
  const { t } = useTexts();
  const { zone } = useMe().company;
  if (quote.amount === undefined) {
    return <p className="quiet small">{t("quoting.drawer.noPrice")}</p>;
  }
  const left =
    quote.outcome === "sent" && quote.valid_until
      ? daysUntil(quote.valid_until, zone, new Date())
      : null;
  return (
    <HeadNumbers
      items={[
        {
          key: "amount",
          label: t("quoting.total"),
          value: <Amount fen={quote.original_amount} currency={quote.currency} full />,
        },
        {
          key: "discount",
          label: t("quoting.totalDiscount"),
          value: <Share value={quote.discount} />,
        },
        ...(quote.margin === undefined
          ? []
          : [
              {
                key: "margin",
                label: t("quoting.margin"),
                value: <Share value={quote.margin} />,
                note: quote.margin === null ? t("quoting.marginUnknown") : undefined,
              },
            ]),
        ...(typeof quote.accepted_amount === "number"
          ? [
              {
                key: "accepted",
                label: t("quoting.drawer.accepted_amount"),
                value: <Amount fen={quote.accepted_amount} full />,
              },
            ]
          : []),
        ...(quote.valid_until
          ? [
              {
                key: "until",
                label: t("quoting.drawer.until"),
                value: (
                  <span className={left !== null && left < 0 ? "due past" : undefined}>
                    <Day value={quote.valid_until} />
                    {left !== null && (
                      <span className="quiet small">
                        {" "}
                        {left >= 0
                          ? t("quoting.drawer.daysLeft", { count: left })
                          : t("quoting.drawer.over", { count: -left })}
                      </span>
                    )}
                  </span>
                ),
              },
            ]
          : []),
      ]}
    />
  );
}

/** The lines of a quote with what the server says they come to. */
function Lines({ quote }: { quote: Quote }) {
  const { t, lang } = useTexts();
  const found = useQuery(linesQuery(quote.id));
  if (found.error) return <FailureState error={found.error} onRetry={() => found.refetch()} />;
  if (!found.data) return <Skeleton active paragraph={{ rows: 4 }} title={false} />;
  const { rows } = found.data;
  if (rows.length === 0) return <p className="quiet">{t("quoting.drawer.noLines")}</p>;
  const decided = rows.some(({ accepted }) => accepted !== null && accepted !== undefined);
  const sees = rows.some(({ unit_price }) => unit_price !== undefined);
  const discount = (line: QuoteLine): string => {
    if (line.unit_price === undefined) return "";
    const value = discountOf(line as unknown as PricedLine);
    return value === null || value <= 0 ? "" : `${value}${lang === "zh" ? " %" : "%"}`;
  };
  return (
    <Table<QuoteLine>
      size="small"
      rowKey="id"
      dataSource={rows}
      pagination={false}
      className="quote-table"
      rowClassName={(line) => (line.accepted === false ? "declined" : "")}
      columns={[
        {
          key: "description",
          title: t("quoting.description"),
          render: (_, line) => (
            <>
              <div>{line.description}</div>
              <div className="quiet small phone-only">
                {quantityText(line.quantity)} {line.unit}
                {line.unit_price !== undefined &&
                  ` × ${priceText(line.unit_price, quote.currency)}`}
                {discount(line) && ` · −${discount(line)}`}
              </div>
              {decided && (
                <Tag color={line.accepted ? "success" : "default"}>
                  {t(line.accepted ? "quoting.drawer.accepted" : "quoting.drawer.notAccepted")}
                </Tag>
              )}
            </>
          ),
        },
        {
          key: "quantity",
          title: t("quoting.quantity"),
          align: "right",
          responsive: ["sm"],
          render: (_, line) => (
            <span className="figures">
              {quantityText(line.quantity)} {line.unit}
            </span>
          ),
        },
        ...(sees
          ? [
              {
                key: "price",
                title: t("quoting.price"),
                align: "right" as const,
                responsive: ["sm" as const],
                render: (_: unknown, line: QuoteLine) =>
                  line.unit_price !== undefined && (
                    <span className="figures">{priceText(line.unit_price, quote.currency)}</span>
                  ),
              },
              {
                key: "discount",
                title: t("quoting.discount"),
                align: "right" as const,
                responsive: ["sm" as const],
                render: (_: unknown, line: QuoteLine) => (
                  <span className="figures">{discount(line)}</span>
                ),
              },
              {
                key: "amount",
                title: t("quoting.amount"),
                align: "right" as const,
                render: (_: unknown, line: QuoteLine) =>
                  line.amount !== undefined && (
                    <span className="figures" data-fen={line.amount}>
                      {fullMoney(line.amount, quote.currency)}
                    </span>
                  ),
              },
            ]
          : []),
      ]}
    />
  );
}

type Asking = "decide" | "withdraw" | null;

/** The steps that the state of a quote allows, the likely one first. */
function QuoteActions({ quote, onEdit }: { quote: Quote; onEdit?: () => void }) {
  const { t } = useTexts();
  const may = useMay();
  const client = useQueryClient();
  const { message, notification } = App.useApp();
  const tell = useTellProblem();
  const { openForm, openRecord } = useOverlay();
  const [asking, setAsking] = useState<Asking>(null);
  const [beyond, setBeyond] = useState(false);
  const step = useStep();
  const [key] = useState(() => crypto.randomUUID());
  const contracts = useQuery({
    ...listQuery("contract", {
      filters: [{ field: "quote_id", op: "in", values: [String(quote.id)] }],
      limit: 10,
    }),
    enabled: may("contract", "read") && ["accepted", "partial"].includes(quote.outcome),
  });
  const contract = contracts.data?.rows.find(({ status }) => status !== "terminated");
  const send = useMutation({
    mutationFn: () => sendQuote(quote),
    onSuccess: () => message.success(t("quoting.sent")),
    onError: (error) => {
      if (membersOf(error)?.rule === "needs_approval") setBeyond(true);
      else notification.error({ title: tell(error).sentence });
    },
    onSettled: () => refreshRecords(client),
  });
  const convert = useMutation({
    mutationFn: () => contractFromQuote(quote.id, key),
    onSuccess: ({ record }) => {
      void message.success(t("quoting.contractMade", { number: textOf(record, "number") }));
      openRecord({ entity: "contract", id: record.id });
    },
    onSettled: () => refreshRecords(client),
  });
  const subject = { entity: "quote" as const, id: quote.id };
  const update = may("quote", "update");
  const is = (...outcomes: Quote["outcome"][]) => outcomes.includes(quote.outcome);
  const ask = () => step.mutate({ run: () => requestApproval(quote), said: t("quoting.asked") });
  const again = update && may("quote", "create") && !is("accepted", "partial");
  const more = [
    ...(again && !is("draft", "sent")
      ? [{ key: "revise", label: t("quoting.actions.revise") }]
      : []),
    ...(again ? [{ key: "alternative", label: t("quoting.actions.alternative") }] : []),
    ...(update && is("draft") ? [{ key: "approval", label: t("quoting.actions.approval") }] : []),
    ...(update && is("expired") ? [{ key: "decide", label: t("quoting.actions.decide") }] : []),
    ...(update && is("draft", "in_approval", "approved", "sent")
      ? [{ key: "withdraw", label: t("quoting.actions.withdraw"), danger: true }]
      : []),
  ];
  const pick = (name: string) => {
    if (name === "revise") openForm("quote-revise", subject);
    else if (name === "alternative") openForm("quote-alternative", subject);
    else if (name === "approval") ask();
    else setAsking(name as Asking);
  };
  return (
    <>
      {is("draft", "approved") && update && (
        <Button
          type="primary"
          loading={send.isPending}
          data-testid="send"
          onClick={() => send.mutate()}
        >
          {t("quoting.actions.send")}
        </Button>
      )}
      {is("in_approval") && may("quote", "assign") && (
        <>
          <Button
            type="primary"
            loading={step.isPending}
            data-testid="approve"
            onClick={() =>
              step.mutate({ run: () => answerApproval(quote, true), said: t("quoting.approved") })
            }
          >
            {t("quoting.actions.approve")}
          </Button>
          <Button
            data-testid="reject"
            onClick={() =>
              step.mutate({ run: () => answerApproval(quote, false), said: t("quoting.rejected") })
            }
          >
            {t("quoting.actions.reject")}
          </Button>
        </>
      )}
      {is("sent") && update && (
        <>
          <Button
            type="primary"
            data-testid="accept"
            loading={step.isPending}
            onClick={() =>
              step.mutate({
                run: () => decideQuote(quote, { decision: "accepted" }),
                said: t("quoting.decide.done", { decision: t("quoting.decide.accepted") }),
              })
            }
          >
            {t("quoting.actions.accept")}
          </Button>
          <Button data-testid="decide" onClick={() => setAsking("decide")}>
            {t("quoting.actions.decide")}
          </Button>
        </>
      )}
      {is("accepted", "partial") &&
        (contract ? (
          <Button
            type="primary"
            data-testid="open-contract"
            onClick={() => openRecord({ entity: "contract", id: contract.id })}
          >
            {t("quoting.actions.openContract")}
          </Button>
        ) : (
          may("contract", "create") && (
            <Button
              type="primary"
              data-testid="make-contract"
              loading={convert.isPending || contracts.isLoading}
              onClick={() => convert.mutate()}
            >
              {t("quoting.actions.contract")}
            </Button>
          )
        ))}
      {onEdit && (
        <Button data-testid="edit" onClick={onEdit}>
          {t("quoting.actions.edit")}
        </Button>
      )}
      {again && is("sent") && (
        <Button data-testid="revise" onClick={() => openForm("quote-revise", subject)}>
          {t("quoting.actions.revise")}
        </Button>
      )}
      {more.length > 0 && (
        <Dropdown trigger={["click"]} menu={{ items: more, onClick: ({ key }) => pick(key) }}>
          <Button data-testid="more">{t("part.more")}</Button>
        </Dropdown>
      )}
      {is("in_approval") && (
        <span className="quiet small">
          {t("quoting.approvalWaits")} <Moment value={quote.approval_requested_at} />
        </span>
      )}
      {beyond && is("draft") && (
        <Alert
          type="warning"
          showIcon
          className="wide"
          title={t("quoting.needsApproval")}
          action={
            <Button
              size="small"
              type="primary"
              loading={step.isPending}
              data-testid="ask-approval"
              onClick={ask}
            >
              {t("quoting.actions.approval")}
            </Button>
          }
        />
      )}
      {convert.error && <Refusal error={convert.error} />}
      {asking === "decide" && <DecideDialog quote={quote} onClose={() => setAsking(null)} />}
      {asking === "withdraw" && (
        <ActionDialog
          entity="quote"
          title={t("quoting.withdrawSure")}
          submitLabel={t("quoting.actions.withdraw")}
          danger
          run={() => withdrawQuote(quote)}
          said={t("quoting.withdrawn")}
          onClose={() => setAsking(null)}
        />
      )}
    </>
  );
}
