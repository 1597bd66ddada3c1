import { Tooltip } from "antd";
import { Link } from "react-router";
import { NumberButton } from "@/components/NumberButton";
import { full, percent, short } from "@/lib/format";
import { useMay } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import type { Forecast } from "../../api/forecast";
import { verdictOf } from "../../forecast";

type Props = { forecast: Forecast; onWon: () => void; onDeals: () => void };

/** What the period will bring, in a sentence and four numbers. */
export function Outcome({ forecast, onWon, onDeals }: Props) {
  const { t, lang } = useTexts();
  const may = useMay();
  const { total, period, learned, covered } = forecast;
  const target = forecast.targets.total;
  const verdict = verdictOf(forecast);
  const money = (value: number) => short(value, "amount", lang);
  const exact = (value: number) => full(value, "amount", lang);
  const left = t("forecast.left", {
    left: forecast.working_days_left,
    days: forecast.working_days,
  });
  const { expected, low, high } = total;
  const gap = target && expected ? target.target - expected.amount : null;
  const tone =
    verdict.kind === "likely" || verdict.kind === "reached"
      ? "good"
      : verdict.kind === "unlikely"
        ? "bad"
        : "";
  return (
    <section className="card forecast-outcome" data-testid="forecast-outcome">
      <h2 className={`forecast-verdict ${tone}`} data-testid="forecast-verdict">
        {tone === "good" ? "● " : tone === "bad" ? "▲ " : ""}
        {t(`forecast.verdict.${verdict.kind}`, {
          period,
          expected: expected ? money(expected.amount) : "",
        })}
      </h2>
      <p className="quiet">
        {forecast.lacking
          ? t(`forecast.lacking.${forecast.lacking}`, {
              wins: learned.wins,
              least: forecast.lacking === "wins" ? learned.least_wins : learned.least_periods,
            })
          : target && gap !== null
            ? t(gap > 0 ? "forecast.gap" : "forecast.over", {
                target: money(target.target),
                gap: money(Math.abs(gap)),
                left: forecast.working_days_left,
              })
            : left}
      </p>
      <dl className="forecast-tiles">
        <div>
          <dt>{t("forecast.won")}</dt>
          <dd>
            <NumberButton
              className="forecast-number"
              testId="forecast-won"
              label={`${t("forecast.won")}: ${money(total.won.amount)}`}
              hint={exact(total.won.amount)}
              onOpen={onWon}
            >
              {money(total.won.amount)}
            </NumberButton>
            <span className="quiet small">
              {t("forecast.wonCount", { count: total.won.count })}
            </span>
            <span className="quiet small">{left}</span>
          </dd>
        </div>
        <div>
          <dt>{t("forecast.expected")}</dt>
          <dd>
            {expected && low && high ? (
              <>
                <Tooltip title={exact(expected.amount)}>
                  <span className="forecast-number" data-testid="forecast-expected">
                    {money(expected.amount)}
                  </span>
                </Tooltip>
                <span className="quiet small" data-testid="forecast-interval">
                  {t("forecast.interval", {
                    share: percent(covered, lang).replace(".0", ""),
                    low: money(low.amount),
                    high: money(high.amount),
                  })}
                </span>
              </>
            ) : (
              <span className="forecast-number faint">–</span>
            )}
          </dd>
        </div>
        <div>
          <dt>{t("forecast.target")}</dt>
          <dd>
            {target ? (
              <>
                <Tooltip
                  title={
                    target.summed
                      ? `${exact(target.target)} · ${t("forecast.summed")}`
                      : exact(target.target)
                  }
                >
                  <span className="forecast-number" data-testid="forecast-target">
                    {money(target.target)}
                  </span>
                </Tooltip>
                {target.chance !== null && target.chance !== undefined && (
                  <strong className="small" data-testid="forecast-chance">
                    {t("forecast.chance", { chance: chanceText(target.chance, lang) })}
                  </strong>
                )}
                <span className="quiet small">
                  {target.expected_attainment === null || target.expected_attainment === undefined
                    ? t("forecast.attained", { won: percent(target.attainment ?? 0, lang) })
                    : t("forecast.attainment", {
                        won: percent(target.attainment ?? 0, lang),
                        expected: percent(target.expected_attainment, lang),
                      })}
                </span>
              </>
            ) : (
              <>
                <span className="forecast-number faint">{t("forecast.noTarget")}</span>
                {may("target", "create") && (
                  <Link to="/targets" className="small">
                    {t("forecast.setTarget")}
                  </Link>
                )}
              </>
            )}
          </dd>
        </div>
        <div>
          <dt>{t("forecast.weighted")}</dt>
          <dd>
            <NumberButton
              className="forecast-number plain"
              testId="forecast-weighted"
              label={`${t("forecast.weighted")}: ${money(total.weighted.amount)}`}
              hint={`${exact(total.weighted.amount)} · ${t("forecast.weightedHint", { undated: total.undated })}`}
              onOpen={onDeals}
            >
              {money(total.weighted.amount)}
            </NumberButton>
            <span className="quiet small">
              {t("forecast.fromOpen")}{" "}
              {t("forecast.fromOpenNote", {
                count: total.open.count,
                amount: money(total.open.amount),
              })}
            </span>
          </dd>
        </div>
      </dl>
    </section>
  );
}

/** A chance without more digits than two thousand endings tell. */
export function chanceText(chance: number, lang: "zh" | "en"): string {
  const unit = lang === "zh" ? " %" : "%";
  if (chance >= 0.995) return `> 99${unit}`;
  if (chance <= 0.005) return `< 1${unit}`;
  return `${Math.round(chance * 100)}${unit}`;
}
