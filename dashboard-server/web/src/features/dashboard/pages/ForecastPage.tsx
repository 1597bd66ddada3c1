import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, Segmented, Select, Skeleton } from "antd";
import { useCallback, useMemo, useRef } from "react";
import { useSearchParams } from "react-router";
import { FailureState } from "@/components/States";
import { ApiError } from "@/lib/api/client";
import type { Condition, Dimension, Metric, Status } from "@/lib/api/types";
import { withCondition } from "@/lib/conditions";
import { dayOf, endOfDay, instant } from "@/lib/format";
import { usePhone } from "@/lib/media";
import type { Range } from "@/lib/period";
import { leads, useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { type Forecast, type ForecastQuestion, forecastQuery } from "../api/forecast";
import { FilterBar } from "../components/FilterBar";
import { Deals } from "../components/forecast/Deals";
import { Outcome } from "../components/forecast/Outcome";
import { MadeOf, Path } from "../components/forecast/Path";
import { Proof } from "../components/forecast/Proof";
import { Split } from "../components/forecast/Split";
import { AsOfPicker } from "../components/PeriodPicker";
import { Published } from "../components/Published";
import { RecordsDrawer } from "../components/RecordsDrawer";
import { RefusedNotice, StaleNotice } from "../components/States";
import { AHEAD, type ForecastState, periodOf, readForecast, writeForecast } from "../forecast";
import { corrected } from "../problems";
import { readState } from "../state";
import "../dashboard.css";
import "../forecast.css";

/** What its numbers are of. */
const WON = "won_amount";

/** What will be won by the end of the month or quarter. */
export function ForecastPage() {
  const { t } = useTexts();
  return (
    <Published title={t("forecast.title")}>
      {(status, { metrics, dimensions }) => (
        <Numbers status={status} metrics={metrics} dimensions={dimensions} />
      )}
    </Published>
  );
}

type NumbersProps = { status: Status; metrics: Metric[]; dimensions: Dimension[] };

function Numbers({ status, metrics, dimensions }: NumbersProps) {
  const { t } = useTexts();
  const phone = usePhone();
  const [params, setParams] = useSearchParams();
  const state = useMemo(() => readForecast(params), [params]);
  const change = useCallback(
    (patch: Partial<ForecastState>) =>
      setParams((now) => writeForecast({ ...readForecast(now), ...patch }, now.get("lang"))),
    [setParams],
  );
  const { zone } = status;
  const metric = metrics.find(({ name }) => name === WON);
  const today = dayOf(new Date().toISOString(), zone);
  const asOf = state.asOf && endOfDay(state.asOf, zone);
  const question: ForecastQuestion = {
    period: periodOf(state.period, state.asOf ?? today),
    by: state.by,
    where: state.where,
    asOf,
    order: state.order,
  };
  const found = useInfiniteQuery(forecastQuery(question, status.set));
  const pages = found.data?.pages ?? [];
  const forecast = pages[0];
  const deals = useRef<HTMLElement>(null);
  const filters = useMemo(() => {
    const known = new Set(metric?.dimensions ?? []);
    return dimensions.filter(({ name, kind }) => kind !== "time" && known.has(name));
  }, [dimensions, metric]);

  const openWon = (where: Condition[], period: Range | null) =>
    change({ records: { metric: WON, where, period, order: null } });
  const showDeals = () => deals.current?.scrollIntoView({ block: "start" });
  const drilled = metrics.find(({ name }) => name === state.records?.metric);
  const problem = found.error instanceof ApiError ? found.error.problem : null;
  const refused = problem?.status === 400 && state.where.length > 0 ? problem : null;
  return (
    <>
      <div className="bar-row">
        <div className="bar-inner">
          <FilterBar
            where={state.where}
            dimensions={filters}
            set={status.set}
            onChange={(where) => change({ where })}
          />
          <div className="bar-end">
            {phone ? (
              <Select
                size="small"
                value={state.period}
                aria-label={t("forecast.periods")}
                onChange={(period) => change({ period })}
                options={AHEAD.map((value) => ({ value, label: t(`forecast.period.${value}`) }))}
              />
            ) : (
              <Segmented
                size="small"
                value={state.period}
                aria-label={t("forecast.periods")}
                onChange={(period) => change({ period })}
                data-testid="forecast-period"
                options={AHEAD.map((value) => ({ value, label: t(`forecast.period.${value}`) }))}
              />
            )}
            <AsOfPicker
              value={state.asOf}
              first={status.first_day ?? null}
              last={dayOf(status.complete_to ?? status.published_at ?? "", zone)}
              onChange={(day) => change({ asOf: day })}
            />
            {!state.asOf && status.complete_to && (
              <span className="quiet small fresh">
                {t("fresh.completeTo", { time: instant(status.complete_to, zone).slice(5) })}
              </span>
            )}
          </div>
        </div>
      </div>
      {found.error && !forecast && !refused ? (
        <FailureState error={found.error} onRetry={() => void found.refetch()} />
      ) : (
        <main
          className={found.isPlaceholderData ? "page stale" : "page"}
          aria-busy={found.isFetching}
          data-testid="forecast"
        >
          {refused ? (
            <RefusedNotice
              problem={refused}
              onTake={(replace) => change({ where: corrected(state.where, replace) })}
              onDrop={() => change({ where: [] })}
            />
          ) : (
            found.error && <StaleNotice error={found.error} onRetry={() => void found.refetch()} />
          )}
          {state.asOf && (
            <div className="card notice">
              {t("forecast.asOfNote", { day: state.asOf })}
              <Button size="small" onClick={() => change({ asOf: null })}>
                {t("asOf.now")}
              </Button>
            </div>
          )}
          {forecast ? (
            <Body
              forecast={forecast}
              state={state}
              change={change}
              onWon={openWon}
              onDeals={showDeals}
            >
              <Deals
                element={deals}
                forecast={forecast}
                deals={pages.flatMap((page) => page.deals)}
                order={state.order}
                onOrder={(order) => change({ order })}
                onMore={found.hasNextPage ? () => void found.fetchNextPage() : null}
                loading={found.isFetchingNextPage}
              />
            </Body>
          ) : (
            !refused && (
              <div className="card">
                <Skeleton active paragraph={{ rows: 8 }} />
              </div>
            )
          )}
        </main>
      )}
      {state.records && drilled && forecast && (
        <RecordsDrawer
          key={state.records.metric}
          records={state.records}
          page={{ ...readState(new URLSearchParams()), where: state.where }}
          days={forecast.days}
          asOf={asOf}
          metric={drilled}
          dimensions={dimensions}
          status={status}
          onOrder={(order) => state.records && change({ records: { ...state.records, order } })}
          onClose={() => change({ records: null })}
        />
      )}
    </>
  );
}

type BodyProps = {
  forecast: Forecast;
  state: ForecastState;
  change: (patch: Partial<ForecastState>) => void;
  onWon: (where: Condition[], period: Range | null) => void;
  onDeals: () => void;
  children: React.ReactNode;
};

function Body({ forecast, state, change, onWon, onDeals, children }: BodyProps) {
  const me = useMe();
  return (
    <>
      <Outcome forecast={forecast} onWon={() => onWon([], null)} onDeals={onDeals} />
      <div className={forecast.lacking ? undefined : "forecast-columns"}>
        <Path forecast={forecast} onDay={(days) => onWon([], days)} />
        {!forecast.lacking && (
          <MadeOf forecast={forecast} onWon={() => onWon([], null)} onDeals={onDeals} />
        )}
      </div>
      {(leads(me) || forecast.groups.length > 1) && (
        <Split
          forecast={forecast}
          by={state.by}
          onBy={(by) => change({ by })}
          onWon={(where) => onWon(where, null)}
          onFilter={(condition) => change({ where: withCondition(state.where, condition) })}
        />
      )}
      {children}
      <Proof forecast={forecast} onWon={(days) => onWon([], days)} />
    </>
  );
}
