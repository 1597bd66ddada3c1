import { Popover, Skeleton } from "antd";
import { lazy, Suspense, useMemo } from "react";
import { NumberButton } from "@/components/NumberButton";
import { full, percent, short } from "@/lib/format";
import type { Range } from "@/lib/period";
import { useTexts } from "@/locales/i18n";
import type { Forecast } from "../../api/forecast";
import { pace } from "../../forecast";

const ForecastChart = lazy(() => import("./ForecastChart"));

type Props = { forecast: Forecast; onDay: (days: Range) => void };

/** The days of the period: what is won, what is expected, and what the target asks for. */
export function Path({ forecast, onDay }: Props) {
  const { t, lang } = useTexts();
  const { path, targets, total, covered } = forecast;
  const target = targets.total?.target ?? null;
  const asked = useMemo(() => (target === null ? null : pace(path, target)), [path, target]);
  const money = (value: number) => short(value, "amount", lang);
  const exact = (value: number) => full(value, "amount", lang);
  const lines = useMemo(
    () => ({
      labels: path.map(({ date }) => date.slice(5)),
      won: path.map((day) => day.won?.amount ?? null),
      // from what is won today on, so that the lines meet
      expected: path.map(
        (day, index) =>
          day.expected?.amount ?? (path[index + 1]?.expected ? (day.won?.amount ?? null) : null),
      ),
      low: path.map(
        (day, index) =>
          day.low?.amount ?? (path[index + 1]?.low ? (day.won?.amount ?? null) : null),
      ),
      high: path.map(
        (day, index) =>
          day.high?.amount ?? (path[index + 1]?.high ? (day.won?.amount ?? null) : null),
      ),
    }),
    [path],
  );
  return (
    <section className="card trend forecast-path" data-testid="forecast-path">
      <div className="card-head">
        <h2>{t("forecast.chart")}</h2>
      </div>
      <Suspense fallback={<Skeleton active paragraph={{ rows: 6 }} />}>
        <ForecastChart
          {...lines}
          pace={asked}
          names={{
            won: t("forecast.wonLine"),
            expected: t("forecast.expectedLine"),
            pace: t("forecast.paceLine"),
            band: t("forecast.band", { share: percent(covered, lang).replace(".0", "") }),
          }}
          format={money}
          label={t("forecast.chartLabel", {
            period: forecast.period,
            expected: total.expected ? money(total.expected.amount) : "–",
          })}
          tooltip={(index) => {
            const day = path[index];
            if (!day) return [];
            const { expected, low, high } = day;
            return [
              day.date,
              ...(day.won ? [t("forecast.chartWon", { value: exact(day.won.amount) })] : []),
              ...(expected && low && high
                ? [
                    t("forecast.chartExpected", {
                      value: money(expected.amount),
                      low: money(low.amount),
                      high: money(high.amount),
                    }),
                  ]
                : []),
              ...(asked ? [t("forecast.chartPace", { value: money(asked[index] ?? 0) })] : []),
            ];
          }}
          onPick={(index) => {
            const day = path[index];
            if (day?.won) onDay({ from: forecast.days.from, to: day.date });
          }}
        />
      </Suspense>
    </section>
  );
}

/** What is expected, part by part. */
export function MadeOf({
  forecast,
  onWon,
  onDeals,
}: {
  forecast: Forecast;
  onWon: () => void;
  onDeals: () => void;
}) {
  const { t, lang } = useTexts();
  const { total, learned } = forecast;
  const money = (value: number) => short(value, "amount", lang);
  const exact = (value: number) => full(value, "amount", lang);
  const whole = total.expected?.amount ?? 0;
  const width = (value: number) => ({ width: `${whole > 0 ? (100 * value) / whole : 0}%` });
  const { from_open: open, from_new: fresh, expected } = total;
  return (
    <section className="card forecast-made" data-testid="forecast-made">
      <div className="card-head">
        <h2>{t("forecast.made")}</h2>
      </div>
      <ul>
        <li>
          <span className="forecast-line">
            <span>{t("forecast.won")}</span>
            <NumberButton
              label={`${t("forecast.won")}: ${money(total.won.amount)}`}
              hint={exact(total.won.amount)}
              onOpen={onWon}
            >
              {money(total.won.amount)}
            </NumberButton>
          </span>
          <span className="forecast-bar">
            <i style={width(total.won.amount)} />
          </span>
          <span className="quiet small">{t("forecast.wonCount", { count: total.won.count })}</span>
        </li>
        <li>
          <span className="forecast-line">
            <span>{t("forecast.fromOpen")}</span>
            {open ? (
              <NumberButton
                testId="forecast-from-open"
                label={`${t("forecast.fromOpen")}: ${money(open.amount)}`}
                hint={exact(open.amount)}
                onOpen={onDeals}
              >
                {money(open.amount)}
              </NumberButton>
            ) : (
              "–"
            )}
          </span>
          <span className="forecast-bar">
            <i style={width(open?.amount ?? 0)} />
          </span>
          <span className="quiet small">
            {t("forecast.fromOpenNote", {
              count: total.open.count,
              amount: money(total.open.amount),
            })}
          </span>
        </li>
        <li>
          <span className="forecast-line">
            <span>{t("forecast.fromNew")}</span>
            {fresh ? (
              <Popover
                trigger="click"
                placement="bottomRight"
                title={t("forecast.fromNewTitle", { left: forecast.working_days_left })}
                content={
                  <table className="forecast-table small">
                    <tbody>
                      {forecast.new_before.map((past) => (
                        <tr key={past.period}>
                          <td>{past.period}</td>
                          <td className="num">{t("forecast.wonCount", { count: past.count })}</td>
                          <td className="num" title={exact(past.amount)}>
                            {money(past.amount)}
                          </td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                }
              >
                <button type="button" className="number" data-testid="forecast-from-new">
                  {money(fresh.amount)}
                </button>
              </Popover>
            ) : (
              "–"
            )}
          </span>
          <span className="forecast-bar">
            <i style={width(fresh?.amount ?? 0)} />
          </span>
          <span className="quiet small">
            {t("forecast.fromNewNote", { periods: learned.periods })}
          </span>
        </li>
        {expected && (
          <li className="strong">
            <span className="forecast-line">
              <span>{t("forecast.total")}</span>
              <span title={exact(expected.amount)}>{money(expected.amount)}</span>
            </span>
          </li>
        )}
      </ul>
    </section>
  );
}
