import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Segmented, Select, Skeleton, Tag } from "antd";
import { useSearchParams } from "react-router";
import { Amount, Choice, Day, Named, UserName } from "@/components/Cells";
import { FilterChips, type FilterSpec } from "@/components/FilterChips";
import { ListSearch } from "@/components/ListSearch";
import { useListState } from "@/components/listState";
import { useOverlay } from "@/components/navigation";
import { type Column, ResourceTable } from "@/components/ResourceTable";
import { EmptyState, FailureState, StaleNote } from "@/components/States";
import { SubscribeList } from "@/components/SubscribeButton";
import { type Filter, type Labels, labelOf } from "@/lib/api/records";
import { usePhone } from "@/lib/media";
import { leads, useMay, useMe } from "@/lib/session";
import { fullMoney, shortMoney } from "@/lib/units";
import { useTexts } from "@/locales/i18n";
import { boardQuery, pipelinesQuery } from "../api";
import { openTotal } from "../board";
import { DealBoard } from "../components/DealBoard";
import { IdleProposals } from "../components/IdleProposals";
import { stageName, useMove } from "../components/useMove";
import type { Board, Opportunity } from "../types";
import "../opportunities.css";

/** So many cards of a column come at first, and with each "more". */
const PER_COLUMN = 30;

const FILTERS: FilterSpec[] = [
  { field: "owner_id", kind: "reference" },
  { field: "account_id", kind: "reference" },
  { field: "team_id", kind: "reference" },
  { field: "product_id", kind: "reference" },
  { field: "source", kind: "text" },
  { field: "expected_close_on", kind: "day" },
  { field: "stage_entered_at", kind: "moment" },
  { field: "opened_at", kind: "moment" },
];
/** What the board shows, as a list that one can subscribe to. */
const OPEN: Filter = { field: "outcome", op: "in", values: ["open"] };
const BOARD_COLUMNS = ["name", "account_id", "stage_id", "amount", "expected_close_on", "owner_id"];

function inPipeline(id: number | null): Filter[] {
  return id === null ? [] : [{ field: "pipeline_id", op: "in", values: [String(id)] }];
}

const TABLE_FILTERS: FilterSpec[] = [
  { field: "stage_id", kind: "reference" },
  { field: "outcome", kind: "choice" },
  ...FILTERS,
  { field: "closed_at", kind: "moment" },
  { field: "competitor", kind: "text" },
];

/** What of the page's look is in the address, beside the filters. */
function useLook() {
  const me = useMe();
  const [params, setParams] = useSearchParams();
  const set = (name: string, value: string | null) =>
    setParams((now) => {
      const next = new URLSearchParams(now);
      if (value === null) next.delete(name);
      else next.set(name, value);
      return next;
    });
  const standard = leads(me) ? "team" : "mine";
  const pipeline = params.get("pipeline");
  return {
    table: params.get("view") === "table",
    mine: (params.get("who") ?? standard) === "mine",
    pipelineId: pipeline === null ? null : Number(pipeline),
    setTable: (table: boolean) => set("view", table ? "table" : null),
    setMine: (mine: boolean) =>
      set("who", (mine ? "mine" : "team") === standard ? null : mine ? "mine" : "team"),
    setPipeline: (id: number | null) => set("pipeline", id === null ? null : String(id)),
  };
}

