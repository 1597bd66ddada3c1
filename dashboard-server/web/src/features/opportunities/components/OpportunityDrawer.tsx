import { useQuery } from "@tanstack/react-query";
import { Button, Dropdown, Popconfirm, Skeleton, Tag } from "antd";
import { useState } from "react";
import { ActionDialog, useStep } from "@/components/ActionDialog";
import { Amount, Choice, Day, RecordLink, UserName } from "@/components/Cells";
import { Composer } from "@/components/Composer";
import { Facts, HeadNumbers } from "@/components/Facts";
import { History } from "@/components/History";
import { useOverlay } from "@/components/navigation";
import { PendingDrawer, RecordDrawer } from "@/components/RecordDrawer";
import { RecordForm } from "@/components/RecordForm";
import { Timeline } from "@/components/Timeline";
import { Attachments } from "@/components/Uploader";
import { changeRecord, recordQuery } from "@/lib/api/records";
import { useMay, useMe } from "@/lib/session";
import { daysUntil } from "@/lib/when";
import { useTexts } from "@/locales/i18n";
import { assignDeal, claimLead, completeDeal, releaseLead, reopenDeal, stagesQuery } from "../api";
import { dealFields } from "../fields";
import type { Opportunity } from "../types";
import { DealContacts, DealContracts, DealQuotes } from "./DealDocuments";
import { EndForm } from "./EndForm";
import { StageStrip } from "./StageStrip";
import { stageName, useMove } from "./useMove";

const TONES: Record<string, string> = {
  open: "processing",
  won: "success",
  lost: "error",
  shelved: "default",
  invalid: "default",
  duplicate: "default",
};
const FACTS = [
  "account_id",
  "contact_id",
  "product_id",
  "owner_id",
  "team_id",
  "source",
  "requirements",
  "delivery_address",
  "lost_reason",
  "competitor",
  "lost_amount",
  "duplicate_of_id",
  "continues_id",
  "opened_at",
  "won_at",
  "closed_at",
  "completed_at",
  "recorded_at",
];

export function OpportunityDrawer({ id }: { id: number }) {
  const { t } = useTexts();
  const found = useQuery(recordQuery<Opportunity>("opportunity", id));
  const [editing, setEditing] = useState(false);
  const { openRecord } = useOverlay();
  const may = useMay();
  const deal = found.data?.record;
  const labels = found.data?.labels;
  if (!deal || !labels) {
    return <PendingDrawer found={found} testId="opportunity" />;
  }
  const canEdit = may("opportunity", "update") && deal.owner_id !== null;
  if (editing) {
    return (
      <RecordDrawer title={t("deal.edit")} subtitle={deal.number} testId="opportunity">
        <RecordForm<Opportunity>
          entity="opportunity"
          fields={dealFields({ account: deal.account_id, amounts: deal.amount !== undefined })}
          record={deal}
          labels={labels}
          open
          submit={({ values, version }) =>
            changeRecord<Opportunity>(
              "opportunity",
              { id, version: version ?? deal.version },
              values,
            )
          }
          onDone={() => setEditing(false)}
          onCancel={() => setEditing(false)}
        />
      </RecordDrawer>
    );
  }
  return (
    <RecordDrawer
      title={deal.name}
      subtitle={
        <>
          {deal.number} · <RecordLink entity="account" id={deal.account_id} labels={labels} /> ·{" "}
          <UserName id={deal.owner_id} labels={labels} />{" "}
          <Tag color={TONES[deal.outcome]}>
            <Choice entity="opportunity" field="outcome" value={deal.outcome} />
          </Tag>
        </>
      }
      testId="opportunity"
      onEdit={canEdit ? () => setEditing(true) : undefined}
      actions={
        <DealActions
          deal={deal}
          onEdit={canEdit ? () => setEditing(true) : undefined}
          onOther={(other) => openRecord({ entity: "opportunity", id: other })}
        />
      }
      head={
        <>
          <DealNumbers deal={deal} />
          <StageStrip deal={deal} />
        </>
      }
      tabs={[
        {
          key: "timeline",
          label: t("deal.tabs.timeline"),
          children: (
            <>
              {may("interaction", "create") && deal.owner_id !== null && (
                <Composer accountId={deal.account_id} opportunityId={id} />
              )}
              <Timeline entity="opportunity" id={id} />
            </>
          ),
        },
        {
          key: "facts",
          label: t("deal.tabs.facts"),
          children: <Facts entity="opportunity" record={deal} labels={labels} fields={FACTS} />,
        },
        ...(may("quote", "read")
          ? [
              {
                key: "quotes",
                label: t("deal.tabs.quotes"),
                children: <DealQuotes deal={deal} />,
              },
            ]
          : []),
        ...(may("contract", "read")
          ? [
              {
                key: "contract",
                label: t("deal.tabs.contract"),
                children: <DealContracts deal={deal} />,
              },
            ]
          : []),
        {
          key: "files",
          label: t("deal.tabs.files"),
          children: <Attachments entity="opportunity" id={id} />,
        },
        {
          key: "contacts",
          label: t("deal.tabs.contacts"),
          children: <DealContacts deal={deal} />,
        },
        {
          key: "history",
          label: t("deal.tabs.history"),
          children: <History entity="opportunity" id={id} />,
        },
      ]}
    />
  );
}

