import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Skeleton } from "antd";
import { Moment, UserName } from "@/components/Cells";
import { NamedFacts } from "@/components/Facts";
import { useOverlay } from "@/components/navigation";
import { PendingDrawer, RecordDrawer } from "@/components/RecordDrawer";
import { FailureState } from "@/components/States";
import { labelOf, recordQuery } from "@/lib/api/records";
import { instant } from "@/lib/format";
import { useMay, useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { logQuery } from "../api";
import { isUnderWay, tellRun } from "../runs";
import type { Run } from "../types";
import { CancelButton } from "./actions";
import { Lasted, RunTag } from "./RunMarks";
import "../schedules.css";

/** While a run is under way it is looked at so often, beside the news that come by themselves. */
const LOOK_MS = 3_000;

/** One run: how it stands, what it did, and its log. */
export function RunDrawer({ id }: { id: number }) {
  const { t, lang } = useTexts();
  const { openRecord } = useOverlay();
  const may = useMay();
  const found = useQuery({
    ...recordQuery<Run>("schedule_run", id),
    refetchInterval: ({ state }) =>
      state.data && isUnderWay(state.data.record.state) ? LOOK_MS : false,
  });
  const run = found.data?.record;
  if (!run) return <PendingDrawer found={found} testId="schedule-run" width={640} />;
  const labels = found.data?.labels;
  const name = labelOf(labels, "schedule", run.schedule_id, lang);
  const facts: [string, React.ReactNode][] = [
    [t("field.planned_at"), <Moment key="planned" value={run.planned_at} />],
    [
      t("schedules.started"),
      run.manual ? (
        <>
          {t("schedules.manual")} · <UserName id={run.requested_by_id} labels={labels} />
        </>
      ) : (
        t("schedules.byRule")
      ),
    ],
    [t("field.began_at"), <Moment key="began" value={run.began_at} />],
    [t("field.ended_at"), <Moment key="ended" value={run.ended_at} />],
  ];
  return (
    <RecordDrawer
      testId="schedule-run"
      width={640}
      title={t("schedules.run", { name })}
      subtitle={<Lasted run={run} />}
      actions={
        <>
          {isUnderWay(run.state) && !run.cancel_asked_at && <CancelButton run={run} />}
          {may("schedule", "read") && (
            <Button onClick={() => openRecord({ entity: "schedule", id: run.schedule_id })}>
              {t("schedules.toSchedule")}
            </Button>
          )}
        </>
      }
    >
      <p className="state-line">
        <RunTag state={run.state} />
        {run.cancel_asked_at && isUnderWay(run.state) && (
          <span className="quiet">{t("schedules.cancelling")}</span>
        )}
        {run.attempt > 1 && (
          <span className="quiet small">{t("schedules.attempt", { count: run.attempt })}</span>
        )}
      </p>
      {run.error && (
        <Alert
          type={run.state === "failed" ? "error" : "info"}
          showIcon
          className="refusal"
          title={t(run.state === "failed" ? "schedules.failed" : "schedules.leftOut")}
          description={<span className="run-error">{tellRun(run.error, t)}</span>}
        />
      )}
      {run.result && (
        <>
          <h3 className="small quiet">{t("schedules.result")}</h3>
          <p className="run-said">{tellRun(run.result, t)}</p>
        </>
      )}
      <NamedFacts facts={facts} />
      <h3 className="small quiet">{t("schedules.log")}</h3>
      <Log id={id} live={isUnderWay(run.state)} />
    </RecordDrawer>
  );
}

function Log({ id, live }: { id: number; live: boolean }) {
  const { t } = useTexts();
  const { zone } = useMe().company;
  const found = useQuery({ ...logQuery(id), refetchInterval: live ? LOOK_MS : false });
  if (found.error) return <FailureState error={found.error} onRetry={() => found.refetch()} />;
  if (!found.data) return <Skeleton active paragraph={{ rows: 4 }} title={false} />;
  const { lines } = found.data;
  if (lines.length === 0) return <p className="quiet">{t("schedules.noLog")}</p>;
  return (
    <ol className="run-log" data-testid="run-log">
      {lines.map(({ at, text }) => (
        <li key={`${at} ${text}`}>
          <time dateTime={at}>{clock(at, zone)}</time>
          <span>{tellRun(text, t)}</span>
        </li>
      ))}
    </ol>
  );
}

/** The time of day of a line, to the second. */
function clock(at: string, zone: string): string {
  return `${instant(at, zone).slice(11)}:${new Date(at).toISOString().slice(17, 19)}`;
}
