import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { App, Button, Dropdown, Tag } from "antd";
import { useMemo, useState } from "react";
import { useNavigate } from "react-router";
import { ActionDialog } from "@/components/ActionDialog";
import { Day, Named } from "@/components/Cells";
import { Facts } from "@/components/Facts";
import type { Field } from "@/components/fields";
import { History } from "@/components/History";
import { useOverlay } from "@/components/navigation";
import { FormDrawer, PendingDrawer, RecordDrawer } from "@/components/RecordDrawer";
import { RecordForm } from "@/components/RecordForm";
import { type Column, ResourceTable } from "@/components/ResourceTable";
import { EmptyState } from "@/components/States";
import { useAction } from "@/components/useAction";
import type { Opened } from "@/lib/address";
import { labelOf, recordQuery } from "@/lib/api/records";
import { dayOf } from "@/lib/format";
import { usePhone } from "@/lib/media";
import { useMay, useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import {
  changeUser,
  createUser,
  resetPassword,
  setEnabled,
  type User,
  type WithPassword,
} from "../api";
import { PasswordOnce } from "./PasswordOnce";

/** How somebody stands: at work, on leave, disabled, gone. */
function UserState({ user }: { user: User }) {
  const { t } = useTexts();
  const { zone } = useMe().company;
  const today = dayOf(new Date().toISOString(), zone);
  if (user.left_on && user.left_on < today) return <Tag>{t("admin.user.gone")}</Tag>;
  if (!user.enabled) return <Tag color="error">{t("admin.user.off")}</Tag>;
  if (user.on_leave_until && user.on_leave_until >= today) {
    return (
      <Tag color="warning">{t("admin.user.onLeave", { day: user.on_leave_until.slice(5) })}</Tag>
    );
  }
  return <Tag color="success">{t("admin.user.active")}</Tag>;
}

export function Users() {
  const { t, lang } = useTexts();
  const may = useMay();
  const phone = usePhone();
  const { openForm, openRecord } = useOverlay();
  const create = may("user", "create") && (
    <Button
      type="primary"
      icon={<PlusOutlined />}
      data-testid="new-user"
      onClick={() => openForm("user")}
    >
      {t("admin.user.create")}
    </Button>
  );
  const columns: Column<User>[] = [
    { field: "name", width: 140, sortable: true, render: (row) => row.name },
    { field: "username", width: 140, sortable: true, render: (row) => row.username },
    {
      field: "role_id",
      width: 130,
      render: (row, labels) => <Named entity="role" id={row.role_id} labels={labels} />,
    },
    {
      field: "team_id",
      width: 150,
      render: (row, labels) => <Named entity="team" id={row.team_id} labels={labels} />,
    },
    {
      field: "manager_id",
      width: 110,
      render: (row, labels) => <Named entity="user" id={row.manager_id} labels={labels} />,
    },
    {
      field: "enabled",
      title: t("admin.user.status"),
      width: 130,
      render: (row) => <UserState user={row} />,
    },
    { field: "region", width: 100, render: (row) => String(row.region ?? "") },
    { field: "left_on", width: 100, hidden: true, render: (row) => <Day value={row.left_on} /> },
  ];
  return (
    <ResourceTable<User>
      entity="user"
      columns={columns}
      filters={[
        { field: "role_id", kind: "reference" },
        { field: "team_id", kind: "reference" },
        { field: "enabled", kind: "flag" },
        { field: "region", kind: "text" },
      ]}
      base={{ sort: "name" }}
      tools={create}
      onOpen={({ id }) => openRecord({ entity: "user", id })}
      empty={
        <EmptyState title={t("admin.user.emptyTitle")} action={phone ? null : create}>
          {t("admin.user.emptyText")}
        </EmptyState>
      }
      card={(row, labels) => ({
        title: row.name,
        figure: <UserState user={row} />,
        second: `${labelOf(labels, "role", row.role_id, lang)} · ${labelOf(labels, "team", row.team_id, lang)}`,
        end: row.username,
      })}
    />
  );
}

function useUserFields(): Field[] {
  const { t } = useTexts();
  return useMemo(
    () => [
      { name: "name", required: true, maxLength: 100, autoFocus: true },
      {
        name: "username",
        required: true,
        maxLength: 64,
        help: t("admin.user.usernameHelp"),
      },
      { name: "role_id", kind: "reference", required: true },
      { name: "team_id", kind: "reference" },
      { name: "manager_id", kind: "reference" },
      { name: "phone", kind: "phone", maxLength: 40 },
      { name: "email", maxLength: 200 },
      { name: "region", maxLength: 100 },
      { name: "language", kind: "choice" },
    ],
    [t],
  );
}

/** Somebody new; the password for the first sign-in is shown once. */
export function UserForm({ subject: _subject }: { subject: Opened | null }) {
  const { t } = useTexts();
  const fields = useUserFields();
  const { openRecord, close } = useOverlay();
  const [made, setMade] = useState<WithPassword | null>(null);
  return (
    <FormDrawer title={t("admin.user.create")}>
      <RecordForm<User>
        entity="user"
        fields={fields}
        submit={({ values, key }) => createUser(values, key)}
        onDone={(one) => setMade(one as WithPassword)}
        onCancel={close}
      />
      {made && (
        <PasswordOnce
          name={made.record.name}
          password={made.password}
          onDone={() => openRecord({ entity: "user", id: made.record.id }, { replace: true })}
        />
      )}
    </FormDrawer>
  );
}

const FACTS = [
  "username",
  "role_id",
  "team_id",
  "manager_id",
  "phone",
  "email",
  "region",
  "language",
  "on_leave_until",
  "left_on",
  "recorded_at",
];

export function UserDrawer({ id }: { id: number }) {
  const { t } = useTexts();
  const may = useMay();
  const me = useMe();
  const navigate = useNavigate();
  const { modal } = App.useApp();
  const fields = useUserFields();
  const [editing, setEditing] = useState(false);
  const [asking, setAsking] = useState<"leave" | "left" | null>(null);
  const [password, setPassword] = useState<string | null>(null);
  const found = useQuery(recordQuery<User>("user", id));
  const user = found.data?.record;
  const labels = found.data?.labels;
  const reset = useAction(
    (who: User) => resetPassword(who.id),
    ({ password: fresh }) => {
      setPassword(fresh);
      return null;
    },
  );
  const enable = useAction(
    ({ who, enabled }: { who: User; enabled: boolean }) => setEnabled(who, enabled),
    (_done, { enabled }) => t(enabled ? "admin.user.enabled" : "admin.user.disabled"),
  );
  if (!user || !labels) {
    return <PendingDrawer found={found} testId="user" />;
  }
  const update = may("user", "update");
  const name = user.name;
  if (editing) {
    return (
      <RecordDrawer title={name} subtitle={user.username} testId="user">
        <RecordForm<User>
          entity="user"
          fields={fields}
          record={user}
          labels={labels}
          open
          submit={({ values, version }) =>
            changeUser({ ...user, version: version ?? user.version }, values)
          }
          onDone={() => setEditing(false)}
          onCancel={() => setEditing(false)}
        />
      </RecordDrawer>
    );
  }
  const more = [
    { key: "leave", label: t("admin.user.leave") },
    { key: "left", label: t("admin.user.left") },
    { key: "reset", label: t("admin.user.reset") },
    ...(id === me.user_id
      ? []
      : user.enabled
        ? [{ key: "disable", label: t("admin.user.disable"), danger: true }]
        : [{ key: "enable", label: t("admin.user.enable") }]),
  ];
  const pick = (key: string) => {
    if (key === "leave" || key === "left") setAsking(key);
    else if (key === "enable") enable.mutate({ who: user, enabled: true });
    else {
      modal.confirm({
        title: t(key === "reset" ? "admin.user.reset" : "admin.user.disable"),
        content: t(key === "reset" ? "admin.user.resetSure" : "admin.user.disableSure", { name }),
        okText: t(key === "reset" ? "admin.user.reset" : "admin.user.disable"),
        okButtonProps: { danger: true },
        cancelText: t("part.cancel"),
        onOk: () =>
          key === "reset" ? reset.mutate(user) : enable.mutate({ who: user, enabled: false }),
      });
    }
  };
  return (
    <RecordDrawer
      testId="user"
      title={name}
      subtitle={
        <>
          {user.username} · <Named entity="role" id={user.role_id} labels={labels} />{" "}
          <UserState user={user} />
        </>
      }
      onEdit={update ? () => setEditing(true) : undefined}
      actions={
        <>
          {update && (
            <Button type="primary" data-testid="edit" onClick={() => setEditing(true)}>
              {t("admin.edit")}
            </Button>
          )}
          {may("account", "assign") && (
            <Button data-testid="hand-over" onClick={() => navigate(`/admin/handover?from=${id}`)}>
              {t("admin.user.handOver")}
            </Button>
          )}
          {update && (
            <Dropdown trigger={["click"]} menu={{ items: more, onClick: ({ key }) => pick(key) }}>
              <Button data-testid="more" loading={reset.isPending || enable.isPending}>
                {t("part.more")}
              </Button>
            </Dropdown>
          )}
        </>
      }
      tabs={[
        {
          key: "details",
          label: t("admin.details"),
          children: <Facts entity="user" record={user} labels={labels} fields={FACTS} />,
        },
        { key: "history", label: t("admin.history"), children: <History entity="user" id={id} /> },
      ]}
    >
      {password && (
        <PasswordOnce name={name} password={password} onDone={() => setPassword(null)} />
      )}
      {asking && (
        <ActionDialog
          entity="user"
          title={t(asking === "leave" ? "admin.user.leaveTitle" : "admin.user.leftTitle", { name })}
          note={t(asking === "leave" ? "admin.user.leaveNote" : "admin.user.leftNote")}
          fields={[
            {
              name: asking === "leave" ? "on_leave_until" : "left_on",
              kind: "day",
            },
          ]}
          initial={{
            on_leave_until: user.on_leave_until ?? undefined,
            left_on: user.left_on ?? undefined,
          }}
          submitLabel={t("part.save")}
          run={(values) =>
            changeUser(
              user,
              asking === "leave"
                ? { on_leave_until: values.on_leave_until ?? null }
                : { left_on: values.left_on ?? null },
            )
          }
          said={t(asking === "leave" ? "admin.user.leaveSaved" : "admin.user.leftSaved")}
          onClose={() => setAsking(null)}
        />
      )}
    </RecordDrawer>
  );
}