function DealNumbers({ deal }: { deal: Opportunity }) {
  const { t } = useTexts();
  const { zone } = useMe().company;
  const now = new Date();
  const age = -daysUntil(deal.opened_at, zone, deal.closed_at ? new Date(deal.closed_at) : now);
  const stay = -daysUntil(deal.stage_entered_at, zone, now);
  const late =
    deal.outcome === "open" && deal.expected_close_on
      ? -daysUntil(deal.expected_close_on, zone, now)
      : 0;
  return (
    <HeadNumbers
      items={[
        ...(deal.amount === undefined
          ? []
          : [
              {
                key: "amount",
                label: t("deal.amount"),
                value: <Amount fen={deal.amount} currency={deal.currency} />,
              },
            ]),
        ...(deal.outcome === "open"
          ? [
              {
                key: "stage",
                label: t("deal.inStage"),
                value: t("deal.days", { count: stay }),
              },
            ]
          : []),
        { key: "age", label: t("deal.age"), value: t("deal.days", { count: age }) },
        ...(deal.expected_close_on
          ? [
              {
                key: "expected",
                label: t("deal.expected"),
                value: (
                  <span className={late > 0 ? "due past" : undefined}>
                    <Day value={deal.expected_close_on} />
                  </span>
                ),
                note: late > 0 ? t("deal.overdueClose", { count: late }) : undefined,
              },
            ]
          : []),
      ]}
    />
  );
}

type Asking = "end" | "reopen" | "assign" | "release" | null;

