import { PlusOutlined } from "@ant-design/icons";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Checkbox, InputNumber, Select, Skeleton, Tooltip } from "antd";
import { useEffect, useState } from "react";
import { useSearchParams } from "react-router";
import { ActionDialog } from "@/components/ActionDialog";
import { EmptyState, FailureState, Refusal } from "@/components/States";
import { useDirtyGuard } from "@/components/useDirtyGuard";
import { changeRecord, createRecord, refreshRecords } from "@/lib/api/records";
import { usePhone } from "@/lib/media";
import type { Rights, Scope } from "@/lib/session";
import { useMay } from "@/lib/session";
import { stored, written } from "@/lib/units";
import { useTexts } from "@/locales/i18n";
import { everybodyQuery, type Role, rolesQuery } from "../api";
import {
  ACTIONS,
  GROUPS,
  grantOf,
  named,
  OTHERS,
  offers,
  SCOPES,
  VISIBILITIES,
  withAction,
  withScope,
  withVisibility,
} from "../rights";

/** What each role may do, as a table; the one that is chosen is in the address. */
export function Roles() {
  const { t, lang } = useTexts();
  const may = useMay();
  const [params, setParams] = useSearchParams();
  const [creating, setCreating] = useState(false);
  const found = useQuery(rolesQuery);
  if (found.error) return <FailureState error={found.error} onRetry={() => found.refetch()} />;
  if (!found.data) return <Skeleton active paragraph={{ rows: 10 }} className="card" />;
  const { rows } = found.data;
  const role = rows.find(({ id }) => String(id) === params.get("role")) ?? rows[0];
  const choose = (id: number) =>
    setParams((now) => {
      const next = new URLSearchParams(now);
      next.set("role", String(id));
      return next;
    });
  const name = (one: Role) => (lang === "en" ? one.name_en : one.name_zh);
  return (
    <section className="admin-section">
      <div className="admin-tools">
        <Select<number>
          className="admin-choice"
          value={role?.id}
          aria-label={t("admin.role.choose")}
          data-testid="role"
          onChange={choose}
          options={rows.map((one) => ({ value: one.id, label: name(one) }))}
        />
        {may("role", "create") && (
          <Button icon={<PlusOutlined />} data-testid="new-role" onClick={() => setCreating(true)}>
            {t("admin.role.create")}
          </Button>
        )}
      </div>
      {role ? <RoleTable key={role.id} role={role} /> : <EmptyState title={t("admin.none")} />}
      {creating && <NewRole roles={rows} onClose={() => setCreating(false)} onMade={choose} />}
    </section>
  );
}

function NewRole({
  roles,
  onClose,
  onMade,
}: {
  roles: Role[];
  onClose: () => void;
  onMade: (id: number) => void;
}) {
  const { t, lang } = useTexts();
  const [key] = useState(() => crypto.randomUUID());
  return (
    <ActionDialog
      entity="role"
      title={t("admin.role.create")}
      fields={[
        { name: "name_zh", required: true, maxLength: 100 },
        { name: "name_en", required: true, maxLength: 100 },
        { name: "code", required: true, maxLength: 64 },
        {
          name: "from",
          kind: "choice",
          required: true,
          label: t("admin.role.copyFrom"),
          options: roles.map((one) => ({
            value: String(one.id),
            label: lang === "en" ? one.name_en : one.name_zh,
          })),
        },
      ]}
      initial={{ from: roles[0] && String(roles[0].id) }}
      submitLabel={t("part.create")}
      run={({ from, ...values }) => {
        const base = roles.find(({ id }) => String(id) === from);
        return createRecord<Role>(
          "role",
          {
            ...values,
            rights: base?.rights ?? { grants: {}, visibility: [] },
            pool_capacity: base?.pool_capacity ?? null,
            daily_claims: base?.daily_claims ?? null,
            discount_limit: base?.discount_limit ?? 0,
          },
          key,
        );
      }}
      said={t("part.created")}
      onDone={({ record }) => onMade(record.id)}
      onClose={onClose}
    />
  );
}

type Draft = Pick<
  Role,
  "rights" | "pool_capacity" | "daily_claims" | "discount_limit" | "name_zh" | "name_en"
>;
const draftOf = (role: Role): Draft => ({
  rights: role.rights,
  pool_capacity: role.pool_capacity,
  daily_claims: role.daily_claims,
  discount_limit: role.discount_limit,
  name_zh: role.name_zh,
  name_en: role.name_en,
});

