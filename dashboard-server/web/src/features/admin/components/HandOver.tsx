import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Form, Input, Segmented, Select, Table } from "antd";
import { useDeferredValue, useRef, useState } from "react";
import { useSearchParams } from "react-router";
import { Day, Moment, Named, RecordLink } from "@/components/Cells";
import { useOverlay } from "@/components/navigation";
import { RecordDrawer } from "@/components/RecordDrawer";
import { RecordSelect } from "@/components/RecordSelect";
import { RelatedList } from "@/components/RelatedList";
import { EmptyState, Refusal } from "@/components/States";
import { labelOf, listQuery, recordQuery, refreshRecords } from "@/lib/api/records";
import { type Entity, isEntity } from "@/lib/resources";
import { useTexts } from "@/locales/i18n";
import {
  type Handover,
  type HandoverPlan,
  handOver,
  previewHandover,
  type Share,
  type User,
} from "../api";
import {
  counted,
  type HandoverDraft,
  type HandoverKind,
  type Heir,
  handoverRequest,
  noHandover,
} from "../handover";

const KINDS: readonly HandoverKind[] = ["round_robin", "region", "team", "accounts"];
const AT_WORK = [{ field: "enabled", op: "in" as const, values: ["true"] }];

/** Hands over everything that somebody is working on: chosen, looked at, done, with a receipt. */
export function HandOver() {
  const { t } = useTexts();
  const client = useQueryClient();
  const [params] = useSearchParams();
  const { openRecord } = useOverlay();
  const from = params.get("from");
  const [draft, setDraft] = useState<HandoverDraft>({
    ...noHandover,
    fromUserId: from === null ? null : Number(from),
  });
  const [reason, setReason] = useState("");
  const [key, setKey] = useState(() => crypto.randomUUID());
  const count = useRef(0);
  const request = handoverRequest(draft);
  const preview = useMutation({ mutationFn: previewHandover });
  const done = useMutation({
    mutationFn: () => {
      if (!request) throw new Error("nobody hands over");
      return handOver({ ...request, reason: reason.trim() }, key);
    },
    onSuccess: ({ record }) => {
      void refreshRecords(client);
      openRecord({ entity: "handover", id: record.id });
      preview.reset();
      setDraft(noHandover);
      setReason("");
      setKey(crypto.randomUUID());
    },
  });
  const change = (patch: Partial<HandoverDraft>) => {
    preview.reset();
    done.reset();
    setDraft((now) => ({ ...now, ...patch }));
  };
  const addHeir = () => {
    count.current += 1;
    change({
      heirs: [...draft.heirs, { key: `heir-${count.current}`, of: null, userId: null }],
    });
  };
  const user = (value: number | null, label: string, set: (id: number | null) => void) => (
    <RecordSelect entity="user" value={value} filters={AT_WORK} aria-label={label} onChange={set} />
  );
  const plan = preview.data;
  return (
    <div className="admin-section">
      <section className="card handover">
        <p className="quiet">{t("admin.handover.note")}</p>
        <Form layout="vertical" component="div">
          <Form.Item label={t("admin.handover.from")} required>
            <RecordSelect
              entity="user"
              value={draft.fromUserId}
              aria-label={t("admin.handover.from")}
              data-testid="from"
              onChange={(id) => change({ fromUserId: id })}
            />
          </Form.Item>
          <Form.Item label={t("admin.handover.rule")}>
            <Segmented<HandoverKind>
              value={draft.kind}
              aria-label={t("admin.handover.rule")}
              onChange={(kind) => change({ kind, heirs: [] })}
              options={KINDS.map((value) => ({
                value,
                label: t(`admin.handover.kinds.${value}`),
              }))}
            />
          </Form.Item>
          {draft.kind === "round_robin" ? (
            <Form.Item label={t("admin.handover.successors")} required>
              <People
                value={draft.successors}
                label={t("admin.handover.successors")}
                onChange={(successors) => change({ successors })}
              />
            </Form.Item>
          ) : (
            <>
              {draft.heirs.map((heir) => (
                <HeirLine
                  key={heir.key}
                  kind={draft.kind}
                  heir={heir}
                  owner={draft.fromUserId}
                  onChange={(patch) =>
                    change({
                      heirs: draft.heirs.map((one) =>
                        one.key === heir.key ? { ...one, ...patch } : one,
                      ),
                    })
                  }
                  onRemove={() =>
                    change({ heirs: draft.heirs.filter((one) => one.key !== heir.key) })
                  }
                />
              ))}
              <Button
                size="small"
                type="dashed"
                icon={<PlusOutlined />}
                className="heir-add"
                onClick={addHeir}
              >
                {t("admin.handover.addHeir")}
              </Button>
              <Form.Item label={t("admin.handover.otherwise")} required>
                {user(draft.otherwise, t("admin.handover.otherwise"), (otherwise) =>
                  change({ otherwise }),
                )}
              </Form.Item>
            </>
          )}
        </Form>
        {preview.error && <Refusal error={preview.error} />}
        <Button
          disabled={!request}
          loading={preview.isPending}
          data-testid="preview"
          type={plan ? "default" : "primary"}
          onClick={() => request && preview.mutate(request)}
        >
          {t("admin.handover.preview")}
        </Button>
      </section>
      {plan && (
        <section className="card" data-testid="handover-preview">
          <h2>{t("admin.handover.previewTitle")}</h2>
          {plan.moved.length === 0 ? (
            <Nothing userId={plan.from_user_id} />
          ) : (
            <>
              <Shares plan={plan} />
              <Form layout="vertical" component="div">
                <Form.Item label={t("admin.handover.reason")} htmlFor="handover-reason" required>
                  <Input
                    id="handover-reason"
                    value={reason}
                    maxLength={1000}
                    placeholder={t("admin.handover.reasonHint")}
                    onChange={(event) => setReason(event.target.value)}
                  />
                </Form.Item>
              </Form>
              {done.error && <Refusal error={done.error} />}
              <Button
                type="primary"
                danger
                disabled={reason.trim() === ""}
                loading={done.isPending}
                data-testid="hand-over"
                onClick={() => done.mutate()}
              >
                {t("admin.handover.submit")}
              </Button>
            </>
          )}
        </section>
      )}
      <section className="card">
        <h2>{t("admin.handover.past")}</h2>
        <RelatedList<Handover>
          entity="handover"
          query={{ sort: "-at" }}
          empty={t("admin.handover.noPast")}
          card={(row, labels) => ({
            title: <Named entity="user" id={row.from_user_id} labels={labels} />,
            figure: t("admin.handover.moved", { count: row.moved.length }),
            second: row.reason ?? "",
            end: <Day value={row.at} />,
          })}
        />
      </section>
    </div>
  );
}

