import { PlayCircleOutlined, StopOutlined } from "@ant-design/icons";
import { Button, Popconfirm, Switch } from "antd";
import { useAction } from "@/components/useAction";
import { changeRecord } from "@/lib/api/records";
import { useMay } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { cancelRun, type RunState, runNow } from "../api";
import { isUnderWay } from "../runs";
import type { Schedule } from "../types";

/** Runs a schedule now, or ends the run that is under way. */
export function RunButton({
  schedule,
  current,
  small,
}: {
  schedule: Schedule;
  current: Pick<RunState, "id" | "state"> | undefined;
  small?: boolean;
}) {
  const { t } = useTexts();
  const may = useMay();
  const run = useAction(
    () => runNow(schedule.id),
    () => t("schedules.asked"),
  );
  if (!may("schedule", "update")) return null;
  if (current && isUnderWay(current.state)) return <CancelButton run={current} small={small} />;
  return (
    <Button
      size={small ? "small" : undefined}
      type={small ? undefined : "primary"}
      icon={<PlayCircleOutlined />}
      loading={run.isPending}
      data-testid="run-now"
      onClick={(event) => {
        event.stopPropagation();
        run.mutate(undefined);
      }}
    >
      {t("schedules.runNow")}
    </Button>
  );
}

/** Ends a run that waits or is under way. */
export function CancelButton({
  run,
  small,
}: {
  run: Pick<RunState, "id" | "state">;
  small?: boolean;
}) {
  const { t } = useTexts();
  const may = useMay();
  const cancel = useAction(
    () => cancelRun(run.id),
    () => t("schedules.cancelled"),
  );
  if (!may("schedule", "update")) return null;
  return (
    <Popconfirm
      title={t("schedules.cancelSure")}
      okText={t("schedules.cancel")}
      cancelText={t("part.close")}
      onConfirm={(event) => {
        event?.stopPropagation();
        cancel.mutate(undefined);
      }}
      onCancel={(event) => event?.stopPropagation()}
      onPopupClick={(event) => event.stopPropagation()}
    >
      <Button
        danger
        size={small ? "small" : undefined}
        icon={<StopOutlined />}
        loading={cancel.isPending}
        data-testid="run-cancel"
        onClick={(event) => event.stopPropagation()}
      >
        {t("schedules.cancel")}
      </Button>
    </Popconfirm>
  );
}

/** Switches a schedule off or on. */
export function useSwitch() {
  const { t } = useTexts();
  return useAction(
    (schedule: Schedule) =>
      changeRecord<Schedule>("schedule", schedule, { enabled: !schedule.enabled }),
    (_done, { enabled }) => t(enabled ? "schedules.switchedOff" : "schedules.switchedOn"),
  );
}

export function EnabledSwitch({ schedule }: { schedule: Schedule }) {
  const { t } = useTexts();
  const may = useMay();
  const change = useSwitch();
  return (
    <Switch
      size="small"
      checked={schedule.enabled}
      disabled={!may("schedule", "update")}
      loading={change.isPending}
      aria-label={t(schedule.enabled ? "schedules.switchOff" : "schedules.switchOn")}
      title={t(schedule.enabled ? "schedules.switchOff" : "schedules.switchOn")}
      data-testid="schedule-enabled"
      onClick={(_on, event) => {
        event.stopPropagation();
        change.mutate(schedule);
      }}
    />
  );
}
