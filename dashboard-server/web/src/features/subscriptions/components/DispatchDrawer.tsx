import { useQuery } from "@tanstack/react-query";
import { Alert, Button } from "antd";
import { Choice, Moment, UserName } from "@/components/Cells";
import { NamedFacts } from "@/components/Facts";
import { useOverlay } from "@/components/navigation";
import { PendingDrawer, RecordDrawer } from "@/components/RecordDrawer";
import { labelOf, recordQuery } from "@/lib/api/records";
import { NONE } from "@/lib/format";
import { useTexts } from "@/locales/i18n";
import { tellReason } from "../receipts";
import type { Dispatch, Subscription } from "../types";
import { useEdits } from "./actions";
import { AgainButton, StateTag } from "./Receipts";
import "../subscriptions.css";

const TONES = {
  given_up: "error",
  unknown: "warning",
  retrying: "warning",
} as Record<string, "error" | "warning">;

/** The receipt of one copy. */
export function DispatchDrawer({ id }: { id: number }) {
  const { t, lang } = useTexts();
  const { openRecord } = useOverlay();
  const found = useQuery(recordQuery<Dispatch>("dispatch", id));
  const copy = found.data?.record;
  const labels = found.data?.labels;
  const known = copy !== undefined && labels?.subscription?.[String(copy.subscription_id)];
  const whole = useQuery({
    ...recordQuery<Subscription>("subscription", copy?.subscription_id ?? 0),
    enabled: Boolean(known),
  });
  const edits = useEdits(whole.data?.record);
  if (!copy) return <PendingDrawer found={found} testId="dispatch" width={560} />;
  const facts: [string, React.ReactNode][] = [
    [t("field.recipient_id"), <UserName key="who" id={copy.recipient_id} labels={labels} />],
    [
      t("subscriptions.to"),
      <>
        <Choice key="how" entity="dispatch" field="channel" value={copy.channel} />
        {copy.address && ` · ${copy.address}`}
      </>,
    ],
    [t("field.planned_at"), <Moment key="planned" value={copy.planned_at} />],
    [t("field.rendered_at"), <Moment key="rendered" value={copy.rendered_at} />],
    [t("choice.dispatch.state.sent"), <Moment key="sent" value={copy.sent_at} />],
    [t("field.next_attempt_at"), <Moment key="next" value={copy.next_attempt_at} />],
    [t("field.attempts"), copy.attempts],
    [t("subscriptions.response"), copy.response ?? NONE],
    [t("field.message_id"), <code key="id">{copy.message_id ?? NONE}</code>],
  ];
  return (
    <RecordDrawer
      testId="dispatch"
      width={560}
      title={copy.subject ?? labelOf(labels, "subscription", copy.subscription_id, lang)}
      subtitle={copy.manual ? t("subscriptions.manual") : undefined}
      actions={
        <>
          {edits && <AgainButton copy={copy} />}
          {known && (
            <Button
              onClick={() => openRecord({ entity: "subscription", id: copy.subscription_id })}
            >
              {t("subscriptions.toSubscription")}
            </Button>
          )}
        </>
      }
    >
      <p className="state-line">
        <StateTag state={copy.state} />
      </p>
      {copy.reason && (
        <Alert
          type={TONES[copy.state] ?? "info"}
          showIcon
          className="refusal"
          title={tellReason(copy.reason, t)}
        />
      )}
      <NamedFacts facts={facts} />
    </RecordDrawer>
  );
}
