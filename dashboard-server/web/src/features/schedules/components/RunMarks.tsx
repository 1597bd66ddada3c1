import { Tag, Tooltip } from "antd";
import { useEffect, useState } from "react";
import { Link } from "react-router";
import { Ago, Choice } from "@/components/Cells";
import { useRecordAddress } from "@/components/navigation";
import { useMe } from "@/lib/session";
import { fullTime } from "@/lib/when";
import { useTexts } from "@/locales/i18n";
import type { RunState } from "../api";
import { lastedMs, lastedText, RUN_TONES, tellRun } from "../runs";

type Stands = Pick<RunState, "state" | "began_at" | "ended_at" | "planned_at">;

/** How a run stands. */
export function RunTag({ state }: { state: string }) {
  return (
    <Tag color={RUN_TONES[state]}>
      <Choice entity="schedule_run" field="state" value={state} />
    </Tag>
  );
}

/** How long a run took, or goes on already. */
export function Lasted({ run }: { run: Stands }) {
  const { t, lang } = useTexts();
  const runs = run.state === "running";
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    if (!runs) return;
    const timer = setInterval(() => setNow(new Date()), 1000);
    return () => clearInterval(timer);
  }, [runs]);
  const ms = lastedMs(run, runs ? now : new Date());
  if (ms === null) return null;
  const time = lastedText(ms, lang);
  return (
    <span className="figures">{t(runs ? "schedules.sofar" : "schedules.took", { time })}</span>
  );
}

/** The last run in a line: how it stands, when it was, how long it took. */
export function LastRun({ run }: { run: RunState | undefined }) {
  const { t } = useTexts();
  if (!run) return <span className="faint">{t("schedules.never")}</span>;
  return (
    <span className="last-run">
      <RunTag state={run.state} />
      {run.state === "running" ? null : (
        <span>
          <Ago value={run.ended_at ?? run.planned_at} />
        </span>
      )}
      <span className="quiet small">
        <Lasted run={run} />
      </span>
    </span>
  );
}

/** The last runs as marks, the latest at the right; each opens. */
export function RunDots({ runs }: { runs: RunState[] }) {
  const { t, lang } = useTexts();
  const { zone } = useMe().company;
  const address = useRecordAddress();
  return (
    <span className="run-dots">
      {[...runs].reverse().map((run) => {
        const ms = lastedMs(run, new Date());
        const said = [
          fullTime(run.planned_at, zone),
          t(`choice.schedule_run.state.${run.state}`),
          ms !== null && lastedText(ms, lang),
          run.error && tellRun(run.error, t),
        ]
          .filter(Boolean)
          .join(" · ");
        return (
          <Tooltip key={run.id} title={said}>
            <Link
              to={address({ entity: "schedule_run", id: run.id })}
              className={`run-dot ${run.state}`}
              aria-label={said}
              onClick={(event) => event.stopPropagation()}
            />
          </Tooltip>
        );
      })}
    </span>
  );
}
