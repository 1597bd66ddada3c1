import { Button, Popconfirm } from "antd";
import { useAction } from "@/components/useAction";
import { ApiError } from "@/lib/api/client";
import { changeRecord } from "@/lib/api/records";
import { scopeOf, useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { leave, sendNow } from "../api";
import type { Subscription } from "../types";

/** Whether somebody may change a subscription: their own, or any. */
export function useEdits(subscription: Pick<Subscription, "owner_id"> | undefined): boolean {
  const me = useMe();
  const scope = scopeOf(me.rights, "subscription", "update");
  if (!subscription || scope === null) return false;
  return scope === "all" || subscription.owner_id === me.user_id;
}

/** Sends what there is now: to oneself at once, to all recipients when that is sure. */
export function SendButton({ subscription }: { subscription: Subscription }) {
  const { t } = useTexts();
  const me = useMe();
  const { id, channel, recipients } = subscription;
  const send = useAction(
    (to: "me" | "all") => sendNow(id, to),
    () => t("subscriptions.sent"),
  );
  const alone = channel === "mail" && recipients.length === 1 && recipients[0] === me.user_id;
  const toMe = channel === "mail" && (
    <Button
      type="primary"
      loading={send.isPending}
      data-testid="send-now"
      onClick={() => send.mutate(alone ? "all" : "me")}
    >
      {t("subscriptions.sendMe")}
    </Button>
  );
  if (alone) return toMe;
  return (
    <>
      {toMe}
      <Popconfirm
        title={
          channel === "webhook"
            ? t("subscriptions.sendWebhook")
            : t("subscriptions.sendSure", { count: recipients.length })
        }
        okText={t("subscriptions.sendAll")}
        onConfirm={() => send.mutate("all")}
      >
        <Button loading={send.isPending} data-testid="send-all">
          {t("subscriptions.sendAll")}
        </Button>
      </Popconfirm>
    </>
  );
}

/** Pauses a subscription, or lets it go on. */
export function usePause() {
  const { t } = useTexts();
  return useAction(
    (subscription: Subscription) =>
      changeRecord<Subscription>("subscription", subscription, { enabled: !subscription.enabled }),
    (_done, { enabled }) => t(enabled ? "subscriptions.paused" : "subscriptions.resumed"),
  );
}

/** Takes oneself out of the recipients of a subscription, whosever it is. */
export function LeaveButton({
  id,
  small,
  onLeft,
}: {
  id: number;
  small?: boolean;
  onLeft?: () => void;
}) {
  const { t } = useTexts();
  const go = useAction(
    async () => {
      try {
        await leave(id);
        return "subscriptions.left";
      } catch (error) {
        // Who is no recipient any more has what they wanted.
        if (error instanceof ApiError && error.code === "not-found") {
          return "subscriptions.leftAlready";
        }
        throw error;
      }
    },
    (said) => {
      onLeft?.();
      return t(said);
    },
  );
  return (
    <Popconfirm
      title={t("subscriptions.leaveSure")}
      okText={t("subscriptions.leave")}
      onConfirm={() => go.mutate(undefined)}
    >
      <Button size={small ? "small" : undefined} loading={go.isPending} data-testid="leave">
        {t("subscriptions.leave")}
      </Button>
    </Popconfirm>
  );
}
