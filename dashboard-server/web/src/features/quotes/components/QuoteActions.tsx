import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Dropdown } from "antd";
import { useState } from "react";
import { ActionDialog, useStep } from "@/components/ActionDialog";
import { Moment } from "@/components/Cells";
import { useOverlay } from "@/components/navigation";
import { Refusal, useTellProblem } from "@/components/States";
import { listQuery, refreshRecords, textOf } from "@/lib/api/records";
import { membersOf } from "@/lib/problem";
import { useMay } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import {
  answerApproval,
  contractFromQuote,
  decideQuote,
  requestApproval,
  sendQuote,
  withdrawQuote,
} from "../api";
import type { Quote } from "../types";
import { DecideDialog } from "./DecideDialog";

type Asking = "decide" | "withdraw" | null;

/** The steps that the state of a quote allows, the likely one first. */
export function QuoteActions({ quote, onEdit }: { quote: Quote; onEdit?: () => void }) {
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
