import { Amount, Day, Share } from "@/components/Cells";
import { HeadNumbers } from "@/components/Facts";
import { useMe } from "@/lib/session";
import { daysUntil } from "@/lib/when";
import { useTexts } from "@/locales/i18n";
import type { Quote } from "../types";

/** What a quote comes to, and how it stands. */
export function QuoteNumbers({ quote }: { quote: Quote }) {
  const { t } = useTexts();
  const { zone } = useMe().company;
  if (quote.amount === undefined) {
    return <p className="quiet small">{t("quoting.drawer.noPrice")}</p>;
  }
  const left =
    quote.outcome === "sent" && quote.valid_until
      ? daysUntil(quote.valid_until, zone, new Date())
      : null;
  return (
    <HeadNumbers
      items={[
        {
          key: "amount",
          label: t("quoting.total"),
          value: <Amount fen={quote.original_amount} currency={quote.currency} full />,
        },
        {
          key: "discount",
          label: t("quoting.totalDiscount"),
          value: <Share value={quote.discount} />,
        },
        ...(quote.margin === undefined
          ? []
          : [
              {
                key: "margin",
                label: t("quoting.margin"),
                value: <Share value={quote.margin} />,
                note: quote.margin === null ? t("quoting.marginUnknown") : undefined,
              },
            ]),
        ...(typeof quote.accepted_amount === "number"
          ? [
              {
                key: "accepted",
                label: t("quoting.drawer.accepted_amount"),
                value: <Amount fen={quote.accepted_amount} full />,
              },
            ]
          : []),
        ...(quote.valid_until
          ? [
              {
                key: "until",
                label: t("quoting.drawer.until"),
                value: (
                  <span className={left !== null && left < 0 ? "due past" : undefined}>
                    <Day value={quote.valid_until} />
                    {left !== null && (
                      <span className="quiet small">
                        {" "}
                        {left >= 0
                          ? t("quoting.drawer.daysLeft", { count: left })
                          : t("quoting.drawer.over", { count: -left })}
                      </span>
                    )}
                  </span>
                ),
              },
            ]
          : []),
      ]}
    />
  );
}
