import { PlusOutlined } from "@ant-design/icons";
import { Button, Checkbox, Segmented } from "antd";
import { useEffect, useMemo } from "react";
import { useSearchParams } from "react-router";
import { useAsk } from "@/components/ask";
import type { BulkAction } from "@/components/BulkBar";
import { Choice, Day, Named, UserName } from "@/components/Cells";
import type { FilterSpec } from "@/components/FilterChips";
import { useListState } from "@/components/listState";
import { useOverlay } from "@/components/navigation";
import { type Column, ResourceTable } from "@/components/ResourceTable";
import { EmptyState, PermissionState } from "@/components/States";
import { bulk, textOf } from "@/lib/api/records";
import { usePhone } from "@/lib/media";
import { leads, useMay, useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import type { Account } from "../api";
import { ClaimButton, useOwnership } from "../components/actions";
import { CountdownBadge } from "../components/CountdownBadge";
import { useLine } from "../routing";
import "../accounts.css";

type View = "mine" | "pool" | "all";

const FILTERS: FilterSpec[] = [
  { field: "status", kind: "choice" },
  { field: "region", kind: "text" },
  { field: "industry", kind: "text" },
  { field: "level", kind: "text" },
  { field: "source", kind: "text" },
  { field: "tag_id", kind: "reference" },
  { field: "owner_id", kind: "reference" },
  { field: "team_id", kind: "reference" },
  { field: "created_at", kind: "moment" },
];

const HIDDEN_FILTERS: Record<View, string[]> = {
  mine: ["owner_id", "team_id"],
  pool: ["owner_id", "tag_id"],
  all: [],
};

/** One's own accounts, those of the pool, and all that one may see. */
export function AccountsPage() {
  const { t } = useTexts();
  const me = useMe();
  const may = useMay();
  const phone = usePhone();
  const { openRecord, openForm } = useOverlay();
  const [params, setParams] = useSearchParams();
  const claims = may("account", "claim");
  const views: View[] = ["mine", ...(claims ? (["pool"] as const) : []), "all"];
  const first: View = leads(me) || !claims ? "all" : "mine";
  const asked = params.get("view");
  const view = views.find((one) => one === asked) ?? first;
  useEffect(() => {
    document.title = `${t("nav.accounts")} · Millrace`;
  }, [t]);

  const columns = useMemo((): Column<Account>[] => {
    const all: (Column<Account> | false)[] = [
      {
        field: "name",
        width: 260,
        sortable: true,
        render: (row) => <span className="strong">{row.name}</span>,
      },
      view === "pool" && {
        field: "claim",
        title: "",
        width: 88,
        render: (row) => <ClaimButton account={row} inList />,
      },
      view !== "pool" && {
        field: "countdown",
        title: t("accounts.countdown"),
        width: 150,
        render: (row) =>
          row.owner_id === null ? (
            <span className="quiet">{t("accounts.inPool")}</span>
          ) : (
            <CountdownBadge id={row.id} />
          ),
      },
      {
        field: "status",
        width: 96,
        render: (row) => <Choice entity="account" field="status" value={row.status} />,
      },
      { field: "level", width: 84, render: (row) => textOf(row, "level") },
      { field: "region", width: 100, render: (row) => textOf(row, "region") },
      { field: "industry", width: 120, render: (row) => textOf(row, "industry") },
      view === "all" && {
        field: "owner_id",
        width: 110,
        render: (row, labels) => <UserName id={row.owner_id} labels={labels} />,
      },
      view !== "mine" && {
        field: "team_id",
        width: 130,
        render: (row, labels) => <Named entity="team" id={row.team_id} labels={labels} />,
      },
      view === "pool" && {
        field: "pooled_at",
        width: 120,
        sortable: true,
        render: (row) => <Day value={row.pooled_at} />,
      },
      { field: "source", width: 110, hidden: true, render: (row) => textOf(row, "source") },
      view !== "pool" && {
        field: "phone",
        width: 140,
        hidden: true,
        render: (row) => <span className="figures">{textOf(row, "phone")}</span>,
      },
      {
        field: "number",
        width: 150,
        sortable: true,
        render: (row) => <span className="figures">{row.number}</span>,
      },
      {
        field: "created_at",
        width: 110,
        sortable: true,
        hidden: view === "pool",
        render: (row) => <Day value={row.created_at} />,
      },
    ];
    return all.filter((column) => column !== false);
  }, [view, t]);

  const actions = useBulkActions(view);
  if (!may("account", "read")) return <PermissionState />;
  return (
    <main className="work-page" data-testid="accounts">
      <div className="page-head">
        <h1>{t("nav.accounts")}</h1>
        <Segmented<View>
          value={view}
          onChange={(next) =>
            setParams((now) => {
              const other = new URLSearchParams(now);
              other.set("view", next);
              other.delete("sort");
              return other;
            })
          }
          options={views.map((value) => ({
            value,
            label: <span data-testid={`view-${value}`}>{t(`accounts.view.${value}`)}</span>,
          }))}
        />
        {!phone && may("account", "create") && (
          <Button
            className="end"
            icon={<PlusOutlined />}
            data-testid="new-account"
            onClick={() => openForm("account")}
          >
            {t("create.account")}
          </Button>
        )}
      </div>
      <ResourceTable<Account>
        key={view}
        entity="account"
        columns={columns}
        filters={FILTERS.filter(
          // What hangs on an account is not seen while it is in the pool, so neither are its tags.
          ({ field }) => !HIDDEN_FILTERS[view].includes(field),
        )}
        base={{ view: view === "all" ? null : view }}
        bulk={actions}
        tools={view === "pool" && <RoutedHere />}
        onOpen={(row) => openRecord({ entity: "account", id: row.id })}
        card={(row, labels) => ({
          title: row.name,
          figure:
            view === "pool" ? null : row.owner_id === null ? (
              <span className="quiet small">{t("accounts.inPool")}</span>
            ) : (
              <CountdownBadge id={row.id} />
            ),
          second: [
            t(`choice.account.status.${row.status}`),
            textOf(row, "region"),
            textOf(row, "industry"),
          ]
            .filter(Boolean)
            .join(" · "),
          end:
            view === "pool" ? (
              <Day value={row.pooled_at} />
            ) : view === "all" ? (
              <UserName id={row.owner_id} labels={labels} />
            ) : null,
          action: view === "pool" ? <ClaimButton account={row} inList /> : null,
        })}
        empty={
          <EmptyState
            title={t(`accounts.empty.${view}`)}
            action={
              view === "mine" && claims ? (
                <Button type="primary" onClick={() => setParams({ view: "pool" })}>
                  {t("accounts.toPool")}
                </Button>
              ) : (
                may("account", "create") && (
                  <Button type="primary" onClick={() => openForm("account")}>
                    {t("create.account")}
                  </Button>
                )
              )
            }
          >
            {t(`accounts.emptyNote.${view}`)}
          </EmptyState>
        }
      />
    </main>
  );
}

/** Leaves of the pool what one may claim at once. */
function RoutedHere() {
  const { t } = useTexts();
  const line = useLine();
  const { state, change } = useListState();
  if (!line || line.size === 0) return null;
  const values = [...line].sort((a, b) => a - b).map(String);
  const on = state.filters.some(
    (filter) =>
      filter.field === "team_id" &&
      filter.op === "in" &&
      [...filter.values].sort().join() === [...values].sort().join(),
  );
  const others = state.filters.filter(({ field }) => field !== "team_id");
  return (
    <Checkbox
      checked={on}
      data-testid="routed-here"
      onChange={({ target }) =>
        change({
          filters: target.checked ? [...others, { field: "team_id", op: "in", values }] : others,
        })
      }
    >
      {t("accounts.routedHere")}
    </Checkbox>
  );
}

function useBulkActions(view: View): BulkAction<Account>[] {
  const { t } = useTexts();
  const may = useMay();
  const { askRelease, askAssign } = useOwnership();
  const ask = useAsk();
  const items = (rows: Account[]) => rows.map(({ id, version }) => ({ id, version }));
  const actions: BulkAction<Account>[] = [];
  if (view === "pool" && may("account", "claim")) {
    actions.push({
      key: "claim",
      label: t("accounts.claim"),
      run: (rows) => bulk("account", { action: "claim", items: rows.map(({ id }) => ({ id })) }),
    });
  }
  if (may("account", "assign")) {
    actions.push({
      key: "assign",
      label: t("accounts.assign"),
      run: async (rows) => {
        const answer = await askAssign();
        if (!answer) return null;
        return bulk("account", {
          action: "assign",
          items: items(rows),
          user_id: Number(answer.user_id),
          reason: String(answer.reason),
        });
      },
    });
  }
  if (view !== "pool" && may("account", "update")) {
    actions.push(
      {
        key: "level",
        label: t("accounts.setLevel"),
        run: async (rows) => {
          const answer = await ask({
            entity: "account",
            title: t("accounts.setLevel"),
            fields: [{ name: "level", required: true, maxLength: 40 }],
            ok: t("part.save"),
          });
          if (!answer) return null;
          const changes = { level: answer.level };
          return bulk("account", { action: "update", items: items(rows), changes });
        },
      },
      {
        key: "release",
        label: t("accounts.release"),
        danger: true,
        run: async (rows) => {
          const answer = await askRelease();
          if (!answer) return null;
          return bulk("account", {
            action: "release",
            items: items(rows),
            reason: String(answer.reason),
          });
        },
      },
    );
  }
  return actions;
}
