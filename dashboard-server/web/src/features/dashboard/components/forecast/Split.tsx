import { Segmented } from "antd";
import { NumberButton } from "@/components/NumberButton";
import type { Condition } from "@/lib/api/types";
import { full, short } from "@/lib/format";
import { usePhone } from "@/lib/media";
import { useTexts } from "@/locales/i18n";
import type { Forecast, ForecastGroup, ForecastTarget } from "../../api/forecast";
import { memberCondition } from "../../state";
import { chanceText } from "./Outcome";

type Props = {
  forecast: Forecast;
  by: "team" | "owner";
  onBy: (by: "team" | "owner") => void;
  onWon: (where: Condition[]) => void;
  onFilter: (condition: Condition) => void;
};

/** What each team or person will bring; a click on the name leaves only theirs. */
export function Split({ forecast, by, onBy, onWon, onFilter }: Props) {
  const { t, lang } = useTexts();
  const phone = usePhone();
  const { groups, targets, total } = forecast;
  const shown = forecast.by ?? by;
  const money = (value: number | undefined) => short(value ?? null, "amount", lang);
  const exact = (value: number) => full(value, "amount", lang);
  const rows = groups.map((group, index) => ({ group, target: targets.groups[index] ?? null }));
  const anyTarget = rows.some(({ target }) => target) || targets.total;
  const won = (figures: ForecastGroup) => (
    <NumberButton
      label={`${figures.name ?? t("forecast.nobody")}: ${money(figures.won.amount)}`}
      hint={exact(figures.won.amount)}
      onOpen={() => onWon([memberCondition(shown, figures.name ?? null)])}
    >
      {money(figures.won.amount)}
    </NumberButton>
  );
  const name = (figures: ForecastGroup) => (
    <button
      type="button"
      className="clip forecast-name"
      title={t("forecast.filterBy", { name: figures.name ?? t("forecast.nobody") })}
      onClick={() => onFilter(memberCondition(shown, figures.name ?? null))}
    >
      {figures.name ?? t("forecast.nobody")}
    </button>
  );
  const lacking = Boolean(forecast.lacking);
  const parts = (figures: Forecast["total"]) =>
    lacking ? (
      <td className="num" title={exact(figures.open.amount)}>
        {money(figures.open.amount)}
      </td>
    ) : (
      <>
        <td className="num">{money(figures.from_open?.amount)}</td>
        <td className="num">{money(figures.from_new?.amount)}</td>
        <td
          className="num strong"
          title={figures.expected ? exact(figures.expected.amount) : undefined}
        >
          {money(figures.expected?.amount)}
        </td>
        <td className="num quiet">
          {figures.low && figures.high
            ? `${money(figures.low.amount)} – ${money(figures.high.amount)}`
            : "–"}
        </td>
      </>
    );
  return (
    <section className="card forecast-split" data-testid="forecast-split">
      <div className="card-head">
        <h2>{t("forecast.split")}</h2>
        <Segmented
          className="end"
          size="small"
          value={by}
          onChange={onBy}
          options={(["team", "owner"] as const).map((value) => ({
            value,
            label: t(`forecast.by.${value}`),
          }))}
        />
      </div>
      {phone ? (
        <ul className="forecast-cards">
          {rows.map(({ group, target }) => (
            <li key={group.name ?? ""}>
              <span className="forecast-line">
                {name(group)}
                <strong title={group.expected ? exact(group.expected.amount) : undefined}>
                  {money(lacking ? group.open.amount : group.expected?.amount)}
                </strong>
              </span>
              <span className="forecast-line quiet small">
                <span>
                  {t("forecast.won")} {won(group)}
                </span>
                <span>
                  {target
                    ? `${t("forecast.target")} ${money(target.target)}${lacking ? "" : ` · ${chance(target, lang)}`}`
                    : group.low && group.high
                      ? `${money(group.low.amount)} – ${money(group.high.amount)}`
                      : ""}
                </span>
              </span>
            </li>
          ))}
        </ul>
      ) : (
        <table className="forecast-table">
          <thead>
            <tr>
              <th>{t(`forecast.name.${shown}`)}</th>
              <th className="num">{t("forecast.won")}</th>
              {lacking ? (
                <th className="num">{t("forecast.deals")}</th>
              ) : (
                <>
                  <th className="num">{t("forecast.fromOpen")}</th>
                  <th className="num">{t("forecast.fromNew")}</th>
                  <th className="num">{t("forecast.expected")}</th>
                  <th className="num">{t("forecast.range")}</th>
                </>
              )}
              {anyTarget && <th className="num">{t("forecast.target")}</th>}
              {anyTarget && !lacking && <th className="num">{t("forecast.chanceShort")}</th>}
              <th className="num">{t("forecast.weighted")}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ group, target }) => (
              <tr key={group.name ?? ""} data-testid="forecast-group">
                <td>{name(group)}</td>
                <td className="num">{won(group)}</td>
                {parts(group)}
                {anyTarget && (
                  <td className="num" title={target ? exact(target.target) : undefined}>
                    {money(target?.target)}
                  </td>
                )}
                {anyTarget && !lacking && (
                  <td className="num">{target ? chance(target, lang) : "–"}</td>
                )}
                <td className="num quiet">{money(group.weighted.amount)}</td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr className="strong">
              <td>{t("forecast.total")}</td>
              <td className="num">{money(total.won.amount)}</td>
              {parts(total)}
              {anyTarget && <td className="num">{money(targets.total?.target)}</td>}
              {anyTarget && !lacking && (
                <td className="num">{targets.total ? chance(targets.total, lang) : "–"}</td>
              )}
              <td className="num">{money(total.weighted.amount)}</td>
            </tr>
          </tfoot>
        </table>
      )}
    </section>
  );
}

function chance({ chance: share }: ForecastTarget, lang: "zh" | "en"): string {
  return share === null || share === undefined ? "–" : chanceText(share, lang);
}
