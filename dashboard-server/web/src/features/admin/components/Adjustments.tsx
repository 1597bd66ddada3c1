import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Button, Select, Skeleton } from "antd";
import { useState } from "react";
import { LakeLink } from "@/components/LakeLink";
import { FailureState } from "@/components/States";
import { type Adjustment, adjustmentsQuery, isAdjusted } from "@/lib/api/closes";
import { registryQuery, statusQuery } from "@/lib/api/queries";
import { full, instant, pick, short } from "@/lib/format";
import { useTexts } from "@/locales/i18n";

/** What was changed of a closed month: sums by the month of the change, and the records. */
export function Adjustments({ month, set }: { month: string; set: number | null | undefined }) {
  const { t, lang } = useTexts();
  const [chosen, setChosen] = useState<string | null>(null);
  const registry = useQuery(registryQuery(set));
  const status = useQuery(statusQuery);
  const metrics = registry.data?.metrics.filter(isAdjusted) ?? [];
  const metric = metrics.find(({ name }) => name === chosen) ?? metrics[0];
  const found = useInfiniteQuery({
    ...adjustmentsQuery({ metric: metric?.name ?? "", month }, set),
    enabled: metric !== undefined,
  });
  const failed = registry.error ?? found.error;
  const [page] = found.data?.pages ?? [];
  const number = page?.months[0];
  const unit = metric?.unit ?? "count";
  // A ratio is adjusted above and below its line: there its parts are counts or amounts.
  const parts = unit === "ratio" ? "count" : unit;
  const signed = (value: number) => `${value > 0 ? "+" : ""}${full(value, parts, lang)}`;
  return (
    <section className="card" data-testid="adjustments">
      <div className="admin-tools">
        <h2>{t("admin.closes.adjustmentsOf", { month })}</h2>
        <Select
          className="admin-choice"
          value={metric?.name}
          aria-label={t("admin.closes.metric")}
          options={metrics.map(({ name, label }) => ({ value: name, label: pick(label, lang) }))}
          onChange={setChosen}
        />
      </div>
      {failed ? (
        <FailureState error={failed} onRetry={() => void found.refetch()} />
      ) : !page || !number ? (
        <Skeleton active paragraph={{ rows: 4 }} title={false} />
      ) : (
        <>
          <p>
            {t("admin.closes.closedNumber")}{" "}
            <strong title={full(number.closed ?? null, unit, lang)}>
              {short(number.closed ?? null, unit, lang)}
            </strong>
            {" · "}
            {t("admin.closes.nowNumber")}{" "}
            <span title={full(number.now ?? null, unit, lang)}>
              {short(number.now ?? null, unit, lang)}
            </span>
          </p>
          {page.made.map(({ made, value, weight, records }) => (
            <p key={made} className="quiet">
              {t("admin.closes.madeIn", { made, count: records })} <strong>{signed(value)}</strong>
              {typeof weight === "number" && ` / ${signed(weight)}`}
            </p>
          ))}
          {page.count === 0 ? (
            <p className="quiet">{t("admin.closes.none")}</p>
          ) : (
            <ul className="plain-list">
              {found.data?.pages.flatMap(({ rows }) =>
                rows.map((row) => (
                  <Line
                    key={`${row.made_at}-${Object.values(row.record).join("-")}-${row.difference}`}
                    row={row}
                    zone={status.data?.zone ?? "UTC"}
                    worth={(value) => (value === null ? "–" : full(value, parts, lang))}
                    signed={signed}
                  />
                )),
              )}
            </ul>
          )}
          {found.hasNextPage && (
            <Button loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
              {t("admin.closes.more")}
            </Button>
          )}
        </>
      )}
    </section>
  );
}

type LineProps = {
  row: Adjustment;
  zone: string;
  worth: (value: number | null) => string;
  signed: (value: number) => string;
};

/** A record of a closed month: what it was worth, what it is now, who changed it and why. */
function Line({ row, zone, worth, signed }: LineProps) {
  const { t } = useTexts();
  const { account, ...keys } = row.record;
  const [id, ...rest] = Object.values(keys).filter((key) => key !== null && key !== undefined);
  return (
    <li className="close-line">
      <span className="grow">
        <LakeLink id={String(id)}>{String(id)}</LakeLink>
        <span className="quiet small">
          {rest.length > 0 && ` ${rest.join(" · ")}`}
          {account ? ` · ${account}` : ""}
        </span>
        <br />
        <span className="quiet small">
          {instant(row.made_at, zone)} {row.actor ?? t("admin.closes.byTime")}
          {row.reason && ` · ${row.reason}`}
        </span>
      </span>
      <span className="figures small quiet">
        {worth(row.before ?? null)} → {worth(row.after ?? null)}
      </span>
      <strong className="figures">{signed(row.difference)}</strong>
    </li>
  );
}
