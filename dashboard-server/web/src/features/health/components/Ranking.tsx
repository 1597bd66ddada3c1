import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { App, Button, Segmented, Select, Skeleton, Table, Tag } from "antd";
import { useState } from "react";
import { EmptyState, FailureState } from "@/components/States";
import { StatusMark } from "@/components/StatusMark";
import { useAction } from "@/components/useAction";
import { valuesQuery } from "@/lib/api/queries";
import type { Row } from "@/lib/api/types";
import { amount, dayOf, full, numberOf } from "@/lib/format";
import { usePhone } from "@/lib/media";
import { useSeesAmounts } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { appoint, managersQuery, rankingQuery, STATUSES, statusesQuery, TIERS } from "../api";
import { ORDERS, type Page } from "../state";
import { percent, reasons } from "../words";
import { Moved } from "./Moved";
import { ManagerSelect } from "./Success";
import { Why } from "./Why";

type Props = {
  page: Page;
  set: (values: Record<string, string[] | string | null>, replace?: boolean) => void;
  published: number | null;
  zone: string;
};

/** The accounts, those first with whom the most is at risk, each with its reasons. */
export function Ranking({ page, set, published, zone }: Props) {
  const { t } = useTexts();
  const phone = usePhone();
  const amounts = useSeesAmounts();
  const found = useInfiniteQuery(rankingQuery(page.chosen, page.order, published));
  const pages = found.data?.pages ?? [];
  const rows = pages.flatMap((one) => one.rows);
  const count = pages[0]?.count ?? 0;
  const open = (row: Row) => set({ health: String(row.account_id) });
  const { mine } = page;
  const others = mine ? { ...page.chosen, manager: [] } : page.chosen;
  const filtered = Object.values(others).some((values) => values.length > 0);
  const mayChoose = useQuery(managersQuery).data?.may_choose ?? false;
  const [selected, setSelected] = useState<string[]>([]);

  return (
    <>
      <Statuses page={page} set={set} published={published} amounts={amounts} />
      <div className="health-filters">
        <Segmented<"mine" | "all">
          value={mine ? "mine" : "all"}
          aria-label={t("health.whose")}
          data-testid="health-whose"
          onChange={(of) => set({ of, manager: [] })}
          options={(["mine", "all"] as const).map((value) => ({
            value,
            label: t(`health.of.${value}`),
          }))}
        />
        <Picker
          name="tier"
          values={page.chosen.tier}
          options={TIERS.map((value) => ({ value, label: t("health.tier", { tier: value }) }))}
          set={set}
        />
        <Members name="region" values={page.chosen.region} published={published} set={set} />
        <Members name="owner" values={page.chosen.owner} published={published} set={set} />
        {!mine && (
          <Members name="manager" values={page.chosen.manager} published={published} set={set} />
        )}
        <Select
          className="end"
          value={page.order}
          aria-label={t("health.order")}
          data-testid="health-order"
          onChange={(order) => set({ sort: order })}
          options={ORDERS.filter((one) => amounts || !one.includes("amount")).map((value) => ({
            value,
            label: t(`health.orders.${value.replace("-", "")}`),
          }))}
        />
      </div>
      {found.error ? (
        <FailureState error={found.error} onRetry={() => void found.refetch()} />
      ) : !found.data ? (
        <Skeleton active paragraph={{ rows: 8 }} />
      ) : rows.length === 0 ? (
        <EmptyState
          title={t(filtered ? "health.noMatch" : mine ? "health.noneMine" : "health.none")}
          action={
            filtered ? (
              <Button
                type="primary"
                onClick={() => set({ status: [], tier: [], region: [], owner: [], manager: [] })}
              >
                {t("filter.clear")}
              </Button>
            ) : (
              mine && (
                <Button type="primary" onClick={() => set({ of: "all" })}>
                  {t("health.showAll")}
                </Button>
              )
            )
          }
        >
          {filtered ? "" : t(mine ? "health.noneMineText" : "health.noneText")}
        </EmptyState>
      ) : (
        <div className={found.isPlaceholderData ? "stale" : ""}>
          {selected.length > 0 && <Appoint accounts={selected} onDone={() => setSelected([])} />}
          {phone ? (
            <ul className="health-cards">
              {rows.map((row) => (
                <li key={String(row.account_id)}>
                  <Card row={row} amounts={amounts} onOpen={() => open(row)} />
                </li>
              ))}
            </ul>
          ) : (
            <List
              rows={rows}
              amounts={amounts}
              zone={zone}
              onOpen={open}
              selected={selected}
              mine={mine}
              onSelect={mayChoose ? setSelected : null}
            />
          )}
          <div className="health-more">
            <span className="quiet small" data-testid="health-shown">
              {t("records.shown", {
                shown: rows.length.toLocaleString("en-US"),
                count: count.toLocaleString("en-US"),
              })}
            </span>
            {found.hasNextPage && (
              <Button
                size={phone ? "middle" : "small"}
                loading={found.isFetchingNextPage}
                onClick={() => void found.fetchNextPage()}
              >
                {t("records.more", { count: Math.min(50, count - rows.length) })}
              </Button>
            )}
          </div>
        </div>
      )}
      <p className="quiet small">
        {t(amounts ? "health.orderNote" : "health.scoreNote")} <Why chosen={page.chosen} />
      </p>
    </>
  );
}

