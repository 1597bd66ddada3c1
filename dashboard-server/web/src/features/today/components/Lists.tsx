import { Button, Dropdown } from "antd";
import { Ago, Amount, Choice, Day, Due, RecordLink, UserName } from "@/components/Cells";
import { useOverlay } from "@/components/navigation";
import { useAction } from "@/components/useAction";
import { act, type Labels, labelOf, type Rec, textOf } from "@/lib/api/records";
import { useMay, useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import type { Countdown } from "../api";
import { Section } from "./Section";

type Props = { rows: Rec[]; labels: Labels };

/** Accounts that return to the pool soon, and what keeps them. */
export function Returning({
  rows,
  labels,
}: {
  rows: { account: Rec; countdown: Countdown }[];
  labels: Labels;
}) {
  const { t } = useTexts();
  const { openForm } = useOverlay();
  const may = useMay();
  return (
    <Section
      title={t("today.returning")}
      note={t("today.returningNote")}
      rows={rows}
      tone="warning"
      testId="returning"
    >
      {({ account, countdown }) => (
        <li key={account.id} data-testid="returning-account">
          <div className="grow">
            <div className="due-title">
              <RecordLink entity="account" id={account.id} labels={labels}>
                {textOf(account, "name")}
              </RecordLink>
            </div>
            <div className="quiet small due-line">
              <span>{t("today.returnsOn", { day: countdown.returns_on })}</span>
            </div>
          </div>
          <span className={countdown.working_days_left <= 0 ? "urgency last" : "urgency soon"}>
            {countdown.working_days_left <= 0
              ? t("today.lastDay")
              : t("today.daysLeft", { count: countdown.working_days_left })}
          </span>
          {may("interaction", "create") && (
            <Button
              size="small"
              onClick={() => openForm("visit", { entity: "account", id: account.id })}
            >
              {t("today.visit")}
            </Button>
          )}
        </li>
      )}
    </Section>
  );
}

/** Deals that have not moved for long; one tap shelves each. */
export function Idle({ rows, labels }: Props) {
  const { t, lang } = useTexts();
  const may = useMay();
  const shelve = useAction(
    (deal: Rec) => act("opportunity", deal.id, "shelve-idle", {}, { version: deal.version }),
    (_made, deal) => t("today.shelved", { name: textOf(deal, "name") }),
  );
  return (
    <Section title={t("today.idle")} note={t("today.idleNote")} rows={rows} testId="idle">
      {(deal) => (
        <li key={deal.id} data-testid="idle-deal">
          <div className="grow">
            <div className="due-title">
              <RecordLink entity="opportunity" id={deal.id}>
                {textOf(deal, "name")}
              </RecordLink>
            </div>
            <div className="quiet small due-line">
              <span>{labelOf(labels, "stage", deal.stage_id, lang)}</span>
              <Amount fen={deal.amount} />
              <Ago value={deal.last_moved_at} />
            </div>
          </div>
          {may("opportunity", "update") && (
            <Button
              size="small"
              loading={shelve.isPending && shelve.variables.id === deal.id}
              data-testid="shelve"
              onClick={() => shelve.mutate(deal)}
            >
              {t("today.shelve")}
            </Button>
          )}
        </li>
      )}
    </Section>
  );
}

/** What was agreed to come next, with customers. */
export function NextSteps({ rows, labels }: Props) {
  const { t } = useTexts();
  const may = useMay();
  const { openRecord, openForm } = useOverlay();
  return (
    <Section
      title={t("today.nextSteps")}
      note={t("today.nextStepsNote")}
      rows={rows}
      testId="next-steps"
    >
      {(step) => (
        <li key={step.id}>
          <div className="grow">
            <div className="due-title">{textOf(step, "next_step") || textOf(step, "content")}</div>
            <div className="quiet small due-line">
              <RecordLink entity="account" id={step.account_id} labels={labels} />
              <span>
                <Choice entity="interaction" field="kind" value={step.kind} />{" "}
                <Day value={step.at} />
              </span>
            </div>
          </div>
          <Due value={step.next_at} />
          {may("interaction", "create") && typeof step.account_id === "number" && (
            <FollowUp
              onLog={() => openRecord({ entity: "account", id: Number(step.account_id) })}
              onVisit={() => openForm("visit", { entity: "account", id: Number(step.account_id) })}
            />
          )}
        </li>
      )}
    </Section>
  );
}

/** The next step is made by a contact: written down in the account's drawer, or checked in. */
function FollowUp({ onLog, onVisit }: { onLog: () => void; onVisit: () => void }) {
  const { t } = useTexts();
  return (
    <Dropdown
      trigger={["click"]}
      menu={{
        items: [
          { key: "log", label: t("today.log") },
          { key: "visit", label: t("create.visit") },
        ],
        onClick: ({ key }) => (key === "log" ? onLog() : onVisit()),
      }}
    >
      <Button size="small" data-testid="follow-up">
        {t("today.follow")}
      </Button>
    </Dropdown>
  );
}

/** Quotes that the customer has not answered. */
export function QuotesOut({ rows, labels }: Props) {
  const { t } = useTexts();
  const me = useMe();
  return (
    <Section title={t("today.quotesOut")} rows={rows} testId="quotes-out">
      {(quote) => (
        <li key={quote.id}>
          <div className="grow">
            <div className="due-title">
              <RecordLink entity="quote" id={quote.id}>
                {textOf(quote, "number")}
              </RecordLink>{" "}
              <Amount fen={quote.amount} />
            </div>
            <div className="quiet small due-line">
              <RecordLink entity="account" id={quote.account_id} labels={labels} />
              <span>
                {t("today.sent")} <Ago value={quote.sent_at} />
              </span>
              {quote.owner_id !== me.user_id && <UserName id={quote.owner_id} labels={labels} />}
            </div>
          </div>
          <span className="small">
            {quote.valid_until ? (
              <>
                {t("today.validUntil")} <Due value={quote.valid_until} />
              </>
            ) : null}
          </span>
        </li>
      )}
    </Section>
  );
}
