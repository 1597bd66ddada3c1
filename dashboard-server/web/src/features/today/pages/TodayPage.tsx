import { useQuery } from "@tanstack/react-query";
import { Button, Skeleton } from "antd";
import { useEffect } from "react";
import { useOverlay } from "@/components/navigation";
import { EmptyState, FailureState, StaleNote } from "@/components/States";
import { useMay, useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { todayQuery } from "../api";
import { Idle, NextSteps, QuotesOut, Returning } from "../components/Lists";
import { TeamNumbers } from "../components/TeamNumbers";
import { Todos } from "../components/Todos";
import "../today.css";

/** What is due: the first page of the day. */
export function TodayPage() {
  const { t, lang } = useTexts();
  const me = useMe();
  const may = useMay();
  const { openForm } = useOverlay();
  const found = useQuery(todayQuery);
  const { zone } = me.company;
  useEffect(() => {
    document.title = `${t("nav.today")} · Millrace`;
  }, [t]);
  const date = new Intl.DateTimeFormat(lang === "zh" ? "zh-CN" : "en-GB", {
    timeZone: zone,
    month: "long",
    day: "numeric",
    weekday: "long",
  }).format(new Date());
  const today = found.data;
  const nothing =
    today &&
    today.todos.length +
      today.countdowns.length +
      today.idle.length +
      today.next_steps.length +
      today.quotes_out.length ===
      0;
  return (
    <main className="work-page today" data-testid="today" aria-busy={found.isFetching}>
      <div className="page-head">
        <h1>{date}</h1>
        <span className="quiet">{me.name}</span>
      </div>
      <TeamNumbers />
      {found.error && today && <StaleNote error={found.error} onRetry={() => found.refetch()} />}
      {found.error && !today ? (
        <FailureState error={found.error} onRetry={() => void found.refetch()} />
      ) : !today ? (
        <div className="card">
          <Skeleton active paragraph={{ rows: 8 }} />
        </div>
      ) : nothing ? (
        <div className="card">
          <EmptyState
            title={t("today.nothing")}
            action={
              may("opportunity", "create") && (
                <Button type="primary" onClick={() => openForm("lead")}>
                  {t("create.lead")}
                </Button>
              )
            }
          >
            {t("today.nothingNote")}
          </EmptyState>
        </div>
      ) : (
        <div className="today-columns">
          <div className="today-column">
            <Todos rows={today.todos} labels={today.labels} />
            <NextSteps rows={today.next_steps} labels={today.labels} />
          </div>
          <div className="today-column">
            <Returning rows={today.countdowns} labels={today.labels} />
            <QuotesOut rows={today.quotes_out} labels={today.labels} />
            <Idle rows={today.idle} labels={today.labels} />
          </div>
        </div>
      )}
    </main>
  );
}
