import { Segmented, Select, Skeleton } from "antd";
import { lazy, Suspense, useCallback, useMemo } from "react";
import { ChangeMark } from "@/components/ChangeMark";
import { NumberButton } from "@/components/NumberButton";
import type { Metric } from "@/lib/api/types";
import { change, full, numberOf, pick, short, unitOf, whole } from "@/lib/format";
import { rangeText } from "@/lib/numbers";
import type { Anchor, Range } from "@/lib/period";
import { useTexts } from "@/locales/i18n";
import type { Board } from "../api/board";
import type { PageState } from "../state";
import { bucketText, timeline } from "../timeline";
import { FEW } from "./Tiles";
import { Why } from "./Why";

const LineChart = lazy(() => import("@/components/LineChart"));

type Props = {
  metrics: Metric[];
  metric: Metric;
  board: Board | undefined;
  anchor: Anchor;
  view: PageState["view"];
  onView: (view: PageState["view"]) => void;
  onChoose: (metric: string) => void;
  onOpen: (metric: string, period: Range) => void;
};

/** The chosen number over time, beside the compared period; every point opens its records. */
export function Trend({ metrics, metric, board, anchor, view, onView, onChoose, onOpen }: Props) {
  const { t, lang } = useTexts();
  const unit = unitOf(metric);
  const answer = board?.tiles.get(metric.name);
  const total = answer?.result?.total;
  const immature = numberOf(total?.[`${metric.name}_immature`]);
  const censored = numberOf(total?.[`${metric.name}_censored`]);

  const lines = useMemo(() => {
    if (!board || !answer?.result) return null;
    const { question } = board;
    const current = timeline(answer.result, metric, question, anchor);
    // The compared period may have more buckets than the running one has so far.
    const before =
      question.compared && board.before?.result && question.metric === metric.name
        ? timeline(board.before.result, metric, { ...question, range: question.compared }, anchor)
        : null;
    return { current, before, grain: question.grain };
  }, [board, answer, metric, anchor]);

  const onPick = useCallback(
    (index: number) => {
      const bucket = lines?.current.points[index]?.bucket;
      if (bucket) onOpen(metric.name, bucket);
    },
    [lines, metric.name, onOpen],
  );

  return (
    <section className="card trend" aria-labelledby="trend-title" data-testid="trend">
      <div className="card-head">
        <h2 id="trend-title">{t("trend.title")}</h2>
        <Select
          size="small"
          variant="filled"
          value={metric.name}
          aria-label={t("trend.metric")}
          data-testid="trend-metric"
          popupMatchSelectWidth={false}
          showSearch={{ optionFilterProp: "label" }}
          onChange={onChoose}
          options={metrics.map(({ name, label }) => ({ value: name, label: pick(label, lang) }))}
        />
        {lines && <span className="quiet small">{t(`trend.grain.${lines.grain}`)}</span>}
        <Segmented
          className="end"
          size="small"
          value={view}
          onChange={onView}
          options={[
            { value: "chart", label: t("trend.chart") },
            { value: "table", label: t("trend.table") },
          ]}
        />
      </div>
      {!board && <Skeleton active paragraph={{ rows: 6 }} />}
      {answer?.problem && (
        <p className="quiet">
          <Why problem={answer.problem} />
        </p>
      )}
      {lines && view === "chart" && (
        <>
          <Suspense fallback={<Skeleton active paragraph={{ rows: 6 }} />}>
            <LineChart
              labels={lines.current.points.map(({ bucket }) => bucketText(bucket.key, lines.grain))}
              current={lines.current.points.map((point) => point.value)}
              before={
                lines.before?.points
                  .slice(0, lines.current.points.length)
                  .map((point) => point.value) ?? null
              }
              unfinished={lines.current.unfinished}
              names={{ current: t("trend.current"), before: t("trend.before") }}
              fromZero={unit === "amount" || unit === "count"}
              format={(value) => short(value, unit, lang)}
              label={`${t("trend.title")}: ${pick(metric.label, lang)}`}
              tooltip={(index) => {
                const now = lines.current.points[index];
                const then = lines.before?.points[index];
                if (!now) return [];
                const text = (point: typeof now) =>
                  `${point.bucket.key}  ${full(point.value, unit, lang)}  ${t("tile.n", { n: point.n.toLocaleString("en-US") })}`;
                return then ? [text(now), text(then)] : [text(now)];
              }}
              onPick={onPick}
            />
          </Suspense>
          <p className="quiet small hint">
            {[
              t("trend.hint"),
              lines.current.unfinished > 0 && t("trend.toGo"),
              immature && t("trend.immature", { count: whole(immature) }),
              censored && t("trend.censored", { count: whole(censored) }),
            ]
              .filter(Boolean)
              .join(" · ")}
          </p>
        </>
      )}
      {lines && view === "table" && (
        <div className="trend-table">
          <table>
            <thead>
              <tr>
                <th>{t("trend.time")}</th>
                <th className="num">{t("trend.current")}</th>
                <th className="num trend-n">n</th>
                {lines.before && <th className="num">{t("trend.before")}</th>}
                {lines.before && <th className="num">{t("board.change")}</th>}
              </tr>
            </thead>
            <tbody>
              {lines.current.points.map((point, index) => {
                const then = lines.before?.points[index];
                const moved = change(
                  point.value,
                  then?.value ?? null,
                  unit,
                  metric.direction,
                  lang,
                );
                const last = index >= lines.current.points.length - lines.current.unfinished;
                return (
                  <tr key={point.bucket.key}>
                    <td title={rangeText(point.bucket)}>
                      {point.bucket.key}
                      {last && <span className="quiet small"> {t("trend.unfinished")}</span>}
                    </td>
                    <td className="num">
                      <NumberButton
                        label={`${point.bucket.key} ${short(point.value, unit, lang)}`}
                        hint={full(point.value, unit, lang)}
                        faint={point.n < FEW}
                        onOpen={() => onOpen(metric.name, point.bucket)}
                      >
                        {short(point.value, unit, lang)}
                      </NumberButton>
                    </td>
                    <td className="num quiet trend-n">
                      <NumberButton
                        label={`${point.bucket.key} n ${point.n}`}
                        onOpen={() => onOpen(metric.name, point.bucket)}
                      >
                        {point.n.toLocaleString("en-US")}
                      </NumberButton>
                    </td>
                    {lines.before && (
                      <td className="num">
                        {then && (
                          <NumberButton
                            label={`${then.bucket.key} ${short(then.value, unit, lang)}`}
                            hint={`${then.bucket.key}  ${full(then.value, unit, lang)}`}
                            faint={then.n < FEW}
                            onOpen={() => onOpen(metric.name, then.bucket)}
                          >
                            {short(then.value, unit, lang)}
                          </NumberButton>
                        )}
                      </td>
                    )}
                    {lines.before && (
                      <td className={point.n < FEW ? "num faint" : "num"}>
                        {moved && <ChangeMark change={moved} />}
                      </td>
                    )}
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
