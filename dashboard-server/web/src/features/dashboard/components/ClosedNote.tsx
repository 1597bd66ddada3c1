import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { adjustmentsQuery, closesQuery, isAdjusted, standing } from "@/lib/api/closes";
import type { Condition, Metric } from "@/lib/api/types";
import { full, pick, short } from "@/lib/format";
import { monthOf } from "@/lib/months";
import type { Range } from "@/lib/period";
import { useMay } from "@/lib/session";
import { useTexts } from "@/locales/i18n";

type Props = {
  metric: Metric;
  where: Condition[];
  days: Range;
  /** The closed months that the numbers of the page are of. */
  closed: string[];
  set: number | null | undefined;
};

/** Which months of the page are closed, and what of closed months was changed in the month shown. */
export function ClosedNote({ metric, where, days, closed, set }: Props) {
  const { t, lang } = useTexts();
  const may = useMay();
  const closes = useQuery({ ...closesQuery, enabled: may("month_close", "read") });
  const month = monthOf(days.from);
  const asked = month === monthOf(days.to) && isAdjusted(metric);
  const any = standing(closes.data?.rows ?? []).length > 0;
  const found = useInfiniteQuery({
    ...adjustmentsQuery({ metric: metric.name, where, made: month, limit: 1 }, set),
    enabled: asked && any,
  });
  const made = found.data?.pages[0]?.made ?? [];
  const count = made.reduce((sum, { records }) => sum + records, 0);
  const value = made.reduce((sum, one) => sum + one.value, 0);
  if (closed.length === 0 && count === 0) return null;
  const unit = metric.unit === "ratio" ? "count" : metric.unit;
  return (
    <p className="quiet small closed-note" data-testid="closed-note">
      {closed.length > 0 &&
        t("closed.months", { months: closed.join(lang === "zh" ? "、" : ", ") })}
      {count > 0 && (
        <>
          {" "}
          <span title={full(value, unit, lang)} data-testid="closed-adjustments">
            {t("closed.adjustments", {
              month,
              metric: pick(metric.label, lang),
              value: `${value > 0 ? "+" : ""}${short(value, unit, lang)}`,
              count,
            })}
          </span>
        </>
      )}
    </p>
  );
}