function Nothing({ userId }: { userId: number }) {
  const { t } = useTexts();
  const found = useQuery(recordQuery<User>("user", userId));
  return (
    <EmptyState title={t("admin.handover.nothing", { name: found.data?.record.name ?? "" })} />
  );
}

/** Several people, found by name. */
function People({
  value,
  label,
  onChange,
}: {
  value: number[];
  label: string;
  onChange: (ids: number[]) => void;
}) {
  const [typed, setTyped] = useState("");
  const [names, setNames] = useState<Map<number, string>>(new Map());
  const search = useDeferredValue(typed.trim());
  const found = useQuery(
    listQuery<User>("user", { search: search || null, filters: AT_WORK, limit: 20 }),
  );
  const rows = found.data?.rows ?? [];
  const options = [
    ...rows.map(({ id, name }) => ({ value: id, label: name })),
    ...value
      .filter((id) => !rows.some((row) => row.id === id))
      .map((id) => ({ value: id, label: names.get(id) ?? `#${id}` })),
  ];
  return (
    <Select<number[]>
      mode="multiple"
      className="wide"
      value={value}
      aria-label={label}
      data-testid="successors"
      showSearch={{ filterOption: false, onSearch: setTyped }}
      loading={found.isFetching}
      onChange={(ids) => {
        setNames((now) => {
          const next = new Map(now);
          for (const { value: id, label: name } of options) next.set(id, name);
          return next;
        });
        onChange(ids);
      }}
      options={options}
    />
  );
}

function HeirLine({
  kind,
  heir,
  owner,
  onChange,
  onRemove,
}: {
  kind: HandoverKind;
  heir: Heir;
  owner: number | null;
  onChange: (patch: Partial<Heir>) => void;
  onRemove: () => void;
}) {
  const { t } = useTexts();
  const id = typeof heir.of === "number" ? heir.of : null;
  return (
    <div className="heir">
      {kind === "region" ? (
        <Input
          value={typeof heir.of === "string" ? heir.of : ""}
          maxLength={100}
          placeholder={t("admin.handover.region")}
          aria-label={t("admin.handover.region")}
          onChange={(event) => onChange({ of: event.target.value })}
        />
      ) : kind === "team" ? (
        <RecordSelect
          entity="team"
          value={id}
          placeholder={t("admin.handover.team")}
          aria-label={t("admin.handover.team")}
          onChange={(of) => onChange({ of })}
        />
      ) : (
        <RecordSelect
          entity="account"
          value={id}
          placeholder={t("admin.handover.account")}
          aria-label={t("admin.handover.account")}
          filters={[{ field: "owner_id", op: "in", values: [String(owner ?? 0)] }]}
          onChange={(of) => onChange({ of })}
        />
      )}
      <span className="quiet">{t("admin.handover.to")}</span>
      <RecordSelect
        entity="user"
        value={heir.userId}
        filters={AT_WORK}
        aria-label={t("admin.handover.to")}
        onChange={(userId) => onChange({ userId })}
      />
      <Button
        type="text"
        icon={<DeleteOutlined />}
        aria-label={t("admin.handover.removeHeir")}
        onClick={onRemove}
      />
    </div>
  );
}