/** Gives the accounts that are chosen to somebody, and says which could not be given. */
function Appoint({ accounts, onDone }: { accounts: string[]; onDone: () => void }) {
  const { t } = useTexts();
  const { notification } = App.useApp();
  const give = useAction(
    (user: number | null) => appoint(accounts, user),
    ({ results }) => {
      const failed = results.filter(({ problem }) => problem);
      for (const { account, problem } of failed) {
        notification.error({ title: account, description: problem?.detail, duration: 0 });
      }
      onDone();
      return t("health.success.givenMany", { count: results.length - failed.length });
    },
  );
  return (
    <section className="bulk" aria-label={t("part.selected", { count: accounts.length })}>
      <strong>{t("part.selected", { count: accounts.length })}</strong>
      <ManagerSelect
        value={null}
        name={null}
        loading={give.isPending}
        onChange={(user) => give.mutate(user)}
      />
      <Button size="small" type="text" onClick={onDone}>
        {t("part.selectNone")}
      </Button>
    </section>
  );
}

/** How many accounts stand how; a click shows them alone. */
function Statuses({
  page,
  set,
  published,
  amounts,
}: Pick<Props, "page" | "set" | "published"> & { amounts: boolean }) {
  const { t, lang } = useTexts();
  const found = useQuery(statusesQuery(page.chosen, amounts, published));
  const rows = found.data?.rows ?? [];
  return (
    <section className="health-statuses" aria-label={t("health.statuses")}>
      {STATUSES.map((status) => {
        const row = rows.find((one) => one.health_status === status);
        const count = numberOf(row?.accounts_scored) ?? 0;
        const risk = numberOf(row?.amount_at_risk);
        const chosen = page.chosen.status.includes(status);
        const others = page.chosen.status.filter((one) => one !== status);
        return (
          <button
            key={status}
            type="button"
            className={`health-status ${status}${chosen ? " chosen" : ""}`}
            aria-pressed={chosen}
            data-testid={`health-${status}`}
            onClick={() => set({ status: chosen ? others : [...others, status] })}
          >
            <StatusMark status={status} />
            <strong className="health-count figures">
              {found.data ? count.toLocaleString("en-US") : "–"}
            </strong>
            {amounts && (
              <span className="quiet small" title={full(risk, "amount", lang)}>
                {risk === null ? "" : t("health.risk", { amount: amount(risk, lang) })}
              </span>
            )}
          </button>
        );
      })}
    </section>
  );
}

type PickerProps = {
  name: "tier" | "region" | "owner" | "manager";
  values: string[];
  options: { value: string; label: string }[];
  set: Props["set"];
  loading?: boolean;
};

function Picker({ name, values, options, set, loading }: PickerProps) {
  const { t } = useTexts();
  return (
    <Select
      mode="multiple"
      allowClear
      maxTagCount="responsive"
      className="health-picker"
      value={values}
      options={options}
      loading={loading}
      placeholder={t(`health.pick.${name}`)}
      aria-label={t(`health.pick.${name}`)}
      data-testid={`health-${name}`}
      showSearch={{ optionFilterProp: "label" }}
      onChange={(chosen) => set({ [name]: chosen })}
    />
  );
}

/** The members of a dimension to choose from; nothing where the data have none. */
function Members({
  name,
  values,
  published,
  set,
}: {
  name: "region" | "owner" | "manager";
  values: string[];
  published: number | null;
  set: Props["set"];
}) {
  const dimension = name === "manager" ? "success_manager" : name;
  const found = useQuery({ ...valuesQuery(dimension, published), retry: false });
  const members = found.data?.values ?? [];
  if (members.length === 0 && values.length === 0) return null;
  const options = members.map((value) => ({ value, label: value }));
  return (
    <Picker name={name} values={values} options={options} set={set} loading={found.isFetching} />
  );
}

