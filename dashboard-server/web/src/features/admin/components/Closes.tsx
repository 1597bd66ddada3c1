import { useQuery } from "@tanstack/react-query";
import { Button, Select, Skeleton, Tag } from "antd";
import { useState } from "react";
import { ActionDialog } from "@/components/ActionDialog";
import { Moment, Named } from "@/components/Cells";
import { EmptyState, FailureState } from "@/components/States";
import {
  type Close,
  closeMonth,
  closesQuery,
  nextMonth,
  reopenMonth,
  standing,
} from "@/lib/api/closes";
import { statusQuery } from "@/lib/api/queries";
import { textOf } from "@/lib/api/records";
import { dayOf } from "@/lib/format";
import { monthOf, monthsOver } from "@/lib/months";
import { useMay } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { Adjustments } from "./Adjustments";

/** So many months back can be the first one that is closed. */
const FIRST = 24;

/** Closing months, opening the last one again, and what was changed of them since. */
export function Closes() {
  const { t } = useTexts();
  const may = useMay();
  const found = useQuery(closesQuery);
  const status = useQuery(statusQuery);
  const [first, setFirst] = useState<string | null>(null);
  const [closing, setClosing] = useState<string | null>(null);
  const [opening, setOpening] = useState<Close | null>(null);
  const [shown, setShown] = useState<string | null>(null);
  if (found.error) return <FailureState error={found.error} onRetry={() => found.refetch()} />;
  if (!found.data || !status.data) {
    return <Skeleton active paragraph={{ rows: 6 }} className="card" />;
  }
  const { rows, labels } = found.data;
  const over = monthsOver(dayOf(new Date().toISOString(), status.data.zone), FIRST);
  const next = nextMonth(rows);
  const month = next ?? first ?? over[0] ?? null;
  const ready = month !== null && over.includes(month);
  const last = standing(rows)[0];
  return (
    <div className="admin-section closes">
      <section className="card">
        <div className="admin-tools">
          <h2>{t("admin.closes.title")}</h2>
          {may("month_close", "create") && (
            <span className="close-next">
              {next === null && (
                <Select
                  value={month}
                  aria-label={t("admin.closes.first")}
                  options={over.map((value) => ({ value, label: value }))}
                  onChange={setFirst}
                />
              )}
              <Button
                type="primary"
                disabled={!ready}
                data-testid="close-month"
                onClick={() => setClosing(month)}
              >
                {t("admin.closes.close", { month })}
              </Button>
            </span>
          )}
        </div>
        <p className="quiet small">
          {t("admin.closes.note")} {!ready && month && t("admin.closes.notOver", { month })}
        </p>
        {rows.length === 0 ? (
          <EmptyState title={t("admin.closes.emptyTitle")}>
            {t("admin.closes.emptyText")}
          </EmptyState>
        ) : (
          <ul className="plain-list" data-testid="closes">
            {rows.map((close) => {
              const name = monthOf(close.month);
              const isOpen = close.reopened_at !== null;
              return (
                <li key={close.id} className="close-line">
                  <span className="strong figures">{name}</span>
                  <Tag color={isOpen ? undefined : "blue"}>
                    {t(isOpen ? "admin.closes.reopened" : "admin.closes.closed")}
                  </Tag>
                  <span className="quiet small grow">
                    <Moment value={close.closed_at} />{" "}
                    <Named entity="user" id={close.closed_by_id} labels={labels} />
                    {close.note && ` · ${textOf(close, "note")}`}
                    {isOpen && (
                      <>
                        <br />
                        {t("admin.closes.openedBy")} <Moment value={close.reopened_at} />{" "}
                        <Named entity="user" id={close.reopened_by_id} labels={labels} />
                        {` · ${textOf(close, "reopen_reason")}`}
                      </>
                    )}
                  </span>
                  {!isOpen && (
                    <Button size="small" onClick={() => setShown(shown === name ? null : name)}>
                      {t("admin.closes.adjustments")}
                    </Button>
                  )}
                  {close.id === last?.id && may("month_close", "update") && (
                    <Button
                      size="small"
                      danger
                      data-testid="reopen-month"
                      onClick={() => setOpening(close)}
                    >
                      {t("admin.closes.reopen")}
                    </Button>
                  )}
                </li>
              );
            })}
          </ul>
        )}
      </section>
      {shown && <Adjustments key={shown} month={shown} set={status.data.set} />}
      {closing && (
        <ActionDialog
          entity="month_close"
          title={t("admin.closes.close", { month: closing })}
          note={t("admin.closes.closeSure")}
          fields={[{ name: "note", kind: "long", maxLength: 1000 }]}
          submitLabel={t("admin.closes.close", { month: closing })}
          said={t("admin.closes.done", { month: closing })}
          run={({ note }) => closeMonth(closing, typeof note === "string" ? note : null)}
          onClose={() => setClosing(null)}
        />
      )}
      {opening && (
        <ActionDialog
          entity="month_close"
          title={t("admin.closes.reopenTitle", { month: monthOf(opening.month) })}
          note={t("admin.closes.reopenSure")}
          fields={[
            {
              name: "reason",
              kind: "long",
              label: t("admin.closes.reason"),
              required: true,
              maxLength: 1000,
            },
          ]}
          submitLabel={t("admin.closes.reopen")}
          danger
          said={t("admin.closes.open", { month: monthOf(opening.month) })}
          run={({ reason }) => reopenMonth(opening.id, String(reason))}
          onClose={() => setOpening(null)}
        />
      )}
    </div>
  );
}
