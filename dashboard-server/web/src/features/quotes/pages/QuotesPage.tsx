import { PlusOutlined } from "@ant-design/icons";
import { Button, Segmented } from "antd";
import { useSearchParams } from "react-router";
import { Amount, Day, Due, Share } from "@/components/Cells";
import { amountColumn, ChoiceTag, dayColumn, namedColumn, tagColumn } from "@/components/columns";
import type { FilterSpec } from "@/components/FilterChips";
import { useOverlay } from "@/components/navigation";
import { type Column, ResourceTable } from "@/components/ResourceTable";
import { EmptyState } from "@/components/States";
import { useWho, WhoSwitch } from "@/components/WhoSwitch";
import { type Filter, type Labels, labelOf } from "@/lib/api/records";
import { usePhone } from "@/lib/media";
import { useMay, useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { QUOTE_TONES } from "../tones";
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
  const { who } = useWho();
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
    namedColumn("quote", "account_id", 200),
    namedColumn("quote", "opportunity_id", 200),
    ...amountColumn<Quote>(sees),
    ...(sees
      ? [
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
    tagColumn("quote", "outcome", 100, QUOTE_TONES),
    dayColumn("sent_at", 90),
    {
      field: "valid_until",
      width: 110,
      sortable: true,
      render: (row) =>
        row.outcome === "sent" ? <Due value={row.valid_until} /> : <Day value={row.valid_until} />,
    },
    namedColumn("quote", "owner_id", 100),
    { ...dayColumn<Quote>("decided_at", 90), hidden: true },
  ];
  return (
    <main className="work-page">
      <header className="page-head">
        <h1>{t("quoting.title")}</h1>
        <WhoSwitch />
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
          end: <ChoiceTag entity="quote" field="outcome" value={row.outcome} tones={QUOTE_TONES} />,
        })}
      />
    </main>
  );
}