function List({
  rows,
  amounts,
  zone,
  onOpen,
  selected,
  mine,
  onSelect,
}: {
  rows: Row[];
  amounts: boolean;
  zone: string;
  onOpen: (row: Row) => void;
  selected: string[];
  /** All are of one success manager. */
  mine: boolean;
  /** Chooses accounts; null where one has nothing to do with them together. */
  onSelect: ((accounts: string[]) => void) | null;
}) {
  const { t, lang } = useTexts();
  const money = (value: number | null) => (
    <span className="figures" title={full(value, "amount", lang)}>
      {value === null ? "–" : amount(value, lang)}
    </span>
  );
  return (
    <Table<Row>
      size="small"
      rowKey={(row) => String(row.account_id)}
      dataSource={rows}
      pagination={false}
      scroll={{ x: onSelect ? 1130 : 1080 }}
      rowSelection={
        onSelect
          ? {
              selectedRowKeys: selected,
              onChange: (keys) => onSelect(keys.map(String)),
              getCheckboxProps: (row) => ({ "aria-label": String(row.account_id) }),
            }
          : undefined
      }
      data-testid="health-list"
      onRow={(row) => ({ onClick: () => onOpen(row), className: "clickable" })}
      columns={[
        {
          title: t("health.column.account"),
          width: 230,
          render: (_, row) => (
            <button
              type="button"
              className="link clip"
              data-testid="health-account"
              onClick={(event) => {
                event.stopPropagation();
                onOpen(row);
              }}
            >
              {String(row.account_id)}
            </button>
          ),
        },
        {
          title: t("health.column.score"),
          width: 130,
          render: (_, row) => (
            <span className="health-score">
              <StatusMark status={String(row.status)} score={numberOf(row.score)} />
              <Moved now={numberOf(row.score) ?? 0} before={numberOf(row.score_before)} />
            </span>
          ),
        },
        {
          title: t("health.column.reasons"),
          render: (_, row) => <Reasons row={row} />,
        },
        {
          title: t("health.column.tier"),
          width: 60,
          render: (_, row) => <Tag>{String(row.value_tier ?? "")}</Tag>,
        },
        {
          title: t("health.column.probability"),
          width: 100,
          align: "right",
          render: (_, row) => (
            <span className="figures">
              {percent(numberOf(row.repurchase_probability) ?? 0, lang)}
            </span>
          ),
        },
        ...(amounts
          ? [
              {
                title: t("health.column.amount"),
                width: 110,
                align: "right" as const,
                render: (_: unknown, row: Row) => money(numberOf(row.amount_12_months)),
              },
              {
                title: t("health.column.risk"),
                width: 100,
                align: "right" as const,
                render: (_: unknown, row: Row) => money(numberOf(row.amount_at_risk)),
              },
            ]
          : []),
        {
          title: t("health.column.last"),
          width: 90,
          render: (_, row) => (
            <span className="figures">
              {row.last_order_at ? dayOf(String(row.last_order_at), zone).slice(2) : "–"}
            </span>
          ),
        },
        {
          title: t("health.column.owner"),
          width: 90,
          render: (_, row) => <span className="clip">{String(row.owner ?? "–")}</span>,
        },
        ...(mine
          ? []
          : [
              {
                title: t("health.column.manager"),
                width: 100,
                render: (_: unknown, row: Row) => (
                  <span className="clip">{String(row.success_manager ?? "–")}</span>
                ),
              },
            ]),
      ]}
    />
  );
}

function Reasons({ row }: { row: Row }) {
  const { t, lang } = useTexts();
  const said = reasons(row, t, lang);
  if (said.length === 0) {
    return (
      <span className="faint">
        {row.status === "unrated" ? t("health.tooNew") : t("health.fine")}
      </span>
    );
  }
  return <span>{said.join(t("health.and"))}</span>;
}

function Card({ row, amounts, onOpen }: { row: Row; amounts: boolean; onOpen: () => void }) {
  const { t, lang } = useTexts();
  const risk = numberOf(row.amount_at_risk);
  return (
    <button type="button" className="health-card" data-testid="health-account" onClick={onOpen}>
      <span className="health-card-line">
        <strong className="clip grow">{String(row.account_id)}</strong>
        <span className="health-score">
          <StatusMark status={String(row.status)} score={numberOf(row.score)} />
          <Moved now={numberOf(row.score) ?? 0} before={numberOf(row.score_before)} />
        </span>
      </span>
      <span className="health-card-line small">
        <span className="grow">
          <Reasons row={row} />
        </span>
        {amounts && risk !== null && (
          <span className="quiet figures">{t("health.risk", { amount: amount(risk, lang) })}</span>
        )}
      </span>
    </button>
  );
}
