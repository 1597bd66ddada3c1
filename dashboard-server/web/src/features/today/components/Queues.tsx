import { Button } from "antd";
import { Link } from "react-router";
import { Ago, Amount, Choice, Due, RecordLink, UserName } from "@/components/Cells";
import { useOverlay } from "@/components/navigation";
import { type Labels, labelOf, type Rec, textOf } from "@/lib/api/records";
import { useTexts } from "@/locales/i18n";
import type { Queue } from "../waiting";
import { Section } from "./Section";

/** What waits for somebody because of their role, each with its next step. */
export function Queues({ queues }: { queues: Queue[] }) {
  const { t } = useTexts();
  return queues.map(({ key, rows, labels, count, path }) => (
    <Section
      key={key}
      title={t(`today.queue.${key}`)}
      count={count}
      rows={rows}
      testId={`queue-${key}`}
      action={
        count > rows.length && (
          <Link className="end small" to={path}>
            {t("today.all", { count })}
          </Link>
        )
      }
    >
      {(row) => <Item key={row.id} kind={key} row={row} labels={labels} />}
    </Section>
  ));
}

function Item({ kind, row, labels }: { kind: Queue["key"]; row: Rec; labels: Labels }) {
  const { t, lang } = useTexts();
  const { openForm, openRecord } = useOverlay();
  const account = <RecordLink entity="account" id={row.account_id} labels={labels} />;
  switch (kind) {
    case "approvals":
      return (
        <li>
          <div className="grow">
            <div className="due-title">
              <RecordLink entity="quote" id={row.id}>
                {textOf(row, "number")}
              </RecordLink>{" "}
              <Amount fen={row.amount} />
            </div>
            <div className="quiet small due-line">
              {account}
              <UserName id={row.owner_id} labels={labels} />
              <Ago value={row.approval_requested_at} />
            </div>
          </div>
          <Button size="small" onClick={() => openRecord({ entity: "quote", id: row.id })}>
            {t("today.approve")}
          </Button>
        </li>
      );
    case "invoices":
      return (
        <li>
          <div className="grow">
            <div className="due-title">
              <RecordLink entity="invoice_application" id={row.id}>
                {textOf(row, "number")}
              </RecordLink>{" "}
              <Amount fen={row.amount} />
            </div>
            <div className="quiet small due-line">
              {account}
              <UserName id={row.applied_by_id} labels={labels} />
              <Ago value={row.applied_at} />
            </div>
          </div>
          <Button
            size="small"
            onClick={() => openRecord({ entity: "invoice_application", id: row.id })}
          >
            {t("today.issue")}
          </Button>
        </li>
      );
    case "overdue":
      return (
        <li>
          <div className="grow">
            <div className="due-title">{account}</div>
            <div className="quiet small due-line">
              <Amount fen={Number(row.amount ?? 0) - Number(row.received_amount ?? 0)} />
              <RecordLink entity="contract" id={row.contract_id} labels={labels} />
            </div>
          </div>
          <Due value={row.due_on} />
          <Button
            size="small"
            onClick={() => openForm("receipt", { entity: "payment_plan", id: row.id })}
          >
            {t("today.receive")}
          </Button>
        </li>
      );
    case "closing":
      return (
        <li>
          <div className="grow">
            <div className="due-title">
              <RecordLink entity="opportunity" id={row.id}>
                {textOf(row, "name")}
              </RecordLink>
            </div>
            <div className="quiet small due-line">
              {typeof row.amount === "number" && <Amount fen={row.amount} />}
              <span>{labelOf(labels, "stage", row.stage_id, lang)}</span>
              <UserName id={row.owner_id} labels={labels} />
            </div>
          </div>
          <Due value={row.expected_close_on} />
        </li>
      );
    default:
      return (
        <li>
          <div className="grow">
            <div className="due-title">
              <RecordLink entity="ticket" id={row.id}>
                {textOf(row, "title")}
              </RecordLink>
            </div>
            <div className="quiet small due-line">
              <span>{labelOf(labels, "account", row.account_id, lang)}</span>
              <Choice entity="ticket" field="status" value={row.status} />
            </div>
          </div>
          <Due value={row.due_at} />
        </li>
      );
  }
}
