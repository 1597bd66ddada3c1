import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useCallback, useMemo } from "react";
import { SubscribeButton } from "@/components/SubscribeButton";
import type { Condition, Dimension, Metric, Status } from "@/lib/api/types";
import { dayOf, endOfDay, instant, numberOf } from "@/lib/format";
import { conditionText, TABS } from "@/lib/numbers";
import {
  anchorOf,
  compareRange,
  defaultPreset,
  grainOf,
  type Range,
  rangeOf,
  wholeOf,
} from "@/lib/period";
import { boardContent, spanOf, thresholdContent } from "@/lib/subscribing";
import { useTexts } from "@/locales/i18n";
import { type BoardQuestion, boardQuery, STAGE, TILES } from "../api/board";
import { ClosedNote } from "../components/ClosedNote";
import { DriversDrawer } from "../components/DriversDrawer";
import { FilterBar } from "../components/FilterBar";
import { Leaderboard } from "../components/Leaderboard";
import { AsOfPicker, ComparePicker, PeriodPicker } from "../components/PeriodPicker";
import { Published } from "../components/Published";
import { RecordsDrawer } from "../components/RecordsDrawer";
import { StageStrip } from "../components/StageStrip";
import { Failure, NoNumbers, RefusedNotice, StaleNotice } from "../components/States";
import { Tiles } from "../components/Tiles";
import { Trend } from "../components/Trend";
import { corrected } from "../problems";
import { toggleMember } from "../state";
import { usePageState } from "../usePageState";
import "../dashboard.css";

/** The page of numbers. */
export function DashboardPage() {
  const { t } = useTexts();
  return (
    <Published title={t("app.title")}>
      {(status, { metrics, dimensions }) => (
        <Numbers status={status} metrics={metrics} dimensions={dimensions} />
      )}
    </Published>
  );
}

type NumbersProps = { status: Status; metrics: Metric[]; dimensions: Dimension[] };

