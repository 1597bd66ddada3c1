import { LakeLink } from "@/components/LakeLink";
import { amount, dayOf } from "@/lib/format";
import { useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import type { Standing } from "../api";
import { points } from "../words";

/** What happened in 30 days to the factors that moved most; each event opens its record. */
export function Moves({ standing }: { standing: Standing }) {
  const { t, lang } = useTexts();
  const { zone } = useMe().company;
  const { moves, before } = standing;
  if (!before || moves.length === 0) return null;
  return (
    <section data-testid="moves">
      <h3>{t("health.moves")}</h3>
      <ul className="moves">
        {moves.map(({ factor, points: moved, count, events }) => (
          <li key={factor}>
            <strong>{t(`health.factor.${factor}`)}</strong>{" "}
            <span className={`change figures ${moved > 0 ? "better" : "worse"}`}>
              {points(moved)}
            </span>
            {count === 0 ? (
              <span className="quiet"> {t("health.nothingHappened")}</span>
            ) : (
              <ul className="events">
                {events.map(({ what, at, record, amount: worth }) => (
                  <li key={`${what}-${record}-${at}`}>
                    <span className="quiet figures">{dayOf(at, zone).slice(5)}</span>{" "}
                    {t(`health.event.${what}`)}{" "}
                    <LakeLink id={record}>
                      <span>{record}</span>
                    </LakeLink>
                    {typeof worth === "number" && (
                      <span className="quiet figures"> {amount(worth, lang)}</span>
                    )}
                  </li>
                ))}
                {count > events.length && (
                  <li className="quiet">
                    {t("health.moreEvents", { count: count - events.length })}
                  </li>
                )}
              </ul>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