/** The steps that the state of a deal allows; the next stage first. */
function DealActions({
  deal,
  onEdit,
  onOther,
}: {
  deal: Opportunity;
  onEdit?: () => void;
  onOther: (id: number) => void;
}) {
  const { t, lang } = useTexts();
  const may = useMay();
  const { openForm } = useOverlay();
  const [asking, setAsking] = useState<Asking>(null);
  const move = useMove();
  const step = useStep();
  const stages = useQuery(stagesQuery(deal.pipeline_id));
  if (!stages.data) return <Skeleton.Button active size="small" />;
  const ordered = [...stages.data.rows].sort((a, b) => a.position - b.position);
  const here = ordered.findIndex(({ id }) => id === deal.stage_id);
  const next = ordered[here + 1];
  const subject = { entity: "opportunity" as const, id: deal.id };
  const close = () => setAsking(null);
  const update = may("opportunity", "update");
  const open = deal.outcome === "open";
  const moving = open || (deal.outcome === "won" && !deal.completed_at);
  const others = moving
    ? ordered.filter(
        ({ id, after_winning }) =>
          id !== deal.stage_id && id !== next?.id && (open || after_winning),
      )
    : [];
  const more = [
    ...(update && deal.owner_id !== null
      ? others.map((stage) => ({
          key: `move:${stage.id}`,
          label: t("deal.moveTo", { stage: stageName(stage, lang) }),
        }))
      : []),
    ...(may("opportunity", "assign") ? [{ key: "assign", label: t("deal.actions.assign") }] : []),
    ...(update && deal.owner_id !== null && deal.outcome === "open"
      ? [{ key: "release", label: t("deal.actions.release") }]
      : []),
    ...(update && open && deal.owner_id !== null
      ? [{ key: "end", label: t("deal.actions.end"), danger: true }]
      : []),
  ];
  return (
    <>
      {deal.owner_id === null && may("opportunity", "claim") && (
        <Button
          type="primary"
          data-testid="claim"
          loading={step.isPending}
          onClick={() => step.mutate({ run: () => claimLead(deal), said: t("deal.claimed") })}
        >
          {t("deal.actions.claim")}
        </Button>
      )}
      {deal.owner_id !== null && update && open && next && (
        <Button
          type="primary"
          data-testid="move-next"
          loading={move.isPending}
          onClick={() => move.mutate({ deal, stage: next })}
        >
          {t("deal.actions.next", { stage: stageName(next, lang) })}
        </Button>
      )}
      {update && deal.outcome === "won" && !deal.completed_at && (
        <Popconfirm
          title={t("deal.completeSure")}
          onConfirm={() =>
            step.mutate({
              run: () => completeDeal(deal),
              said: t("deal.completed"),
            })
          }
        >
          <Button type="primary" data-testid="complete" loading={step.isPending}>
            {t("deal.actions.complete")}
          </Button>
        </Popconfirm>
      )}
      {update && ["lost", "shelved", "invalid", "duplicate"].includes(deal.outcome) && (
        <Button type="primary" data-testid="reopen" onClick={() => setAsking("reopen")}>
          {t("deal.actions.reopen")}
        </Button>
      )}
      {open && deal.owner_id !== null && may("quote", "create") && (
        <Button data-testid="new-quote" onClick={() => openForm("quote", subject)}>
          {t("deal.newQuote")}
        </Button>
      )}
      {onEdit && <Button onClick={onEdit}>{t("part.edit")}</Button>}
      {more.length > 0 && (
        <Dropdown
          trigger={["click"]}
          menu={{
            items: more,
            onClick: ({ key }) => {
              const to = ordered.find(({ id }) => key === `move:${id}`);
              if (to) move.mutate({ deal, stage: to });
              else setAsking(key as Asking);
            },
          }}
        >
          <Button data-testid="more">{t("part.more")}</Button>
        </Dropdown>
      )}
      {asking === "end" && <EndForm deal={deal} onClose={close} />}
      {asking === "reopen" && (
        <ActionDialog
          entity="opportunity"
          title={t("deal.reopenTitle")}
          fields={[{ name: "reason", kind: "long" }]}
          submitLabel={t("deal.actions.reopen")}
          run={({ reason }) => reopenDeal(deal, typeof reason === "string" ? reason : "")}
          onDone={({ record }) => {
            if (record.id !== deal.id) onOther(record.id);
          }}
          onClose={close}
          said={t("deal.reopened")}
        />
      )}
      {asking === "assign" && (
        <ActionDialog
          entity="opportunity"
          title={t("deal.assignTitle")}
          fields={[
            { name: "user_id", kind: "reference", label: t("deal.assignTo"), required: true },
            { name: "reason", kind: "text", required: true, placeholder: t("deal.reasonHint") },
          ]}
          submitLabel={t("deal.actions.assign")}
          run={({ user_id, reason }) => assignDeal(deal, Number(user_id), String(reason ?? ""))}
          onClose={close}
          said={t("deal.assigned")}
        />
      )}
      {asking === "release" && (
        <ActionDialog
          entity="opportunity"
          title={t("deal.releaseTitle")}
          fields={[
            { name: "reason", kind: "text", required: true, placeholder: t("deal.reasonHint") },
          ]}
          submitLabel={t("deal.actions.release")}
          danger
          run={({ reason }) => releaseLead(deal, String(reason ?? ""))}
          onClose={close}
          said={t("deal.released")}
        />
      )}
    </>
  );
}