function Numbers({ status, metrics, dimensions }: NumbersProps) {
  const { t, lang } = useTexts();
  const [page, change] = usePageState();
  const { zone } = status;

  const asOf = page.asOf && endOfDay(page.asOf, zone);
  const anchor = useMemo(() => {
    const complete = status.complete_to ?? status.published_at ?? null;
    const day = complete ? dayOf(complete, zone) : (status.last_day ?? "1970-01-01");
    if (page.asOf && page.asOf < day) return anchorOf(page.asOf, page.asOf);
    return anchorOf(day, status.last_day);
  }, [status, zone, page.asOf]);

  const tiles = useMemo(() => {
    const found = TILES.flatMap((name) => metrics.find((metric) => metric.name === name) ?? []);
    return found.length > 0 ? found : metrics.slice(0, TILES.length);
  }, [metrics]);
  const metric = metrics.find(({ name }) => name === page.metric) ?? tiles[0];
  const groups = useMemo(
    () =>
      dimensions.filter(
        ({ name, kind }) =>
          kind !== "time" && (metric?.dimensions.length ? metric.dimensions.includes(name) : true),
      ),
    [dimensions, metric],
  );
  const filters = useMemo(() => dimensions.filter(({ kind }) => kind !== "time"), [dimensions]);
  const has = (name: string | null) => groups.some((group) => group.name === name);
  const by = has(page.by) ? page.by : (TABS.find(has) ?? groups[0]?.name ?? null);

  const period = page.period ?? defaultPreset(anchor, status.first_day);
  const range = rangeOf(period, anchor);
  const compared = compareRange(range, page.compare, period);
  const question: BoardQuestion | null = metric
    ? {
        tiles: tiles.map(({ name }) => name),
        metric: metric.name,
        by,
        where: page.where,
        range,
        compared,
        whole: wholeOf(period, anchor),
        grain: grainOf(range),
        more: page.more,
        stages: metrics.some(({ name }) => name === STAGE.out),
        asOf,
      }
    : null;
  const board = useQuery(boardQuery(question, status.set, status.versions));

  const open = useCallback(
    (name: string, where: Condition[], days: Range | null) =>
      change({ records: { metric: name, where, period: days, order: null } }),
    [change],
  );
  const openPoint = useCallback(
    (name: string, { from, to }: Range) => open(name, [], { from, to }),
    [open],
  );
  const openRow = (name: string, where: Condition[], before: boolean) =>
    open(name, where, before ? compared : null);

  if (!metric) return <NoNumbers onCheck={() => board.refetch()} />;
  if (board.error && !board.data) {
    return <Failure error={board.error} onRetry={() => void board.refetch()} />;
  }
  const drilled = metrics.find(({ name }) => name === page.records?.metric);
  const explained = metrics.find(({ name }) => name === page.why);
  // A filter that no number can take, as a member that is gone, is said once for all.
  const answers = [...(board.data?.tiles.values() ?? [])];
  const refused = answers.every(({ problem }) => problem) ? answers[0]?.problem : undefined;
  const empty =
    board.data &&
    !refused &&
    page.where.length === 0 &&
    [...board.data.tiles].every(([name, { result }]) => !numberOf(result?.total[`${name}_n`]));
  const { first_day: first, last_day: last } = status;
  return (
    <>
      <div className="bar-row">
        <div className="bar-inner">
          <FilterBar
            where={page.where}
            dimensions={filters}
            set={status.set}
            onChange={(where) => change({ where })}
          />
          <div className="bar-end">
            <PeriodPicker
              value={period}
              anchor={anchor}
              onChange={(chosen) => change({ period: chosen })}
            />
            <ComparePicker
              value={page.compare}
              compared={compared}
              onChange={(compare) => change({ compare })}
            />
            <AsOfPicker
              value={page.asOf}
              first={status.first_day ?? null}
              last={dayOf(status.complete_to ?? status.published_at ?? "", zone)}
              onChange={(day) => change({ asOf: day })}
            />
            <SubscribeButton
              size="small"
              draft={() => ({
                kind: "dashboard",
                name: [
                  t("app.title"),
                  ...page.where.map((condition) => conditionText(condition, t, lang)),
                ].join(" · "),
                content: boardContent({
                  metrics: tiles.map(({ name }) => name),
                  metric: metric.name,
                  by,
                  where: page.where,
                  span: spanOf(period),
                  compare: page.compare,
                }),
              })}
            />
            {!page.asOf && status.complete_to && (
              <span
                className="quiet small fresh"
                data-testid="complete-to"
                title={t("fresh.detail", {
                  complete: instant(status.complete_to, zone),
                  published: status.published_at ? instant(status.published_at, zone) : "",
                  set: status.set,
                })}
              >
                {t("fresh.completeTo", { time: instant(status.complete_to, zone).slice(5) })}
              </span>
            )}
          </div>
        </div>
      </div>
      <main
        className={board.isPlaceholderData ? "page stale" : "page"}
        aria-busy={board.isFetching}
        data-testid="page"
      >
        {board.error && <StaleNotice error={board.error} onRetry={() => void board.refetch()} />}
        {refused && (
          <RefusedNotice
            problem={refused}
            onTake={(replace) => change({ where: corrected(page.where, replace) })}
            onDrop={() => change({ where: [] })}
          />
        )}
        {page.asOf && (
          <div className="card notice" data-testid="as-of-notice">
            {t("asOf.notice", { day: page.asOf })}
            <Button size="small" onClick={() => change({ asOf: null })}>
              {t("asOf.now")}
            </Button>
          </div>
        )}
        {empty && first && last && (
          <div className="card notice" data-testid="empty-period">
            {t("state.emptyPeriod", { first, last })}
            <Button
              type="primary"
              size="small"
              onClick={() => change({ period: { from: first, to: last } })}
            >
              {t("state.showAll")}
            </Button>
          </div>
        )}
        <Tiles
          metrics={tiles}
          board={board.data}
          chosen={metric.name}
          status={status}
          anchor={anchor}
          watch={(tile) => thresholdContent(tile, page.where, spanOf(period))}
          onChoose={(name) => change({ metric: name })}
          onOpen={(name, before) => openRow(name, [], before)}
          onWhy={(name) => change({ why: name })}
        />
        <ClosedNote
          metric={metric}
          where={page.where}
          days={range}
          closed={board.data?.tiles.get(metric.name)?.result?.closed_months ?? []}
          set={status.set}
        />
        <div className="columns">
          <Trend
            metrics={metrics}
            metric={metric}
            board={board.data}
            anchor={anchor}
            view={page.view}
            onView={(view) => change({ view })}
            onChoose={(name) => change({ metric: name })}
            onOpen={openPoint}
          />
          <Leaderboard
            metric={metric}
            dimensions={groups}
            board={board.data}
            by={by}
            where={page.where}
            more={page.more}
            onBy={(dimension) => change({ by: dimension, more: false })}
            onMore={(more) => change({ more })}
            onMember={(dimension, value, add) =>
              change({ where: toggleMember(page.where, dimension, value, add) })
            }
            onOpen={(where, before) => openRow(metric.name, where, before)}
          />
        </div>
        {question?.stages && (
          <StageStrip
            metric={metrics.find(({ name }) => name === STAGE.out)}
            status={status}
            board={board.data}
            onOpen={openRow}
          />
        )}
      </main>
      {explained && compared && (
        <DriversDrawer
          key={explained.name}
          metric={explained}
          metrics={metrics}
          where={page.where}
          days={range}
          compared={compared}
          asOf={asOf}
          dimensions={dimensions}
          status={status}
          onOpen={(where, before) => openRow(explained.name, where, before)}
          onClose={() => change({ why: null })}
        />
      )}
      {page.records && drilled && (
        <RecordsDrawer
          key={page.records.metric}
          records={page.records}
          page={page}
          days={range}
          asOf={asOf}
          metric={drilled}
          dimensions={dimensions}
          status={status}
          onOrder={(order) => page.records && change({ records: { ...page.records, order } })}
          onClose={() => change({ records: null })}
        />
      )}
    </>
  );
}