function RoleTable({ role }: { role: Role }) {
  const { t } = useTexts();
  const may = useMay();
  const client = useQueryClient();
  const { message } = App.useApp();
  const setDirty = useDirtyGuard();
  const [base, setBase] = useState(role);
  const [draft, setDraft] = useState(() => draftOf(role));
  const people = useInfiniteQuery(everybodyQuery);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = people;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const count = (people.data?.pages.flatMap((page) => page.rows) ?? []).filter(
    ({ role_id }) => role_id === role.id,
  ).length;
  const edits = may("role", "update");
  const changed = JSON.stringify(draft) !== JSON.stringify(draftOf(base));
  useEffect(() => setDirty(changed), [changed, setDirty]);
  const save = useMutation({
    mutationFn: () => changeRecord<Role>("role", base, draft),
    onSuccess: ({ record }) => {
      setDirty(false);
      setBase(record);
      setDraft(draftOf(record));
      void message.success(t("admin.role.saved"));
      void client.invalidateQueries({ queryKey: ["session"] });
    },
    onSettled: () => refreshRecords(client),
  });
  const rights = draft.rights;
  const put = (next: Rights) => setDraft((now) => ({ ...now, rights: next }));
  const number = (field: "pool_capacity" | "daily_claims", label: string) => (
    <div className="role-limit">
      <span>{label}</span>
      <InputNumber
        min={0}
        precision={0}
        controls={false}
        disabled={!edits}
        value={draft[field]}
        placeholder={t("admin.role.unlimited")}
        aria-label={label}
        onChange={(value) => setDraft((now) => ({ ...now, [field]: value }))}
      />
    </div>
  );
  return (
    <>
      <div className="card role-head">
        <p className="quiet">
          {t("admin.role.who", { count })}
          {!edits && ` · ${t("admin.role.readonly")}`}
        </p>
        <div className="role-see">
          <span className="strong">{t("admin.role.visibility")}</span>
          {VISIBILITIES.map((what) => (
            <Checkbox
              key={what}
              disabled={!edits}
              checked={rights.visibility.includes(what)}
              onChange={(event) => put(withVisibility(rights, what, event.target.checked))}
            >
              {t(`admin.role.see.${what}`)}
            </Checkbox>
          ))}
        </div>
        <div className="role-limits">
          {number("pool_capacity", t("admin.role.capacity"))}
          {number("daily_claims", t("admin.role.claims"))}
          <div className="role-limit">
            <span>{t("admin.role.discount")}</span>
            <InputNumber
              min={0}
              max={100}
              precision={2}
              controls={false}
              disabled={!edits}
              suffix="%"
              value={written(draft.discount_limit, "share")}
              aria-label={t("admin.role.discount")}
              onChange={(value) =>
                setDraft((now) => ({ ...now, discount_limit: stored(value ?? 0, "share") }))
              }
            />
          </div>
        </div>
      </div>
      <Matrix rights={rights} edits={edits} onChange={put} />
      {save.error && <Refusal error={save.error} />}
      {edits && changed && (
        <div className="save-bar" data-testid="save-bar">
          <span>{t("admin.role.changed")}</span>
          <Button onClick={() => setDraft(draftOf(base))}>{t("admin.role.revert")}</Button>
          <Button
            type="primary"
            loading={save.isPending}
            data-testid="save-rights"
            onClick={() => save.mutate()}
          >
            {t("admin.role.save")}
          </Button>
        </div>
      )}
    </>
  );
}

type MatrixProps = { rights: Rights; edits: boolean; onChange: (rights: Rights) => void };

/** Kinds of records by actions; on a phone a kind of records after the other. */
function Matrix({ rights, edits, onChange }: MatrixProps) {
  const { t } = useTexts();
  const phone = usePhone();
  const nameOf = (entity: string) =>
    entity === OTHERS ? t("admin.role.others") : t(`entity.${entity}`);
  const box = (entity: string, action: (typeof ACTIONS)[number], label?: string) => (
    <Checkbox
      disabled={!edits || !offers(entity, action)}
      checked={grantOf(rights, entity)?.actions.includes(action) ?? false}
      aria-label={t("admin.role.allowed", {
        entity: nameOf(entity),
        action: t(`admin.role.actions.${action}`),
      })}
      onChange={(event) => onChange(withAction(rights, entity, action, event.target.checked))}
    >
      {label}
    </Checkbox>
  );
  const scope = (entity: string) => {
    const grant = grantOf(rights, entity);
    if (!grant || grant.actions.length === 0) return <span className="faint">–</span>;
    return (
      <Select<Scope>
        size="small"
        variant="filled"
        className="role-scope"
        disabled={!edits}
        value={grant.scope}
        aria-label={t("admin.role.scopeOf", { entity: nameOf(entity) })}
        onChange={(next) => onChange(withScope(rights, entity, next))}
        options={SCOPES.map((value) => ({ value, label: t(`admin.role.scopes.${value}`) }))}
      />
    );
  };
  const label = (entity: string) => {
    const own = named(rights, entity);
    const all = rights.grants[OTHERS] !== undefined && entity !== OTHERS;
    return (
      <Tooltip title={all ? t(own ? "admin.role.own" : "admin.role.inherits") : undefined}>
        <span className={all && !own ? "quiet" : undefined}>{nameOf(entity)}</span>
      </Tooltip>
    );
  };
  if (phone) {
    return (
      <>
        {GROUPS.map((group) => (
          <section key={group.key} className="card role-group">
            <h2>{t(`admin.role.groups.${group.key}`)}</h2>
            {group.entities.map((entity) => (
              <div key={entity} className="role-entity">
                <div className="role-entity-head">
                  {label(entity)} {scope(entity)}
                </div>
                <div className="role-actions">
                  {ACTIONS.filter((action) => offers(entity, action)).map((action) => (
                    <span key={action}>
                      {box(entity, action, t(`admin.role.actions.${action}`))}
                    </span>
                  ))}
                </div>
              </div>
            ))}
          </section>
        ))}
      </>
    );
  }
  return (
    <div className="card role-matrix">
      <table data-testid="matrix">
        <thead>
          <tr>
            <th scope="col">{t("admin.role.entity")}</th>
            {ACTIONS.map((action) => (
              <th key={action} scope="col">
                {t(`admin.role.actions.${action}`)}
              </th>
            ))}
            <th scope="col">{t("admin.role.scope")}</th>
          </tr>
        </thead>
        {GROUPS.map((group) => (
          <tbody key={group.key}>
            <tr className="role-group-row">
              <th colSpan={ACTIONS.length + 2} scope="rowgroup">
                {t(`admin.role.groups.${group.key}`)}
              </th>
            </tr>
            {group.entities.map((entity) => (
              <tr key={entity}>
                <th scope="row">{label(entity)}</th>
                {ACTIONS.map((action) => (
                  <td key={action}>
                    {offers(entity, action) ? (
                      box(entity, action)
                    ) : (
                      <span className="faint">–</span>
                    )}
                  </td>
                ))}
                <td>{scope(entity)}</td>
              </tr>
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}
