import { Button, Select, Tooltip } from "antd";
import type { Ref } from "react";
import { LakeLink } from "@/components/LakeLink";
import { full, percent, short, whole } from "@/lib/format";
import { usePhone } from "@/lib/media";
import { stageName } from "@/lib/numbers";
import { useTexts } from "@/locales/i18n";
import { type Forecast, type ForecastDeal, type ForecastOrder, ORDERS } from "../../api/forecast";

type Props = {
  forecast: Forecast;
  deals: ForecastDeal[];
  order: ForecastOrder;
  onOrder: (order: ForecastOrder) => void;
  /** Shows more of them; null when all are shown. */
  onMore: (() => void) | null;
  loading: boolean;
  element: Ref<HTMLElement>;
};

/** The open deals, with the probability that each is won within the period. */
export function Deals({ forecast, deals, order, onOrder, onMore, loading, element }: Props) {
  const { t, lang } = useTexts();
  const phone = usePhone();
  const { total } = forecast;
  const money = (value: number | null | undefined) => short(value ?? null, "amount", lang);
  const exact = (value: number) => full(value, "amount", lang);
  const share = (value: number | null | undefined) =>
    value === null || value === undefined ? "–" : percent(value, lang);
  const amount = (deal: ForecastDeal) =>
    (deal.amount === null || deal.amount === undefined) && forecast.lacking ? (
      "–"
    ) : deal.amount === null || deal.amount === undefined ? (
      <Tooltip title={t("forecast.meanAmount")}>
        <span className="faint">≈ {money(deal.counted_amount)}</span>
      </Tooltip>
    ) : (
      <span title={exact(deal.amount)}>{money(deal.amount)}</span>
    );
  const probability = (deal: ForecastDeal) => (
    <span
      className="forecast-probability"
      title={deal.weight > 0 ? t("forecast.told", { told: share(deal.weight) }) : undefined}
    >
      {!forecast.lacking && (
        <span className="forecast-bar">
          <i style={{ width: `${100 * (deal.probability ?? 0)}%` }} />
        </span>
      )}
      {share(deal.probability)}
    </span>
  );
  const link = (deal: ForecastDeal) => (
    <LakeLink id={deal.opportunity_id}>{deal.account_id ?? deal.opportunity_id}</LakeLink>
  );
  const left = forecast.deals_count - deals.length;
  return (
    <section className="card forecast-deals" ref={element} data-testid="forecast-deals">
      <div className="card-head">
        <h2>{t("forecast.deals")}</h2>
        <span className="quiet small">
          {t("forecast.fromOpenNote", {
            count: forecast.deals_count,
            amount: money(total.open.amount),
          })}
          {total.from_open && ` · ${t("forecast.expected")} ${money(total.from_open.amount)}`}
        </span>
        <Select
          className="end"
          size="small"
          value={order}
          aria-label={t("forecast.order")}
          data-testid="forecast-order"
          popupMatchSelectWidth={false}
          onChange={onOrder}
          options={ORDERS.map((value) => ({ value, label: t(`forecast.orders.${value}`) }))}
        />
      </div>
      {deals.length === 0 ? (
        <p className="quiet">{t("forecast.none")}</p>
      ) : phone ? (
        <ul className="forecast-cards">
          {deals.map((deal) => (
            <li key={deal.opportunity_id}>
              <span className="forecast-line">
                <span className="clip">{link(deal)}</span>
                {probability(deal)}
              </span>
              <span className="forecast-line quiet small">
                <span className="clip">
                  {deal.stage ? stageName(deal.stage, t) : "–"} ·{" "}
                  {t("forecast.workingDays", { count: deal.days_in_stage })} · {deal.owner ?? "–"}
                </span>
                <span className="num">{amount(deal)}</span>
              </span>
            </li>
          ))}
        </ul>
      ) : (
        <table className="forecast-table">
          <thead>
            <tr>
              <th>{t("forecast.account")}</th>
              <th>{t("forecast.deal")}</th>
              <th>{t("forecast.name.owner")}</th>
              <th>{t("forecast.stage")}</th>
              <th className="num">{t("forecast.daysInStage")}</th>
              <th>{t("forecast.expectedOn")}</th>
              <th className="num">{t("forecast.amount")}</th>
              {!forecast.lacking && <th className="num">{t("forecast.probability")}</th>}
              {!forecast.lacking && <th className="num">{t("forecast.expectedAmount")}</th>}
            </tr>
          </thead>
          <tbody>
            {deals.map((deal) => (
              <tr key={deal.opportunity_id} data-testid="forecast-deal">
                <td className="forecast-wide">
                  <span className="clip">{link(deal)}</span>
                </td>
                <td className="quiet">{deal.opportunity_id}</td>
                <td>{deal.owner ?? "–"}</td>
                <td>{deal.stage ? stageName(deal.stage, t) : "–"}</td>
                <td
                  className="num"
                  title={t("forecast.workingDays", { count: deal.days_in_stage })}
                >
                  {whole(deal.days_in_stage)}
                </td>
                <td className="quiet">{deal.expected_close_on ?? "–"}</td>
                <td className="num">{amount(deal)}</td>
                {!forecast.lacking && <td className="num">{probability(deal)}</td>}
                {!forecast.lacking && <td className="num strong">{money(deal.expected_amount)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {deals.length > 0 && (
        <div className="records-more">
          <span className="quiet small">
            {t("forecast.shown", { shown: deals.length, count: forecast.deals_count })}
            {!forecast.lacking && ` · ${t("forecast.dealsNote")}`}
          </span>
          {onMore && (
            <Button
              size={phone ? "middle" : "small"}
              loading={loading}
              data-testid="forecast-more"
              onClick={onMore}
            >
              {t("forecast.more", { count: Math.min(left, 30) })}
            </Button>
          )}
        </div>
      )}
    </section>
  );
}