export function OpportunitiesPage() {
  const { t, lang } = useTexts();
  const me = useMe();
  const may = useMay();
  const phone = usePhone();
  const { openForm } = useOverlay();
  const look = useLook();
  const pipelines = useQuery(pipelinesQuery);
  const several = (pipelines.data?.rows.length ?? 0) > 1;
  return (
    <main className="work-page deals-page">
      <header className="page-head">
        <h1>{t("deal.title")}</h1>
        {(leads(me) || !look.mine) && (
          <Segmented
            value={look.mine ? "mine" : "team"}
            aria-label={t("deal.who")}
            onChange={(who) => look.setMine(who === "mine")}
            options={[
              { value: "mine", label: t("deal.mine") },
              { value: "team", label: t("deal.team") },
            ]}
          />
        )}
        <Segmented
          value={look.table ? "table" : "board"}
          aria-label={t("deal.view")}
          onChange={(view) => look.setTable(view === "table")}
          options={[
            { value: "board", label: t("deal.board") },
            { value: "table", label: t("deal.table") },
          ]}
        />
        {several && (
          <Select
            value={look.pipelineId ?? pipelines.data?.rows.find((one) => one.default_pipeline)?.id}
            aria-label={t("deal.pipeline")}
            onChange={look.setPipeline}
            options={pipelines.data?.rows.map((one) => ({
              value: one.id,
              label: stageName(one, lang),
            }))}
          />
        )}
        {may("opportunity", "create") && !phone && (
          <Button
            className="end"
            type="primary"
            icon={<PlusOutlined />}
            data-testid="new-lead"
            onClick={() => openForm("lead")}
          >
            {t("deal.create")}
          </Button>
        )}
      </header>
      <IdleProposals />
      {look.table ? (
        <DealTable mine={look.mine} />
      ) : (
        <BoardView mine={look.mine} pipelineId={look.pipelineId} />
      )}
    </main>
  );
}

function NoDeals({ mine }: { mine: boolean }) {
  const { t } = useTexts();
  const may = useMay();
  const { openForm } = useOverlay();
  return (
    <EmptyState
      title={t(mine ? "deal.emptyMine" : "deal.emptyTitle")}
      action={
        may("opportunity", "create") && (
          <Button type="primary" onClick={() => openForm("lead")}>
            {t("deal.create")}
          </Button>
        )
      }
    >
      {t("deal.emptyText")}
    </EmptyState>
  );
}

function BoardView({ mine, pipelineId }: { mine: boolean; pipelineId: number | null }) {
  const { t, lang } = useTexts();
  const may = useMay();
  const { openRecord } = useOverlay();
  const { state, change } = useListState();
  const move = useMove();
  const known = new Set(FILTERS.map(({ field }) => field));
  const filters = state.filters.filter(({ field }) => known.has(field));
  const query = { pipelineId, mine, search: state.search, filters, perColumn: PER_COLUMN };
  const found = useQuery(boardQuery(query));
  const board = found.data;
  const narrowed = state.search !== "" || filters.length > 0;
  const none = board?.columns.every(({ count }) => count === 0);
  return (
    <>
      <div className="resource-bar">
        <ListSearch value={state.search} onChange={(search) => change({ search }, true)} />
        <FilterChips
          entity="opportunity"
          specs={FILTERS}
          filters={filters}
          onChange={(next) => change({ filters: next })}
        />
        <SubscribeList
          entity="opportunity"
          query={{
            view: mine ? "mine" : null,
            search: state.search || null,
            sort: "expected_close_on",
            filters: [OPEN, ...inPipeline(pipelineId), ...filters],
          }}
          columns={() => BOARD_COLUMNS}
          bare
        />
        {board && <Totals board={board} />}
      </div>
      {found.error && board && <StaleNote error={found.error} onRetry={() => found.refetch()} />}
      {found.error && !board ? (
        <FailureState error={found.error} onRetry={() => found.refetch()} />
      ) : !board ? (
        <BoardSkeleton />
      ) : none && !narrowed ? (
        <NoDeals mine={mine} />
      ) : (
        <>
          {none && (
            <div className="resource-none">
              <p className="quiet">{t("deal.emptyFiltered")}</p>
              <Button onClick={() => change({ search: "", filters: [] })}>
                {t("part.clearFilters")}
              </Button>
            </div>
          )}
          <DealBoard
            board={board}
            query={query}
            mine={mine}
            stale={found.isPlaceholderData}
            movable={may("opportunity", "update")}
            onOpen={(deal) => openRecord({ entity: "opportunity", id: deal.id })}
            onMove={(deal, stage) => move.mutate({ deal, stage })}
          />
          <span className="hidden" aria-live="polite">
            {move.isPending && t("deal.moveTo", { stage: stageName(move.variables.stage, lang) })}
          </span>
        </>
      )}
    </>
  );
}

