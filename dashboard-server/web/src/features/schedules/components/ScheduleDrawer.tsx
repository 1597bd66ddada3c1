import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Alert, Button, Skeleton } from "antd";
import { Moment, Named } from "@/components/Cells";
import { NamedFacts } from "@/components/Facts";
import { History } from "@/components/History";
import { useOverlay } from "@/components/navigation";
import { PendingDrawer, RecordDrawer } from "@/components/RecordDrawer";
import { RemoveButton } from "@/components/RemoveButton";
import { EmptyState, FailureState } from "@/components/States";
import { joinLabels, type Labels, recordQuery } from "@/lib/api/records";
import { ruleText } from "@/lib/rule";
import { useMay, useMe } from "@/lib/session";
import { plannedTime } from "@/lib/when";
import { useTexts } from "@/locales/i18n";
import { overviewQuery, runsQuery, type Standing } from "../api";
import { tellRun } from "../runs";
import type { Run, Schedule } from "../types";
import { RunButton, useSwitch } from "./actions";
import { Lasted, LastRun, RunTag } from "./RunMarks";
import { ScheduleSettings } from "./ScheduleForm";
import "../schedules.css";

/** A schedule: when it is due, what its runs did, and what can be changed of it. */
export function ScheduleDrawer({ id }: { id: number }) {
  const { t, lang } = useTexts();
  const may = useMay();
  const { setTab } = useOverlay();
  const found = useQuery(recordQuery<Schedule>("schedule", id));
  const overview = useQuery(overviewQuery);
  const change = useSwitch();
  const schedule = found.data?.record;
  if (!schedule) return <PendingDrawer found={found} testId="schedule" width={640} />;
  const standing = overview.data?.schedules.find((own) => own.id === id);
  const edits = may("schedule", "update");
  return (
    <RecordDrawer
      testId="schedule"
      width={640}
      title={schedule.name}
      subtitle={ruleText(schedule.rule, t, lang)}
      onEdit={edits ? () => setTab("settings") : undefined}
      actions={
        edits && (
          <>
            <RunButton schedule={schedule} current={standing?.runs[0]} />
            <Button loading={change.isPending} onClick={() => change.mutate(schedule)}>
              {t(schedule.enabled ? "schedules.switchOff" : "schedules.switchOn")}
            </Button>
            <Button onClick={() => setTab("settings")}>{t("schedules.edit")}</Button>
          </>
        )
      }
      head={
        !schedule.enabled && (
          <Alert type="info" showIcon className="refusal" title={t("schedules.offNote")} />
        )
      }
      tabs={[
        {
          key: "overview",
          label: t("schedules.overview"),
          children: <Overview schedule={schedule} standing={standing} />,
        },
        { key: "runs", label: t("schedules.runs"), children: <Runs id={id} /> },
        ...(edits
          ? [
              {
                key: "settings",
                label: t("schedules.settings"),
                children: (
                  <>
                    <ScheduleSettings schedule={schedule} />
                    {may("schedule", "delete") && (
                      <RemoveButton
                        entity="schedule"
                        record={schedule}
                        sure={t("schedules.removeSure", { name: schedule.name })}
                      />
                    )}
                  </>
                ),
              },
            ]
          : []),
        {
          key: "history",
          label: t("schedules.history"),
          children: <History entity="schedule" id={id} />,
        },
      ]}
    />
  );
}

function Overview({ schedule, standing }: { schedule: Schedule; standing: Standing | undefined }) {
  const { t, lang } = useTexts();
  const { zone } = useMe().company;
  const own = schedule.zone || zone;
  const catchUp = [t(`schedules.catchUp.${schedule.catch_up}`)];
  if (schedule.catch_up_days) {
    catchUp.push(t("schedules.catchUp.days", { count: schedule.catch_up_days }));
  }
  const facts: [string, React.ReactNode][] = [
    [
      t("field.work"),
      <>
        {t(`choice.schedule.work.${schedule.work}`, { defaultValue: schedule.work })}
        {schedule.mapping && ` · ${schedule.mapping}`}
        <span className="detail">
          {t(`schedules.works.${schedule.work}`, { defaultValue: "" })}
        </span>
      </>,
    ],
    [t("schedules.lastRun"), standing ? <LastRun key="last" run={standing.runs[0]} /> : null],
    [
      t("schedules.nextTimes"),
      schedule.enabled ? (
        <ul key="next" className="next-times figures">
          {standing?.next.map((moment) => (
            <li key={moment}>{plannedTime(moment, own, new Date(), lang)}</li>
          ))}
        </ul>
      ) : (
        t("schedules.off")
      ),
    ],
    [t("field.zone"), own],
    [t("field.catch_up"), catchUp.join(lang === "zh" ? "，" : ", ")],
    [t("schedules.limit"), t("schedules.minutes", { count: schedule.time_limit_minutes })],
  ];
  const failed = standing?.runs[0]?.state === "failed" ? standing.runs[0].error : null;
  return (
    <>
      {failed && (
        <Alert
          type="error"
          showIcon
          className="refusal"
          title={t("schedules.failed")}
          description={tellRun(failed, t)}
        />
      )}
      {standing?.holidays_unknown && (
        <Alert type="warning" showIcon className="refusal" title={t("schedules.holidays")} />
      )}
      <NamedFacts facts={facts} />
    </>
  );
}

function Runs({ id }: { id: number }) {
  const { t } = useTexts();
  const found = useInfiniteQuery(runsQuery(id));
  if (found.error && !found.data) {
    return <FailureState error={found.error} onRetry={() => found.refetch()} />;
  }
  if (!found.data) return <Skeleton active paragraph={{ rows: 6 }} title={false} />;
  const rows = found.data.pages.flatMap((page) => page.rows);
  const labels = joinLabels(found.data.pages.map((page) => page.labels));
  if (rows.length === 0) {
    return <EmptyState title={t("schedules.noRuns")}>{t("schedules.noRunsNote")}</EmptyState>;
  }
  return (
    <>
      <ol className="history" data-testid="runs">
        {rows.map((run) => (
          <RunLine key={run.id} run={run} labels={labels} />
        ))}
      </ol>
      {found.hasNextPage && (
        <Button block loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          {t("part.loadMore")}
        </Button>
      )}
    </>
  );
}

function RunLine({ run, labels }: { run: Run; labels: Labels }) {
  const { t } = useTexts();
  const { openRecord } = useOverlay();
  const said = run.error ?? run.result;
  return (
    <li className="run-item">
      <button
        type="button"
        className="run-line"
        data-testid="run"
        onClick={() => openRecord({ entity: "schedule_run", id: run.id })}
      >
        <RunTag state={run.state} />
        <Moment value={run.planned_at} />
        <span className="quiet small">
          <Lasted run={run} />
        </span>
        {run.manual && (
          <span className="quiet small end">
            {t("schedules.manual")} <Named entity="user" id={run.requested_by_id} labels={labels} />
          </span>
        )}
        {said && <span className="quiet small said">{tellRun(said, t)}</span>}
      </button>
    </li>
  );
}
