import {
  BellOutlined,
  DashboardOutlined,
  EyeOutlined,
  ReadOutlined,
  UnorderedListOutlined,
} from "@ant-design/icons";
import { App, Button, Segmented, Skeleton } from "antd";
import { type ReactNode, useMemo, useState } from "react";
import { useSearchParams } from "react-router";
import type { Field, Values } from "@/components/fields";
import { useOverlay } from "@/components/navigation";
import { FormDrawer } from "@/components/RecordDrawer";
import { RecordForm, type Sent } from "@/components/RecordForm";
import { RuleInput, ZoneSelect } from "@/components/RuleInput";
import { PermissionState } from "@/components/States";
import { changeRecord, createRecord, type Json } from "@/lib/api/records";
import { useMay, useMe } from "@/lib/session";
import {
  type BoardContent,
  type Content,
  type Draft,
  KINDS,
  type Kind,
  type ListContent,
  readDraft,
  type ThresholdContent,
} from "@/lib/subscribing";
import { useTexts } from "@/locales/i18n";
import type { Previewed } from "../api";
import { faultOf, finished, firstDraft, firstRule, readableLists } from "../content";
import type { Subscription } from "../types";
import { BoardInput } from "./BoardInput";
import { CopyPreviewDialog } from "./CopyPreviewDialog";
import { ListInput } from "./ListInput";
import { useRegistry } from "./NumberParts";
import { PeopleSelect } from "./PeopleSelect";
import { ThresholdInput } from "./ThresholdInput";
import "../subscriptions.css";

const ICONS: Record<Kind, ReactNode> = {
  monthly_report: <ReadOutlined />,
  dashboard: <DashboardOutlined />,
  list: <UnorderedListOutlined />,
  threshold: <BellOutlined />,
};

export function KindIcon({ kind }: { kind: Kind }) {
  return ICONS[kind];
}

const asJson = (content: Content) => content as unknown as Json;
const asContent = (value: Json | undefined) => value as unknown as Content;

function ContentInput({
  kind,
  value,
  onChange,
}: {
  kind: Kind;
  value: Content;
  onChange: (content: Content) => void;
}) {
  const { ready } = useRegistry();
  if (!ready && kind !== "list") return <Skeleton active paragraph={{ rows: 4 }} title={false} />;
  switch (kind) {
    case "dashboard":
      return <BoardInput value={value as BoardContent} onChange={onChange} />;
    case "list":
      return <ListInput value={value as ListContent} onChange={onChange} />;
    case "threshold":
      return <ThresholdInput value={value as ThresholdContent} onChange={onChange} />;
    case "monthly_report":
      return null;
  }
}

/** What is asked for: what, when, and whom it goes to. */
function useFields(kind: Kind, typed: Values): Field[] {
  const { t } = useTexts();
  const zone = typeof typed.zone === "string" ? typed.zone : null;
  const byMail = typed.channel !== "webhook";
  return useMemo(() => {
    const fields: (Field | false)[] = [
      { name: "name", required: true, maxLength: 200, autoFocus: true },
      kind !== "monthly_report" && {
        name: "content",
        kind: "object",
        label: t("subscriptions.what"),
        required: true,
        check: (value) => (value ? faultOf(kind, asContent(value), t) : null),
        input: ({ value, onChange }) =>
          value ? (
            <ContentInput
              kind={kind}
              value={asContent(value)}
              onChange={(next) => onChange?.(asJson(next))}
            />
          ) : null,
      },
      {
        name: "rule",
        required: kind !== "monthly_report",
        input: ({ id, value, onChange }) => (
          <RuleInput
            id={id}
            zone={zone}
            withReport={kind === "monthly_report"}
            value={typeof value === "string" ? value : null}
            onChange={(next) => onChange?.(next ?? undefined)}
          />
        ),
      },
      {
        name: "channel",
        kind: "choice",
        required: true,
        input: ({ value, onChange }) => (
          <Segmented<string>
            value={value === "webhook" ? "webhook" : "mail"}
            aria-label={t("field.channel")}
            data-testid="field-channel"
            onChange={onChange}
            options={["mail", "webhook"].map((channel) => ({
              value: channel,
              label: t(`choice.subscription.channel.${channel}`),
            }))}
          />
        ),
      },
      byMail && {
        name: "recipients",
        kind: "tags",
        required: true,
        input: ({ id, value, onChange }) => (
          <PeopleSelect
            id={id}
            value={Array.isArray(value) ? value.map(Number) : []}
            onChange={(ids) => onChange?.(ids)}
          />
        ),
      },
      !byMail && {
        name: "url",
        required: true,
        maxLength: 1000,
        placeholder: "https://example.com/hook",
      },
      {
        name: "language",
        kind: "choice",
        placeholder: t("subscriptions.eachLanguage"),
      },
      {
        name: "zone",
        input: ({ id, value, onChange }) => (
          <ZoneSelect
            id={id}
            value={typeof value === "string" ? value : null}
            onChange={(next) => onChange?.(next ?? undefined)}
          />
        ),
      },
    ];
    return fields.filter((field) => field !== false);
  }, [kind, zone, byMail, t]);
}

