import { useQuery } from "@tanstack/react-query";
import { Skeleton } from "antd";
import { Link } from "react-router";
import { ChangeMark } from "@/components/ChangeMark";
import { registryQuery, statusQuery } from "@/lib/api/queries";
import { change, dayOf, full, numberOf, pick, short, unitOf } from "@/lib/format";
import { anchorOf } from "@/lib/period";
import { leads, useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { NUMBERS, numbersQuery } from "../api";

/** The running month of those one looks after, or of oneself; each number opens its records. */
export function TeamNumbers() {
  const { t, lang } = useTexts();
  const me = useMe();
  const status = useQuery(statusQuery);
  const set = status.data?.set ?? null;
  const registry = useQuery({ ...registryQuery(set), enabled: set !== null });
  const complete = status.data?.complete_to ?? status.data?.published_at ?? null;
  const day =
    complete && status.data
      ? anchorOf(dayOf(complete, status.data.zone), status.data.last_day).day
      : null;
  const numbers = useQuery(numbersQuery(day, set, status.data?.versions));
  if (status.data && set === null) return null;
  const metrics = NUMBERS.flatMap(
    (name) => registry.data?.metrics.find((metric) => metric.name === name) ?? [],
  );
  if (numbers.error) return null;
  return (
    <section className="numbers" aria-label={t("today.numbers")} data-testid="numbers">
      {!numbers.data || metrics.length === 0 ? (
        <Skeleton active title={false} paragraph={{ rows: 2 }} />
      ) : (
        metrics.map((metric) => {
          const total = numbers.data.numbers.get(metric.name)?.result?.total;
          if (!total) return null;
          const unit = unitOf(metric);
          const value = numberOf(total[metric.name]);
          const moved = change(
            value,
            numberOf(total[`${metric.name}_before`]),
            unit,
            metric.direction,
            lang,
          );
          return (
            <Link
              key={metric.name}
              className="number-tile"
              to={`/dashboard?period=this_month&metric=${metric.name}&records=${metric.name}`}
              title={full(value, unit, lang)}
              data-testid={`number-${metric.name}`}
            >
              <span className="quiet small clip">{pick(metric.label, lang)}</span>
              <span className="number-value">{short(value, unit, lang)}</span>
              <span className="small">{moved && <ChangeMark change={moved} />}</span>
            </Link>
          );
        })
      )}
      <span className="quiet small numbers-note">
        {t(leads(me) ? "today.numbersTeam" : "today.numbersMine")}
      </span>
    </section>
  );
}
