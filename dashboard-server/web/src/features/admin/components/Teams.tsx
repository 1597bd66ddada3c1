import { PlusOutlined } from "@ant-design/icons";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Button, Dropdown, Skeleton } from "antd";
import { useEffect, useState } from "react";
import { ActionDialog } from "@/components/ActionDialog";
import type { Field, Values } from "@/components/fields";
import { EmptyState, FailureState } from "@/components/States";
import { changeRecord, createRecord, labelOf, removeRecord } from "@/lib/api/records";
import { useMay } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { everybodyQuery, teamsQuery } from "../api";
import { branches, type Team } from "../teams";

type Asking = { kind: "create"; parent: Team | null } | { kind: "edit" | "remove"; team: Team };

/** The tree of teams: who is in which, who leads it. */
export function Teams() {
  const { t, lang } = useTexts();
  const may = useMay();
  const [asking, setAsking] = useState<Asking | null>(null);
  const [key, setKey] = useState(() => crypto.randomUUID());
  const found = useQuery(teamsQuery);
  const people = useInfiniteQuery(everybodyQuery);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = people;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  if (found.error) return <FailureState error={found.error} onRetry={() => found.refetch()} />;
  if (!found.data) return <Skeleton active paragraph={{ rows: 6 }} className="card" />;
  const { rows, labels } = found.data;
  const everybody = people.data?.pages.flatMap((page) => page.rows) ?? [];
  const ask = (next: Asking) => {
    setKey(crypto.randomUUID());
    setAsking(next);
  };
  const fields: Field[] = [
    { name: "name", required: true, maxLength: 100 },
    { name: "parent_id", kind: "reference", entity: "team" },
    { name: "leader_id", kind: "reference", label: t("admin.team.leader") },
    { name: "region", maxLength: 100 },
  ];
  const whole = (values: Values): Values =>
    Object.fromEntries(fields.map(({ name }) => [name, values[name] ?? null]));
  const create = may("team", "create") && (
    <Button
      type="primary"
      icon={<PlusOutlined />}
      data-testid="new-team"
      onClick={() => ask({ kind: "create", parent: null })}
    >
      {t("admin.team.create")}
    </Button>
  );
  return (
    <section className="admin-section">
      <div className="admin-tools">{create}</div>
      {rows.length === 0 ? (
        <EmptyState title={t("admin.team.emptyTitle")} action={create}>
          {t("admin.team.emptyText")}
        </EmptyState>
      ) : (
        <ul className="card team-tree" data-testid="teams">
          {branches(rows).map(({ team, depth }) => {
            const count = everybody.filter(({ team_id }) => team_id === team.id).length;
            const items = [
              ...(may("team", "create")
                ? [{ key: "under", label: t("admin.team.createUnder", { name: team.name }) }]
                : []),
              ...(may("team", "update") ? [{ key: "edit", label: t("admin.edit") }] : []),
              ...(may("team", "delete")
                ? [{ key: "remove", label: t("admin.remove"), danger: true }]
                : []),
            ];
            return (
              <li key={team.id} style={{ paddingInlineStart: depth * 24 }} data-testid="team">
                <span className="grow">
                  <span className="strong">{team.name}</span>{" "}
                  {team.region && <span className="quiet small">{team.region}</span>}
                </span>
                {team.leader_id !== null && (
                  <span className="quiet small">
                    {t("admin.team.leader")} {labelOf(labels, "user", team.leader_id, lang)}
                  </span>
                )}
                <span className="quiet small figures">{t("admin.team.people", { count })}</span>
                {items.length > 0 && (
                  <Dropdown
                    trigger={["click"]}
                    menu={{
                      items,
                      onClick: ({ key: name }) => {
                        if (name === "under") ask({ kind: "create", parent: team });
                        else ask({ kind: name as "edit" | "remove", team });
                      },
                    }}
                  >
                    <Button
                      size="small"
                      type="text"
                      aria-label={t("admin.team.more", { name: team.name })}
                    >
                      ⋯
                    </Button>
                  </Dropdown>
                )}
              </li>
            );
          })}
        </ul>
      )}
      {asking?.kind === "create" && (
        <ActionDialog
          entity="team"
          title={t("admin.team.create")}
          fields={fields}
          initial={{ parent_id: asking.parent?.id }}
          submitLabel={t("part.create")}
          run={(values) => createRecord<Team>("team", values, key)}
          said={t("part.created")}
          onClose={() => setAsking(null)}
        />
      )}
      {asking?.kind === "edit" && (
        <ActionDialog
          entity="team"
          title={t("admin.team.edit")}
          fields={fields}
          initial={asking.team}
          submitLabel={t("part.save")}
          run={(values) => changeRecord<Team>("team", asking.team, whole(values))}
          said={t("part.saved")}
          onClose={() => setAsking(null)}
        />
      )}
      {asking?.kind === "remove" && (
        <ActionDialog
          entity="team"
          title={t("admin.removeSure", { name: asking.team.name })}
          submitLabel={t("admin.remove")}
          danger
          run={() => removeRecord("team", asking.team)}
          said={t("admin.removed")}
          onClose={() => setAsking(null)}
        />
      )}
    </section>
  );
}
