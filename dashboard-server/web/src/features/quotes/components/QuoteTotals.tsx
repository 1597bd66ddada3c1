import { NONE } from "@/lib/format";
import { fullMoney, shareText } from "@/lib/units";
import { useTexts } from "@/locales/i18n";
import type { Pricing } from "./useDraft";

/** What the lines come to. */
export function QuoteTotals({
  pricing,
  currency,
  company,
}: {
  pricing: Pricing;
  currency: string;
  company: string;
}) {
  const { t, lang } = useTexts();
  const { priced, stale } = pricing;
  if (!pricing.request) return null;
  const totals = priced?.totals;
  const rows: { key: string; label: string; value: string; strong?: boolean; fen?: number }[] = [];
  if (totals && priced) {
    rows.push(
      { key: "list", label: t("quoting.listTotal"), value: fullMoney(totals.list_amount, company) },
      {
        key: "discount",
        label: t("quoting.totalDiscount"),
        value: shareText(priced.discount ?? 0, lang),
      },
      {
        key: "net",
        label: t("quoting.net"),
        value: fullMoney(totals.amount_without_tax, company),
      },
    );
    if (priced.margin !== undefined) {
      rows.push({
        key: "margin",
        label: t("quoting.margin"),
        value: priced.margin === null ? NONE : shareText(priced.margin, lang),
      });
    }
    rows.push({
      key: "total",
      label: t("quoting.total"),
      value: fullMoney(totals.original_amount, currency),
      strong: true,
      fen: totals.original_amount,
    });
    if (currency !== company) {
      rows.push({
        key: "base",
        label: "",
        value: t("quoting.totalBase", { value: fullMoney(totals.amount, company) }),
      });
    }
  }
  return (
    <dl
      className={stale ? "quote-totals stale" : "quote-totals"}
      aria-live="polite"
      data-testid="quote-totals"
    >
      {rows.length === 0 && <div className="quiet small">{t("quoting.pricing")}</div>}
      {rows.map(({ key, label, value, strong, fen }) => (
        <div key={key} className={strong ? "total" : undefined}>
          <dt>{label}</dt>
          <dd className="figures" data-testid={`total-${key}`} data-fen={fen}>
            {value}
          </dd>
        </div>
      ))}
    </dl>
  );
}
