import { PlusOutlined } from "@ant-design/icons";
import { Button, Segmented, Tag } from "antd";
import { useSearchParams } from "react-router";
import { Amount, Choice, Day, Due, Named, Share, UserName } from "@/components/Cells";
import type { FilterSpec } from "@/components/FilterChips";
import { useOverlay } from "@/components/navigation";
import { type Column, ResourceTable } from "@/components/ResourceTable";
import { EmptyState } from "@/components/States";
import { type Filter, type Labels, labelOf } from "@/lib/api/records";
import { usePhone } from "@/lib/media";
import { leads, useMay, useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { QUOTE_TONES } from "../components/QuoteDrawer";
import type { Quote } from "../types";

const FILTERS: FilterSpec[] = [
  { field: "outcome", kind: "choice" },
  { field: "account_id", kind: "reference" },
  { field: "owner_id", kind: "reference" },
  { field: "team_id", kind: "reference" },
  { field: "sent_at", kind: "moment" },
  { field: "valid_until", kind: "day" },
  { field: "decided_at", kind: "moment" },
];

const TABS = { all: null, draft: "draft", approve: "in_approval", out: "sent" } as const;
type Tab = keyof typeof TABS;

export function QuotesPage() {
  const { t, lang } = useTexts();
  const me = useMe();
  const may = useMay();
  const phone = usePhone();
  const { openForm, openRecord } = useOverlay();
  const [params, setParams] = useSearchParams();
  const standard = leads(me) ? "all" : "mine";
  const who = params.get("who") ?? standard;
  const asked = params.get("kind") ?? "all";
  const tab: Tab = Object.hasOwn(TABS, asked) ? (asked as Tab) : "all";
  const set = (name: string, value: string | null) =>
    setParams((now) => {
      const next = new URLSearchParams(now);
      if (value === null) next.delete(name);
      else next.set(name, value);
      return next;
    });
  const sees = me.rights.visibility.includes("amounts");
  const margin = me.rights.visibility.includes("margin");
  const outcome = TABS[tab];
  const only: Filter[] = outcome ? [{ field: "outcome", op: "in", values: [outcome] }] : [];
  const create = sees && may("quote", "create");
  const columns: Column<Quote>[] = [
    {
      field: "number",
      width: 170,
      sortable: true,
      render: (row) => (
        <>
          {row.number} <span className="quiet small">v{row.quote_version}</span>
          {row.alternative && <span className="quiet small"> {row.alternative}</span>}
        </>
      ),
    },
    {
      field: "account_id",
      width: 200,
      render: (row, labels) => <Named entity="account" id={row.account_id} labels={labels} />,
    },
    {
      field: "opportunity_id",
      width: 200,
      render: (row, labels) => (
        <Named entity="opportunity" id={row.opportunity_id} labels={labels} />
      ),
    },
    ...(sees
      ? [
          {
            field: "amount",
            width: 110,
            align: "right",
            sortable: true,
            render: (row) => <Amount fen={row.amount} />,
          } satisfies Column<Quote>,
          {
            field: "discount",
            width: 80,
            align: "right",
            render: (row) => <Share value={row.discount} />,
          } satisfies Column<Quote>,
        ]
      : []),
    ...(margin
      ? [
          {
            field: "margin",
            width: 80,
            align: "right",
            hidden: true,
            render: (row) => <Share value={row.margin} />,
          } satisfies Column<Quote>,
        ]
      : []),
    {
      field: "outcome",
      width: 100,
      render: (row) => (
        <Tag color={QUOTE_TONES[row.outcome]}>
          <Choice entity="quote" field="outcome" value={row.outcome} />
        </Tag>
      ),
    },
    { field: "sent_at", width: 90, sortable: true, render: (row) => <Day value={row.sent_at} /> },
    {
      field: "valid_until",
      width: 110,
      sortable: true,
      render: (row) =>
        row.outcome === "sent" ? <Due value={row.valid_until} /> : <Day value={row.valid_until} />,
    },
    {
      field: "owner_id",
      width: 100,
      render: (row, labels) => <UserName id={row.owner_id} labels={labels} />,
    },
    {
      field: "decided_at",
      width: 90,
      sortable: true,
      hidden: true,
      render: (row) => <Day value={row.decided_at} />,
    },
  ];
  return (
    <main className="work-page">
      <header className="page-head">
        <h1>{t("quoting.title")}</h1>
        <Segmented
          value={who}
          aria-label={t("quoting.who")}
          onChange={(next) => set("who", next === standard ? null : String(next))}
          options={[
            { value: "mine", label: t("quoting.mine") },
            { value: "all", label: t("quoting.all") },
          ]}
        />
        <Segmented
          value={tab}
          aria-label={t("quoting.kind")}
          onChange={(next) => set("kind", next === "all" ? null : String(next))}
          options={(Object.keys(TABS) as Tab[]).map((value) => ({
            value,
            label: t(`quoting.tabs.${value}`),
          }))}
        />
        {create && !phone && (
          <Button
            className="end"
            type="primary"
            icon={<PlusOutlined />}
            data-testid="new-quote"
            onClick={() => openForm("quote")}
          >
            {t("quoting.create")}
          </Button>
        )}
      </header>
      <ResourceTable<Quote>
        entity="quote"
        columns={columns}
        filters={FILTERS}
        base={{ view: who === "mine" ? "mine" : null, filters: only, sort: "-id" }}
        onOpen={({ id }) => openRecord({ entity: "quote", id })}
        empty={
          <EmptyState
            title={t("quoting.emptyTitle")}
            action={
              create && (
                <Button type="primary" onClick={() => openForm("quote")}>
                  {t("quoting.create")}
                </Button>
              )
            }
          >
            {t("quoting.emptyText")}
          </EmptyState>
        }
        card={(row, labels: Labels) => ({
          title: labelOf(labels, "account", row.account_id, lang),
          figure: sees ? <Amount fen={row.amount} /> : undefined,
          second: `${row.number} v${row.quote_version}`,
          end: (
            <Tag color={QUOTE_TONES[row.outcome]}>
              <Choice entity="quote" field="outcome" value={row.outcome} />
            </Tag>
          ),
        })}
      />
    </main>
  );
}
