import { PlusOutlined, WarningOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Skeleton, Tooltip } from "antd";
import { useEffect } from "react";
import { useOverlay } from "@/components/navigation";
import { ResourceCards } from "@/components/ResourceCards";
import { ResourceRows } from "@/components/ResourceRows";
import type { Column } from "@/components/ResourceTable";
import { EmptyState, FailureState, PermissionState, StaleNote } from "@/components/States";
import { listQuery } from "@/lib/api/records";
import { usePhone } from "@/lib/media";
import { ruleText } from "@/lib/rule";
import { useMay, useMe } from "@/lib/session";
import { plannedTime } from "@/lib/when";
import { useTexts } from "@/locales/i18n";
import { overviewQuery, type Standing } from "../api";
import { EnabledSwitch, RunButton } from "../components/actions";
import { LastRun, RunDots } from "../components/RunMarks";
import { isUnderWay } from "../runs";
import type { Schedule } from "../types";
import "../schedules.css";

/** More schedules than that nobody has. */
const MOST = 100;

const schedulesQuery = listQuery<Schedule>("schedule", { sort: "id", limit: MOST });

/** What is done by itself: by which rule, when next, and what came of the last times. */
export function SchedulesPage() {
  const { t, lang } = useTexts();
  const may = useMay();
  const phone = usePhone();
  const { openRecord, openForm } = useOverlay();
  const allowed = may("schedule", "read");
  const found = useQuery({ ...schedulesQuery, enabled: allowed });
  const overview = useQuery({ ...overviewQuery, enabled: allowed });
  useEffect(() => {
    document.title = `${t("nav.schedules")} · Millrace`;
  }, [t]);
  if (!allowed) return <PermissionState />;
  const error = found.error ?? overview.error;
  const retry = () => {
    void found.refetch();
    void overview.refetch();
  };
  const rows = found.data?.rows ?? [];
  const stands = new Map(overview.data?.schedules.map((own) => [own.id, own]));
  const last = (row: Schedule) => stands.get(row.id)?.runs[0];
  const running = rows.filter((row) => last(row)?.state === "running").length;
  const failing = rows.filter((row) => last(row)?.state === "failed").length;
  const create = may("schedule", "create");
  const open = ({ id }: Schedule) => openRecord({ entity: "schedule", id });
  const button = create && (
    <Button
      className="end"
      type="primary"
      icon={<PlusOutlined />}
      data-testid="new-schedule"
      onClick={() => openForm("schedule")}
    >
      {t("schedules.create")}
    </Button>
  );
  const columns: Column<Schedule>[] = [
    { field: "name", width: 200, render: (row) => <span className="strong">{row.name}</span> },
    {
      field: "work",
      width: 100,
      hidden: true,
      render: (row) => t(`choice.schedule.work.${row.work}`, { defaultValue: row.work }),
    },
    { field: "rule", width: 260, render: (row) => ruleText(row.rule, t, lang) },
    {
      field: "next",
      title: t("schedules.next"),
      width: 150,
      render: (row) => <Next schedule={row} standing={stands.get(row.id)} />,
    },
    {
      field: "last",
      title: t("schedules.lastRun"),
      width: 240,
      render: (row) => <LastRun run={last(row)} />,
    },
    {
      field: "recent",
      title: t("schedules.recent"),
      width: 100,
      render: (row) => <RunDots runs={stands.get(row.id)?.runs ?? []} />,
    },
    {
      field: "tools",
      title: "",
      width: 170,
      render: (row) => (
        <span className="schedule-tools">
          <RunButton schedule={row} current={last(row)} small />
          <EnabledSwitch schedule={row} />
        </span>
      ),
    },
  ];
  return (
    <main className="work-page" data-testid="schedules">
      <header className="page-head">
        <h1>{t("schedules.title")}</h1>
        {running > 0 && (
          <span className="urgency">{t("schedules.running", { count: running })}</span>
        )}
        {failing > 0 && (
          <span className="urgency last">{t("schedules.failing", { count: failing })}</span>
        )}
        {button}
      </header>
      <section className="resource" data-testid="list-schedule">
        {error && found.data && <StaleNote error={error} onRetry={retry} />}
        {error && !found.data ? (
          <FailureState error={error} onRetry={retry} />
        ) : !found.data || !overview.data ? (
          <Skeleton active paragraph={{ rows: 6 }} title={false} className="resource-loading" />
        ) : rows.length === 0 ? (
          <EmptyState title={t("schedules.empty")} action={button}>
            {t("schedules.emptyNote")}
          </EmptyState>
        ) : phone ? (
          <ResourceCards<Schedule>
            rows={rows}
            labels={found.data.labels}
            card={(row) => ({
              title: row.name,
              figure: <RunDots runs={stands.get(row.id)?.runs ?? []} />,
              second: ruleText(row.rule, t, lang),
              end: isUnderWay(last(row)?.state ?? "") ? (
                <LastRun run={last(row)} />
              ) : (
                <Next schedule={row} standing={stands.get(row.id)} />
              ),
              action: <EnabledSwitch schedule={row} />,
            })}
            stale={false}
            more={false}
            loading={false}
            onOpen={open}
            onEnd={() => undefined}
          />
        ) : (
          <ResourceRows<Schedule>
            entity="schedule"
            rows={rows}
            labels={found.data.labels}
            columns={columns}
            sort={null}
            stale={false}
            selected={null}
            onSelect={() => undefined}
            onSort={() => undefined}
            onOpen={open}
            onEnd={() => undefined}
          />
        )}
      </section>
    </main>
  );
}

/** When a schedule is due next; the times after it on hover. */
function Next({ schedule, standing }: { schedule: Schedule; standing: Standing | undefined }) {
  const { t, lang } = useTexts();
  const { zone } = useMe().company;
  if (!schedule.enabled) return <span className="faint">{t("schedules.off")}</span>;
  const times = (standing?.next ?? []).map((moment) =>
    plannedTime(moment, schedule.zone || zone, new Date(), lang),
  );
  const [first, ...others] = times;
  if (!first) return <span className="faint">{t("rules.never")}</span>;
  return (
    <Tooltip title={others.map((time) => <div key={time}>{time}</div>)}>
      <span className="figures">
        {first}
        {standing?.holidays_unknown && (
          <>
            {" "}
            <Tooltip title={t("schedules.holidays")}>
              <WarningOutlined className="warned" aria-label={t("schedules.holidays")} />
            </Tooltip>
          </>
        )}
      </span>
    </Tooltip>
  );
}
