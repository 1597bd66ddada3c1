import { useQuery } from "@tanstack/react-query";
import { Button, Dropdown, Rate, Tag } from "antd";
import { useState } from "react";
import { ActionDialog, useStep } from "@/components/ActionDialog";
import { Choice, RecordLink, UserName } from "@/components/Cells";
import { Facts, HeadNumbers } from "@/components/Facts";
import type { Field } from "@/components/fields";
import { History } from "@/components/History";
import { PendingDrawer, RecordDrawer } from "@/components/RecordDrawer";
import { RecordForm } from "@/components/RecordForm";
import { Attachments } from "@/components/Uploader";
import { changeRecord, recordQuery } from "@/lib/api/records";
import { useMay, useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { doStep } from "../api";
import { ticketFields } from "../fields";
import { rates, type Step, stepsOf } from "../tickets";
import type { Ticket } from "../types";
import { DueMark } from "./DueMark";
import { useKinds } from "./useKinds";
import "../tickets.css";

export const SEVERITY_TONES: Record<string, string> = {
  low: "default",
  normal: "processing",
  high: "warning",
  urgent: "error",
};
export const STATUS_TONES: Record<string, string> = {
  open: "warning",
  in_progress: "processing",
  paused: "default",
  resolved: "success",
  closed: "success",
  cancelled: "default",
};
const FACTS = [
  "kind",
  "account_id",
  "opportunity_id",
  "quote_id",
  "order_id",
  "requester_id",
  "owner_id",
  "team_id",
  "opened_at",
  "first_response_at",
  "due_at",
  "resolved_at",
  "closed_at",
];
/** The likely steps are buttons, the others under "more". */
const BUTTONS = 2;

export function TicketDrawer({ id }: { id: number }) {
  const { t } = useTexts();
  const may = useMay();
  const kinds = useKinds();
  const [editing, setEditing] = useState(false);
  const found = useQuery(recordQuery<Ticket>("ticket", id));
  const ticket = found.data?.record;
  const labels = found.data?.labels;
  if (!ticket || !labels) {
    return <PendingDrawer found={found} testId="ticket" />;
  }
  const edits = may("ticket", "update") && !["closed", "cancelled"].includes(ticket.status);
  if (editing) {
    return (
      <RecordDrawer title={t("ticketing.edit")} subtitle={ticket.number} testId="ticket">
        <RecordForm<Ticket>
          entity="ticket"
          fields={ticketFields({ subject: null, kinds, account: ticket.account_id })}
          record={ticket}
          labels={labels}
          open
          submit={({ values, version }) =>
            changeRecord<Ticket>("ticket", { id, version: version ?? ticket.version }, values)
          }
          onDone={() => setEditing(false)}
          onCancel={() => setEditing(false)}
        />
      </RecordDrawer>
    );
  }
  const kindName = kinds.find(({ value }) => value === ticket.kind)?.label ?? ticket.kind;
  return (
    <RecordDrawer
      testId="ticket"
      title={ticket.title}
      subtitle={
        <>
          {ticket.number} · {kindName}
          {ticket.account_id !== null && (
            <>
              {" · "}
              <RecordLink entity="account" id={ticket.account_id} labels={labels} />
            </>
          )}{" "}
          <Tag color={SEVERITY_TONES[ticket.severity]}>
            <Choice entity="ticket" field="severity" value={ticket.severity} />
          </Tag>
          <Tag color={STATUS_TONES[ticket.status]}>
            <Choice entity="ticket" field="status" value={ticket.status} />
          </Tag>
        </>
      }
      onEdit={edits ? () => setEditing(true) : undefined}
      actions={
        <TicketActions ticket={ticket} onEdit={edits ? () => setEditing(true) : undefined} />
      }
      head={
        <HeadNumbers
          items={[
            { key: "due", label: t("ticketing.due"), value: <DueMark ticket={ticket} /> },
            {
              key: "owner",
              label: t("field.owner_id"),
              value:
                ticket.owner_id === null ? (
                  t("ticketing.unassigned")
                ) : (
                  <UserName id={ticket.owner_id} labels={labels} />
                ),
            },
            ...(ticket.satisfaction === null
              ? []
              : [
                  {
                    key: "satisfaction",
                    label: t("ticketing.ask.satisfaction"),
                    value: <Rate disabled value={ticket.satisfaction} />,
                  },
                ]),
          ]}
        />
      }
      tabs={[
        {
          key: "facts",
          label: t("ticketing.drawer.facts"),
          children: (
            <>
              <Story label={t("ticketing.story")} text={ticket.description} />
              <Story label={t("ticketing.reasonNow")} text={ticket.status_reason} />
              <Story label={t("ticketing.response")} text={ticket.response} />
              <Story label={t("ticketing.resolution")} text={ticket.resolution} />
              <Facts
                entity="ticket"
                record={{ ...ticket, kind: kindName }}
                labels={labels}
                fields={FACTS}
              />
            </>
          ),
        },
        {
          key: "files",
          label: t("ticketing.drawer.files"),
          children: <Attachments entity="ticket" id={id} />,
        },
        {
          key: "history",
          label: t("ticketing.drawer.history"),
          children: <History entity="ticket" id={id} />,
        },
      ]}
    />
  );
}

function Story({ label, text }: { label: string; text?: string | null }) {
  if (!text) return null;
  return (
    <section className="ticket-story">
      <h3>{label}</h3>
      <p>{text}</p>
    </section>
  );
}

function TicketActions({ ticket, onEdit }: { ticket: Ticket; onEdit?: () => void }) {
  const { t } = useTexts();
  const me = useMe();
  const may = useMay();
  const step = useStep();
  const [asking, setAsking] = useState<Step | null>(null);
  const [stars, setStars] = useState(0);
  const steps = stepsOf(ticket, {
    userId: me.user_id,
    updates: may("ticket", "update"),
    assigns: may("ticket", "assign"),
  });
  const start = (name: Step) => {
    if (name !== "take" && name !== "resume") {
      setAsking(name);
      return;
    }
    step.mutate({ run: () => doStep(ticket, name), said: t(`ticketing.done.${name}`) });
  };
  const asked: Partial<Record<Step, Field>> = {
    assign: {
      name: "user_id",
      kind: "reference",
      required: true,
      label: t("ticketing.ask.assign"),
      where: [{ field: "enabled", op: "in", values: ["true"] }],
    },
    respond: {
      name: "response",
      kind: "long",
      required: true,
      label: t("ticketing.ask.respond"),
      maxLength: 20_000,
    },
    pause: {
      name: "reason",
      required: true,
      label: t("ticketing.ask.pause"),
      help: t("ticketing.ask.pauseNote"),
      maxLength: 1000,
    },
    resolve: {
      name: "resolution",
      kind: "long",
      required: true,
      label: t("ticketing.ask.resolve"),
      maxLength: 20_000,
    },
    cancel: {
      name: "reason",
      required: true,
      label: t("ticketing.ask.cancel"),
      maxLength: 1000,
    },
    reopen: {
      name: "reason",
      required: true,
      label: t("ticketing.ask.reopen"),
      maxLength: 1000,
    },
  };
  const field = asking ? asked[asking] : undefined;
  const rest = steps.slice(BUTTONS);
  return (
    <>
      {steps.slice(0, BUTTONS).map((name, index) => (
        <Button
          key={name}
          type={index === 0 ? "primary" : "default"}
          loading={step.isPending && index === 0}
          data-testid={`ticket-${name}`}
          onClick={() => start(name)}
        >
          {t(`ticketing.actions.${name}`)}
        </Button>
      ))}
      {onEdit && <Button onClick={onEdit}>{t("part.edit")}</Button>}
      {rest.length > 0 && (
        <Dropdown
          trigger={["click"]}
          menu={{
            items: rest.map((name) => ({
              key: name,
              label: t(`ticketing.actions.${name}`),
              danger: name === "cancel",
            })),
            onClick: ({ key }) => start(key as Step),
          }}
        >
          <Button data-testid="more">{t("part.more")}</Button>
        </Dropdown>
      )}
      {asking && (
        <ActionDialog
          entity="ticket"
          title={t(`ticketing.actions.${asking}`)}
          note={asking === "close" ? t("ticketing.ask.close") : undefined}
          fields={field ? [field] : []}
          submitLabel={t(`ticketing.actions.${asking}`)}
          danger={asking === "cancel"}
          run={(values) =>
            doStep(ticket, asking, {
              ...values,
              ...(asking === "close" && stars > 0 ? { satisfaction: stars } : {}),
            })
          }
          said={t(`ticketing.done.${asking}`)}
          onClose={() => setAsking(null)}
        >
          {asking === "close" && rates(ticket, me.user_id) && (
            <div className="ticket-rate">
              <span>{t("ticketing.ask.satisfaction")}</span>
              <Rate value={stars} onChange={setStars} />
              <span className="quiet small">{t("ticketing.ask.satisfactionNote")}</span>
            </div>
          )}
        </ActionDialog>
      )}
    </>
  );
}