function Totals({ board }: { board: Board }) {
  const { t, lang } = useTexts();
  const { currency } = useMe().company;
  const { count, amount, weighted } = openTotal(board);
  return (
    <p className="board-totals quiet end" data-testid="board-totals">
      <span>{t("deal.open", { count })}</span>
      {amount !== null && (
        <span title={fullMoney(amount, currency)}>
          {t("deal.sum", { value: shortMoney(amount, lang) })}
        </span>
      )}
      {weighted !== null && (
        <span title={`${t("deal.weightedNote")}: ${fullMoney(weighted, currency)}`}>
          {t("deal.weighted", { value: shortMoney(weighted, lang) })}
        </span>
      )}
    </p>
  );
}

function BoardSkeleton() {
  return (
    <div className="board" aria-busy="true">
      {[3, 4, 2, 3, 1, 2].map((cards, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: nothing tells them apart
        <div key={index} className="board-column">
          <Skeleton active title paragraph={{ rows: cards * 2 }} className="board-loading" />
        </div>
      ))}
    </div>
  );
}

function DealTable({ mine }: { mine: boolean }) {
  const { lang } = useTexts();
  const me = useMe();
  const { openRecord } = useOverlay();
  const amounts = me.rights.visibility.includes("amounts");
  const columns: Column<Opportunity>[] = [
    { field: "name", width: 240, sortable: true, render: (row) => row.name },
    {
      field: "account_id",
      width: 180,
      render: (row, labels) => <Named entity="account" id={row.account_id} labels={labels} />,
    },
    ...(amounts
      ? [
          {
            field: "amount",
            width: 100,
            align: "right",
            sortable: true,
            render: (row) => <Amount fen={row.amount} />,
          } satisfies Column<Opportunity>,
        ]
      : []),
    {
      field: "stage_id",
      width: 110,
      render: (row, labels) => labelOf(labels, "stage", row.stage_id, lang),
    },
    {
      field: "outcome",
      width: 90,
      render: (row) => <Choice entity="opportunity" field="outcome" value={row.outcome} />,
    },
    {
      field: "expected_close_on",
      width: 110,
      sortable: true,
      render: (row) => <Day value={row.expected_close_on} />,
    },
    {
      field: "owner_id",
      width: 100,
      render: (row, labels) => <UserName id={row.owner_id} labels={labels} />,
    },
    {
      field: "last_moved_at",
      width: 110,
      sortable: true,
      render: (row) => <Day value={row.last_moved_at} />,
    },
    {
      field: "opened_at",
      width: 110,
      sortable: true,
      hidden: true,
      render: (row) => <Day value={row.opened_at} />,
    },
    { field: "number", width: 140, sortable: true, hidden: true, render: (row) => row.number },
    {
      field: "source",
      width: 110,
      hidden: true,
      render: (row) => String(row.source ?? ""),
    },
    {
      field: "lost_reason",
      width: 140,
      hidden: true,
      render: (row) => row.lost_reason ?? "",
    },
  ];
  return (
    <ResourceTable<Opportunity>
      entity="opportunity"
      columns={columns}
      filters={TABLE_FILTERS}
      base={{ view: mine ? "mine" : null, sort: "-last_moved_at" }}
      onOpen={({ id }) => openRecord({ entity: "opportunity", id })}
      empty={<NoDeals mine={mine} />}
      card={(row, labels: Labels) => ({
        title: row.name,
        figure: amounts ? <Amount fen={row.amount} /> : undefined,
        second: `${labelOf(labels, "account", row.account_id, lang)} · ${labelOf(labels, "stage", row.stage_id, lang)}`,
        end:
          row.outcome === "open" ? (
            <Day value={row.expected_close_on} />
          ) : (
            <Tag>
              <Choice entity="opportunity" field="outcome" value={row.outcome} />
            </Tag>
          ),
      })}
    />
  );
}
