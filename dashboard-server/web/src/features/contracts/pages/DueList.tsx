import { useInfiniteQuery } from "@tanstack/react-query";
import { Alert, Button, Form, Skeleton } from "antd";
import { useEffect, useMemo, useState } from "react";
import { useSearchParams } from "react-router";
import { Amount, Choice, Due, RecordLink } from "@/components/Cells";
import { useOverlay } from "@/components/navigation";
import { RecordSelect } from "@/components/RecordSelect";
import { EmptyState, FailureState, StaleNote } from "@/components/States";
import { joinLabels, type Labels } from "@/lib/api/records";
import { dayOf } from "@/lib/format";
import { useMay, useMe } from "@/lib/session";
import { fullMoney } from "@/lib/units";
import { useTexts } from "@/locales/i18n";
import { duePlansQuery } from "../api";
import { AGES, type Age, ageing, openOf } from "../money";
import type { PaymentPlan } from "../types";

/** So many instalments are counted; more of them say so. */
const MOST = 2_000;
const OVERDUE: readonly Age[] = ["over_90", "over_60", "over_30", "over_0"];

/** What customers owe, by how long they have: the oldest first, with the next step beside it. */
export function DueList() {
  const { t } = useTexts();
  const me = useMe();
  const [params, setParams] = useSearchParams();
  const account = params.get("account");
  const picked = params.get("age");
  const age: Age | null = AGES.find((one) => one === picked) ?? null;
  const [today] = useState(() => dayOf(new Date().toISOString(), me.company.zone));
  const sees = me.rights.visibility.includes("amounts");
  const found = useInfiniteQuery(
    duePlansQuery(account ? [{ field: "account_id", op: "in", values: [account] }] : []),
  );
  const pages = found.data?.pages;
  const plans = useMemo(() => pages?.flatMap(({ rows }) => rows) ?? [], [pages]);
  const labels = useMemo(() => joinLabels(pages?.map((page) => page.labels) ?? []), [pages]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = found;
  // Sums are of all that is due, so all of it is read.
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && plans.length < MOST) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, plans.length]);
  const set = (name: string, value: string | null) =>
    setParams((now) => {
      const next = new URLSearchParams(now);
      if (value === null) next.delete(name);
      else next.set(name, value);
      return next;
    });
  if (!sees) {
    return <EmptyState title={t("contracting.due.amountHidden")} />;
  }
  if (found.error && !pages) {
    return <FailureState error={found.error} onRetry={() => found.refetch()} />;
  }
  if (!pages) return <Skeleton active paragraph={{ rows: 8 }} className="card" />;
  const rows = ageing(plans, today);
  const total = rows.reduce((sum, { open }) => sum + open, 0);
  const overdue = rows
    .filter((row) => OVERDUE.includes(row.age))
    .reduce((sum, { open }) => sum + open, 0);
  const most = Math.max(1, ...rows.map(({ open }) => open));
  const shown = rows.filter((row) => age === null || row.age === age);
  const partial = hasNextPage && plans.length >= MOST;
  return (
    <section className="due-page" data-testid="due-list" aria-busy={found.isFetching}>
      <Form layout="inline" component="div" className="due-filter">
        <Form.Item label={t("contracting.due.filter")}>
          <RecordSelect
            entity="account"
            aria-label={t("contracting.due.filter")}
            value={account ? Number(account) : null}
            onChange={(id) => set("account", id === null ? null : String(id))}
          />
        </Form.Item>
      </Form>
      {found.error && <StaleNote error={found.error} onRetry={() => found.refetch()} />}
      {partial && (
        <Alert
          type="warning"
          showIcon
          title={t("contracting.due.partial", { count: plans.length })}
        />
      )}
      {rows.length === 0 ? (
        <EmptyState title={t("contracting.due.emptyTitle")}>
          {t("contracting.due.emptyText")}
        </EmptyState>
      ) : (
        <>
          <div className="card ages">
            <div className="ages-total">
              <div>
                <span className="quiet small">{t("contracting.due.total")}</span>
                <div className="head-number" data-testid="due-total" data-fen={total}>
                  <Amount fen={total} />
                </div>
              </div>
              <div>
                <span className="quiet small">{t("contracting.due.overdue")}</span>
                <div className={overdue > 0 ? "head-number due past" : "head-number"}>
                  <Amount fen={overdue} />
                </div>
              </div>
            </div>
            <ul className="age-rows">
              {rows.map((row) => (
                <li key={row.age}>
                  <button
                    type="button"
                    className={row.age === age ? "age on" : "age"}
                    aria-pressed={row.age === age}
                    data-testid={`age-${row.age}`}
                    onClick={() => set("age", row.age === age ? null : row.age)}
                  >
                    <span className="age-name">{t(`contracting.due.ages.${row.age}`)}</span>
                    <span className="age-bar" aria-hidden="true">
                      <span
                        className={OVERDUE.includes(row.age) ? "age-fill late" : "age-fill"}
                        style={{ width: `${(row.open / most) * 100}%` }}
                      />
                    </span>
                    <span className="figures age-sum">
                      <Amount fen={row.open} />
                    </span>
                    <span className="quiet small figures">
                      {t("contracting.due.count", { count: row.plans.length })}
                    </span>
                  </button>
                </li>
              ))}
            </ul>
          </div>
          {shown.map((row) => (
            <section key={row.age} className="card">
              <h2 className="due-head">
                {t(`contracting.due.ages.${row.age}`)}{" "}
                <span className="quiet small">
                  {t("contracting.due.count", { count: row.plans.length })}
                </span>
              </h2>
              <ul className="plain-list">
                {row.plans.map((plan) => (
                  <DueRow key={plan.id} plan={plan} labels={labels} />
                ))}
              </ul>
            </section>
          ))}
        </>
      )}
    </section>
  );
}

function DueRow({ plan, labels }: { plan: PaymentPlan; labels: Labels }) {
  const { t } = useTexts();
  const may = useMay();
  const { openForm } = useOverlay();
  return (
    <li className="due-row" data-testid="due-row" data-id={plan.id}>
      <span className="grow">
        <RecordLink entity="account" id={plan.account_id} labels={labels} />
        <span className="plan-due quiet small">
          {plan.contract_id !== null && (
            <RecordLink entity="contract" id={plan.contract_id} labels={labels} />
          )}{" "}
          {plan.position}. <Choice entity="payment_plan" field="kind" value={plan.kind} />
        </span>
      </span>
      <Due value={plan.due_on} />
      <span className="figures due-open" title={t("contracting.due.open")}>
        {fullMoney(openOf(plan))}
      </span>
      {may("receipt", "create") && (
        <Button
          size="small"
          onClick={() => openForm("receipt", { entity: "payment_plan", id: plan.id })}
        >
          {t("contracting.actions.receipt")}
        </Button>
      )}
    </li>
  );
}