/** What each successor gets, by kinds of records, and whether that is more than they may hold. */
function Shares({ plan }: { plan: HandoverPlan }) {
  const { t } = useTexts();
  const kinds = [...new Set(plan.shares.flatMap(({ records }) => Object.keys(records)))];
  const total = ({ records }: Share) =>
    Object.values(records).reduce((sum, count) => sum + count, 0);
  const over = plan.shares.filter(
    ({ accounts_held, capacity }) => capacity !== null && accounts_held > capacity,
  );
  return (
    <>
      <Table<Share>
        size="small"
        rowKey="user_id"
        pagination={false}
        dataSource={plan.shares}
        className="shares"
        scroll={{ x: "max-content" }}
        columns={[
          { key: "name", title: t("admin.handover.successors"), render: (_, { name }) => name },
          ...kinds.map((kind) => ({
            key: kind,
            title: t(`entity.${kind}`),
            align: "right" as const,
            render: (_: unknown, { records }: Share) => (
              <span className="figures">{records[kind] ?? 0}</span>
            ),
          })),
          {
            key: "held",
            title: t("admin.role.capacity"),
            align: "right",
            render: (_, share) => (
              <span
                className={
                  share.capacity !== null && share.accounts_held > share.capacity
                    ? "figures warning"
                    : "figures"
                }
                title={t("admin.handover.gets", { count: total(share) })}
              >
                {share.accounts_held}
                {share.capacity !== null && ` / ${share.capacity}`}
              </span>
            ),
          },
        ]}
      />
      {over.map(({ user_id, name, capacity, accounts_held }) => (
        <Alert
          key={user_id}
          type="warning"
          showIcon
          className="share-note"
          title={`${name}: ${t("admin.handover.holds", { held: accounts_held })}, ${t("admin.handover.beyond", { capacity })}`}
        />
      ))}
    </>
  );
}

/** So many records of a receipt are listed. */
const LISTED = 200;

/** The receipt of a handover: what went to whom. */
export function HandoverDrawer({ id }: { id: number }) {
  const { t, lang } = useTexts();
  const found = useQuery(recordQuery<Handover>("handover", id));
  const record = found.data?.record;
  const labels = found.data?.labels;
  const ids = [...new Set(record?.moved.map(({ to_user_id }) => to_user_id) ?? [])];
  const people = useQuery({
    ...listQuery<User>("user", {
      filters: [{ field: "id", op: "in", values: ids.map(String) }],
      limit: 100,
    }),
    enabled: ids.length > 0,
  });
  if (!record || !labels) {
    return (
      <RecordDrawer
        title=""
        loading={!found.error}
        error={found.error}
        onRetry={() => found.refetch()}
        testId="handover"
      />
    );
  }
  const nameOf = (user: number) =>
    people.data?.rows.find((row) => row.id === user)?.name ?? labelOf(labels, "user", user, lang);
  return (
    <RecordDrawer
      testId="handover"
      title={`${t("admin.handover.receipt")} · ${labelOf(labels, "user", record.from_user_id, lang)}`}
      subtitle={
        <>
          <Moment value={record.at} /> · {t("admin.handover.by")}{" "}
          <Named entity="user" id={record.by_id} labels={labels} />
          {record.reason && ` · ${record.reason}`}
        </>
      }
    >
      <ul className="handover-counts" data-testid="handover-counts">
        {counted(record.moved).map(([entity, count]) => (
          <li key={entity}>
            <span className="quiet small">{t(`entity.${entity}`, { defaultValue: entity })}</span>
            <span className="head-number">{count}</span>
          </li>
        ))}
      </ul>
      <h3>
        {t("admin.handover.details")}
        {record.moved.length > LISTED && (
          <span className="quiet small"> {t("admin.handover.showing", { count: LISTED })}</span>
        )}
      </h3>
      <ul className="plain-list">
        {record.moved.slice(0, LISTED).map((one) => (
          <li key={`${one.entity}-${one.id}`}>
            <span className="grow">
              {t(`entity.${one.entity}`, { defaultValue: one.entity })}{" "}
              {isEntity(one.entity) && (
                <RecordLink entity={one.entity as Entity} id={one.id}>
                  #{one.id}
                </RecordLink>
              )}
            </span>
            <span className="quiet">→ {nameOf(one.to_user_id)}</span>
          </li>
        ))}
      </ul>
    </RecordDrawer>
  );
}