/** A copy of what is being written; the limit of a watched number may be missing yet. */
function previewed(kind: Kind, typed: Values, lang: "zh" | "en", t: (key: string) => string) {
  const content = finished(kind, asContent(typed.content ?? {}));
  const ready: Previewed = {
    name: String(typed.name || t("subscriptions.title")),
    kind,
    content: kind === "threshold" ? { limit: 0, ...withoutNull(content) } : content,
    language: typed.language === "en" || typed.language === "zh" ? typed.language : lang,
  } as Previewed;
  return ready;
}

function withoutNull(content: Content): Content {
  return Object.fromEntries(
    Object.entries(content).filter(([, value]) => value !== null),
  ) as Content;
}

type BodyProps = {
  kind: Kind;
  record?: Subscription;
  initial?: Values;
  submit: (sent: Sent) => ReturnType<typeof createRecord<Subscription>>;
  onDone: (record: Subscription) => void;
  onCancel?: () => void;
};

function Body({ kind, record, initial, submit, onDone, onCancel }: BodyProps) {
  const { t, lang } = useTexts();
  const [typed, setTyped] = useState<Values>(record ?? initial ?? {});
  const [shown, setShown] = useState<Previewed | null>(null);
  const fields = useFields(kind, typed);
  // Of the report there is nothing to choose, so its form has no content.
  const whole = { ...(kind === "monthly_report" ? { content: {} } : {}), ...typed };
  return (
    <>
      <RecordForm<Subscription>
        key={record?.version}
        entity="subscription"
        fields={fields}
        record={record}
        initial={initial}
        open={kind === "monthly_report"}
        onTyping={setTyped}
        submit={submit}
        onDone={(made) => onDone(made.record)}
        onCancel={onCancel}
        submitLabel={record ? undefined : t("subscriptions.subscribe")}
      >
        <Button
          icon={<EyeOutlined />}
          className="copy-button"
          data-testid="preview"
          onClick={() => setShown(previewed(kind, whole, lang, t))}
        >
          {t("subscriptions.preview")}
        </Button>
      </RecordForm>
      {shown && <CopyPreviewDialog asked={shown} onClose={() => setShown(null)} />}
    </>
  );
}

/** A content as it is sent, where it was changed; and what goes with another way of coming. */
function sendable(kind: Kind, values: Values, record?: Subscription): Values {
  const { content } = values;
  const channel = values.channel ?? record?.channel;
  return {
    ...values,
    ...(content ? { content: asJson(finished(kind, asContent(content))) } : {}),
    ...(channel === "mail" && record?.url ? { url: null } : {}),
  };
}

/** The settings of a subscription that is there. */
export function SubscriptionSettings({ subscription }: { subscription: Subscription }) {
  const { t } = useTexts();
  const { message } = App.useApp();
  const { id, kind } = subscription;
  return (
    <Body
      kind={kind}
      record={subscription}
      submit={({ values, version }) =>
        changeRecord<Subscription>(
          "subscription",
          { id, version: version ?? subscription.version },
          sendable(kind, values, subscription),
        )
      }
      onDone={() => void message.success(t("part.saved"))}
    />
  );
}

/** A new subscription, to what a page suggests or to what is chosen first. */
export function SubscriptionForm() {
  const { t } = useTexts();
  const may = useMay();
  const me = useMe();
  const [params] = useSearchParams();
  const [suggested] = useState(() => readDraft(params.get("draft")));
  const [draft, setDraft] = useState<Draft | null>(suggested);
  const { message } = App.useApp();
  const { openRecord, close } = useOverlay();
  const initial = useMemo(
    (): Values | undefined =>
      draft
        ? {
            name: draft.name,
            content: asJson(draft.content),
            rule: firstRule(draft.kind),
            channel: "mail",
            recipients: [me.user_id],
          }
        : undefined,
    [draft, me.user_id],
  );
  if (!may("subscription", "create")) {
    return (
      <FormDrawer title={t("subscriptions.create")}>
        <PermissionState />
      </FormDrawer>
    );
  }
  if (!draft || !initial) {
    return (
      <FormDrawer title={t("subscriptions.create")} width={560}>
        <p className="quiet">{t("subscriptions.chooseKind")}</p>
        <div className="kinds">
          {KINDS.map((kind) => (
            <button
              key={kind}
              type="button"
              className="kind"
              data-testid={`kind-${kind}`}
              onClick={() => setDraft(firstDraft(kind, readableLists(may), t))}
            >
              <span className="kind-icon">
                <KindIcon kind={kind} />
              </span>
              <span>
                <span className="strong">{t(`choice.subscription.kind.${kind}`)}</span>
                <span className="quiet small">{t(`subscriptions.about.${kind}`)}</span>
              </span>
            </button>
          ))}
        </div>
      </FormDrawer>
    );
  }
  const { kind } = draft;
  return (
    <FormDrawer
      title={`${t("subscriptions.create")} · ${t(`choice.subscription.kind.${kind}`)}`}
      width={560}
    >
      {suggested && suggested.kind !== "monthly_report" && (
        <p className="quiet small from-page">{t("subscriptions.fromPage")}</p>
      )}
      <Body
        kind={kind}
        initial={initial}
        submit={({ values, key }) =>
          createRecord<Subscription>(
            "subscription",
            { content: {}, ...sendable(kind, values), kind },
            key,
          )
        }
        onDone={(record) => {
          void message.success(t("part.created"));
          openRecord({ entity: "subscription", id: record.id }, { replace: true });
        }}
        onCancel={close}
      />
    </FormDrawer>
  );
}
