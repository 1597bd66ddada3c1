/** The parts of the page that hands over. */
import { DeleteOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Input, Select, Table } from "antd";
import { useDeferredValue, useState } from "react";
import { RecordSelect } from "@/components/RecordSelect";
import { EmptyState } from "@/components/States";
import { listQuery, recordQuery } from "@/lib/api/records";
import { useTexts } from "@/locales/i18n";
import type { HandoverPlan, Share, User } from "../api";
import { AT_WORK, type HandoverKind, type Heir } from "../handover";

export function Nothing({ userId }: { userId: number }) {
  const { t } = useTexts();
  const found = useQuery(recordQuery<User>("user", userId));
  return (
    <EmptyState title={t("admin.handover.nothing", { name: found.data?.record.name ?? "" })} />
  );
}

/** Several people, found by name. */
export function People({
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

export function HeirLine({
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
export function Shares({ plan }: { plan: HandoverPlan }) {
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
