import { useQuery } from "@tanstack/react-query";
import { Button, Skeleton } from "antd";
import { useEffect } from "react";
import { useNavigate } from "react-router";
import { useOverlay } from "@/components/navigation";
import { EmptyState, FailureState, StaleNote } from "@/components/States";
import { leads, useMay, useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { todayQuery } from "../api";
import { Idle, NextSteps, QuotesOut, Returning } from "../components/Lists";
import { Queues } from "../components/Queues";
import { TeamNumbers } from "../components/TeamNumbers";
import { Todos } from "../components/Todos";
import { useWaiting } from "../waiting";
import "../today.css";

/** What somebody goes on to when nothing is due: the way to their own work. */
function Next() {
  const { t } = useTexts();
  const me = useMe();
  const may = useMay();
  const navigate = useNavigate();
  const { openForm } = useOverlay();
  if (may("user", "create")) {
    return (
      <div className="next-steps">
        <Button type="primary" onClick={() => navigate("/admin")}>
          {t("today.toUsers")}
        </Button>
        <Button onClick={() => navigate("/admin/products")}>{t("today.toProducts")}</Button>
        <Button onClick={() => openForm("account")}>{t("create.account")}</Button>
      </div>
    );
  }
  if (leads(me)) {
    return (
      <Button type="primary" onClick={() => navigate("/dashboard")}>
        {t("today.toNumbers")}
      </Button>
    );
  }
  if (!may("opportunity", "create")) return null;
  return (
    <Button type="primary" onClick={() => openForm("lead")}>
      {t("create.lead")}
    </Button>
  );
}

/** What is due: the first page of the day. */
export function TodayPage() {
  const { t, lang } = useTexts();
  const me = useMe();
  const found = useQuery(todayQuery);
  const queues = useWaiting();
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
    queues &&
    queues.length +
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
      ) : !today || !queues ? (
        <div className="card">
          <Skeleton active paragraph={{ rows: 8 }} />
        </div>
      ) : nothing ? (
        <div className="card">
          <EmptyState title={t("today.nothing")} action={<Next />}>
            {t("today.nothingNote")}
          </EmptyState>
        </div>
      ) : (
        <div className="today-columns">
          <Queues queues={queues} />
          <Returning rows={today.countdowns} labels={today.labels} />
          <Todos rows={today.todos} labels={today.labels} />
          <NextSteps rows={today.next_steps} labels={today.labels} />
          <QuotesOut rows={today.quotes_out} labels={today.labels} />
          <Idle rows={today.idle} labels={today.labels} />
        </div>
      )}
    </main>
  );
}
