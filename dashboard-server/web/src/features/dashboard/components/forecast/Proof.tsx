import { NumberButton } from "@/components/NumberButton";
import { full, percent, short } from "@/lib/format";
import { usePhone } from "@/lib/media";
import { addMonths, type Range } from "@/lib/period";
import { useTexts } from "@/locales/i18n";
import type { Forecast, ForecastProof } from "../../api/forecast";

type Props = { forecast: Forecast; onWon: (days: Range) => void };

/** The days of `2026-03` or `2026-Q1`, some years back. */
function daysOf(period: string, yearsBack: number): Range {
  const [year = "1970", rest = "01"] = period.split("-");
  const quarter = rest.startsWith("Q");
  const month = quarter ? (Number(rest.slice(1)) - 1) * 3 + 1 : Number(rest);
  const from = `${Number(year) - yearsBack}-${String(month).padStart(2, "0")}-01`;
  const next = new Date(`${addMonths(from, quarter ? 3 : 1)}T00:00:00Z`);
  next.setUTCDate(0);
  return { from, to: next.toISOString().slice(0, 10) };
}

/** How right such forecasts were, beside the weighted pipeline and the year before. */
export function Proof({ forecast, onWon }: Props) {
  const { t, lang } = useTexts();
  const phone = usePhone();
  const { proof, covered } = forecast;
  if (!proof) return null;
  const money = (value: number | null | undefined) => short(value ?? null, "amount", lang);
  const exact = (value: number) => full(value, "amount", lang);
  const off = (miss: { amount: number } | null | undefined) =>
    miss ? `± ${percent(miss.amount, lang)}` : "–";
  const number = (value: number, days: Range, label: string) => (
    <NumberButton label={label} hint={exact(value)} onOpen={() => onWon(days)}>
      {money(value)}
    </NumberButton>
  );
  const missed = ({ actual, expected }: ForecastProof) =>
    actual.amount > 0
      ? `${expected.amount >= actual.amount ? "+" : "−"}${percent(
          Math.abs(expected.amount - actual.amount) / actual.amount,
          lang,
        )}`
      : "–";
  const isWithin = ({ actual, low, high }: ForecastProof) =>
    low.amount <= actual.amount && actual.amount <= high.amount;
  return (
    <section className="card forecast-proof" data-testid="forecast-proof">
      <div className="card-head">
        <h2>{t("forecast.proof")}</h2>
        <span className="quiet small">{t("forecast.proofNote")}</span>
      </div>
      {proof.periods.length === 0 ? (
        <p className="quiet">{t("forecast.noProof")}</p>
      ) : (
        <>
          <dl className="forecast-misses">
            <div>
              <dt>{t("forecast.off_forecast")}</dt>
              <dd className="strong" data-testid="forecast-miss">
                {off(proof.forecast)}
              </dd>
            </div>
            <div>
              <dt>{t("forecast.off_weighted")}</dt>
              <dd>{off(proof.weighted)}</dd>
            </div>
            <div>
              <dt>{t("forecast.off_year")}</dt>
              <dd>{off(proof.year_before)}</dd>
            </div>
            <div>
              <dt>{t("forecast.covered")}</dt>
              <dd>
                {proof.covered_amount === null || proof.covered_amount === undefined
                  ? "–"
                  : percent(proof.covered_amount, lang)}{" "}
                <span className="quiet small">
                  {t("forecast.coveredNote", { share: percent(covered, lang).replace(".0", "") })} ·{" "}
                  {t("forecast.proofPeriods", { periods: proof.periods.length })}
                </span>
              </dd>
            </div>
          </dl>
          <table className="forecast-table">
            <thead>
              <tr>
                <th>{t("forecast.month")}</th>
                <th className="num">{t("forecast.actual")}</th>
                <th className="num">{t("forecast.predicted")}</th>
                {!phone && <th className="num">{t("forecast.range")}</th>}
                <th className="num">{t("forecast.miss")}</th>
                {!phone && <th className="num">{t("forecast.weighted")}</th>}
                {!phone && <th className="num">{t("forecast.yearBefore")}</th>}
              </tr>
            </thead>
            <tbody>
              {proof.periods.map((own) => (
                <tr key={own.period} data-testid="forecast-past">
                  <td>{own.period}</td>
                  <td className="num strong">
                    {number(
                      own.actual.amount,
                      daysOf(own.period, 0),
                      `${own.period} ${t("forecast.actual")}`,
                    )}
                  </td>
                  <td className="num" title={exact(own.expected.amount)}>
                    {money(own.expected.amount)}
                  </td>
                  {!phone && (
                    <td className="num quiet">
                      {money(own.low.amount)} – {money(own.high.amount)}
                    </td>
                  )}
                  <td className="num">
                    <span
                      className={isWithin(own) ? "forecast-within" : "forecast-outside"}
                      title={t(isWithin(own) ? "forecast.within" : "forecast.outside")}
                    >
                      {isWithin(own) ? "●" : "○"}
                    </span>{" "}
                    {missed(own)}
                  </td>
                  {!phone && <td className="num quiet">{money(own.weighted.amount)}</td>}
                  {!phone && (
                    <td className="num quiet">
                      {own.year_before
                        ? number(
                            own.year_before.amount,
                            daysOf(own.period, 1),
                            `${own.period} ${t("forecast.yearBefore")}`,
                          )
                        : "–"}
                    </td>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </section>
  );
}
