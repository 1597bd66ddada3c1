import { useQuery } from "@tanstack/react-query";
import { Switch } from "antd";
import { Ago } from "@/components/Cells";
import { ruleMomentsQuery } from "@/lib/api/rules";
import { NONE } from "@/lib/format";
import { useMe } from "@/lib/session";
import { plannedTime } from "@/lib/when";
import { useTexts } from "@/locales/i18n";
import { lastCopiesQuery } from "../api";
import { type Occurrence, occurrences } from "../receipts";
import type { Subscription } from "../types";
import { useEdits, usePause } from "./actions";
import { StateTag } from "./Receipts";

/** When a subscription comes next. */
export function NextTime({ subscription }: { subscription: Subscription }) {
  const { t, lang } = useTexts();
  const { company } = useMe();
  const { enabled, rule, zone } = subscription;
  const found = useQuery({
    ...ruleMomentsQuery(rule ?? "", zone),
    enabled: enabled && rule !== null,
    staleTime: 60_000,
  });
  if (!enabled) return <span className="faint">{t("subscriptions.paused")}</span>;
  if (!rule) return <span className="faint">{NONE}</span>;
  const [next] = found.data?.next ?? [];
  if (!next) return null;
  return (
    <time className="figures" dateTime={next}>
      {plannedTime(next, zone || company.zone, new Date(), lang)}
    </time>
  );
}

/** What became of the last moment of a subscription; briefly, what asks for most. */
export function LastTime({
  occurrence,
  brief,
}: {
  occurrence: Occurrence | undefined;
  brief?: boolean;
}) {
  const { t } = useTexts();
  if (!occurrence) return <span className="faint">{t("subscriptions.never")}</span>;
  const { copies, counts, planned_at } = occurrence;
  return (
    <span className="last-time">
      {counts.slice(0, brief ? 1 : undefined).map(([state, count]) => (
        <StateTag key={state} state={state} count={copies.length > 1 ? count : undefined} />
      ))}
      <span className="quiet small">
        <Ago value={planned_at} />
      </span>
    </span>
  );
}

export function LastTimeOf({ id, brief }: { id: number; brief?: boolean }) {
  const found = useQuery(lastCopiesQuery(id));
  if (!found.data) return null;
  return <LastTime occurrence={occurrences(found.data.rows)[0]} brief={brief} />;
}

/** Pauses a subscription in its row, for who may change it. */
export function EnabledSwitch({ subscription }: { subscription: Subscription }) {
  const { t } = useTexts();
  const edits = useEdits(subscription);
  const pause = usePause();
  const label = t(subscription.enabled ? "subscriptions.pause" : "subscriptions.resume");
  return (
    <Switch
      size="small"
      checked={subscription.enabled}
      disabled={!edits}
      loading={pause.isPending}
      aria-label={label}
      title={label}
      onClick={(_on, event) => {
        event.stopPropagation();
        pause.mutate(subscription);
      }}
    />
  );
}
