import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Skeleton, Typography } from "antd";
import { useState } from "react";
import { UserName } from "@/components/Cells";
import { NamedFacts } from "@/components/Facts";
import { History } from "@/components/History";
import { useOverlay } from "@/components/navigation";
import { PendingDrawer, RecordDrawer } from "@/components/RecordDrawer";
import { RemoveButton } from "@/components/RemoveButton";
import { RuleMoments } from "@/components/RuleInput";
import { recordQuery } from "@/lib/api/records";
import { ruleText } from "@/lib/rule";
import { useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { lastCopiesQuery, type Previewed } from "../api";
import { occurrences } from "../receipts";
import { contentOf, type Subscription } from "../types";
import { LeaveButton, SendButton, useEdits, usePause } from "./actions";
import { ContentLink, People, useContentFacts } from "./ContentFacts";
import { CopyPreviewDialog } from "./CopyPreviewDialog";
import { useRegistry } from "./NumberParts";
import { Receipts } from "./Receipts";
import { LastTime } from "./RowCells";
import { KindIcon, SubscriptionSettings } from "./SubscriptionForm";
import "../subscriptions.css";

/** A subscription: what comes when to whom, and what became of it. */
export function SubscriptionDrawer({ id }: { id: number }) {
  const { t, lang } = useTexts();
  const me = useMe();
  const { setTab } = useOverlay();
  const found = useQuery(recordQuery<Subscription>("subscription", id));
  const subscription = found.data?.record;
  const edits = useEdits(subscription);
  const pause = usePause();
  const [shown, setShown] = useState<Previewed | null>(null);
  if (!subscription) return <PendingDrawer found={found} testId="subscription" width={640} />;
  const { kind, channel, recipients, enabled } = subscription;
  const gets = channel === "mail" && recipients.includes(me.user_id);
  return (
    <>
      <RecordDrawer
        testId="subscription"
        width={640}
        title={subscription.name}
        subtitle={
          <>
            <KindIcon kind={kind} /> {t(`choice.subscription.kind.${kind}`)} ·{" "}
            {subscription.rule
              ? ruleText(subscription.rule, t, lang)
              : t("subscriptions.whenReport")}
          </>
        }
        onEdit={edits ? () => setTab("settings") : undefined}
        actions={
          <>
            {edits && <SendButton subscription={subscription} />}
            <Button
              data-testid="preview"
              onClick={() =>
                setShown({
                  name: subscription.name,
                  kind,
                  content: contentOf(subscription),
                  language: subscription.language ?? lang,
                })
              }
            >
              {t("subscriptions.preview")}
            </Button>
            {edits && (
              <Button
                loading={pause.isPending}
                data-testid="pause"
                onClick={() => pause.mutate(subscription)}
              >
                {t(enabled ? "subscriptions.pause" : "subscriptions.resume")}
              </Button>
            )}
            {edits && <Button onClick={() => setTab("settings")}>{t("subscriptions.edit")}</Button>}
            {gets && !(edits && recipients.length === 1) && <LeaveButton id={id} />}
          </>
        }
        head={
          !enabled && (
            <Alert type="info" showIcon className="refusal" title={t("subscriptions.pausedNote")} />
          )
        }
        tabs={[
          {
            key: "overview",
            label: t("subscriptions.overview"),
            children: <Overview subscription={subscription} labels={found.data?.labels} />,
          },
          {
            key: "receipts",
            label: t("subscriptions.receipts"),
            children: <Receipts id={id} edits={edits} />,
          },
          ...(edits
            ? [
                {
                  key: "settings",
                  label: t("subscriptions.settings"),
                  children: (
                    <>
                      <SubscriptionSettings subscription={subscription} />
                      <RemoveButton
                        entity="subscription"
                        record={subscription}
                        sure={t("subscriptions.removeSure", { name: subscription.name })}
                      />
                    </>
                  ),
                },
              ]
            : []),
          {
            key: "history",
            label: t("subscriptions.history"),
            children: <History entity="subscription" id={id} />,
          },
        ]}
      />
      {shown && <CopyPreviewDialog asked={shown} onClose={() => setShown(null)} />}
    </>
  );
}

type Labels = NonNullable<Parameters<typeof UserName>[0]["labels"]>;

function Overview({
  subscription,
  labels,
}: {
  subscription: Subscription;
  labels: Labels | undefined;
}) {
  const { t, lang } = useTexts();
  const content = useContentFacts(subscription);
  const { ready } = useRegistry();
  const last = useQuery(lastCopiesQuery(subscription.id));
  const { rule, zone, channel, enabled, language, secret } = subscription;
  if (!ready) return <Skeleton active paragraph={{ rows: 6 }} title={false} />;
  const facts: [string, React.ReactNode][] = [
    ...content,
    [
      t("subscriptions.when"),
      <>
        {rule ? ruleText(rule, t, lang) : t("subscriptions.whenReport")}
        {rule && enabled && <RuleMoments rule={rule} zone={zone} />}
      </>,
    ],
    channel === "mail"
      ? [t("subscriptions.who"), <People key="people" ids={subscription.recipients} />]
      : [t("field.url"), <span key="url">{subscription.url}</span>],
    ...(secret
      ? ([
          [
            t("subscriptions.secret"),
            <>
              <Typography.Text key="secret" copyable={{ text: secret }}>
                <code>{secret.slice(0, 8)}…</code>
              </Typography.Text>
              <span className="detail">{t("subscriptions.secretNote")}</span>
            </>,
          ],
        ] as [string, React.ReactNode][])
      : []),
    [
      t("field.language"),
      language ? t(`choice.subscription.language.${language}`) : t("subscriptions.eachLanguage"),
    ],
    [
      t("subscriptions.lastTime"),
      <LastTime key="last" occurrence={occurrences(last.data?.rows ?? [])[0]} />,
    ],
    [
      t("fieldOf.subscription.owner_id"),
      <UserName key="owner" id={subscription.owner_id} labels={labels} />,
    ],
  ];
  return (
    <>
      <NamedFacts facts={facts} />
      <ContentLink subscription={subscription} />
    </>
  );
}
