import { useQuery } from "@tanstack/react-query";
import { Skeleton, Table, Tag } from "antd";
import { FailureState } from "@/components/States";
import { fullMoney, priceText, quantityText } from "@/lib/units";
import { useTexts } from "@/locales/i18n";
import { linesQuery } from "../api";
import { discountOf } from "../lines";
import type { PricedLine, Quote, QuoteLine } from "../types";

/** The lines of a quote with what the server says they come to. */
export function QuoteLines({ quote }: { quote: Quote }) {
  const { t, lang } = useTexts();
  const found = useQuery(linesQuery(quote.id));
  if (found.error) return <FailureState error={found.error} onRetry={() => found.refetch()} />;
  if (!found.data) return <Skeleton active paragraph={{ rows: 4 }} title={false} />;
  const { rows } = found.data;
  if (rows.length === 0) return <p className="quiet">{t("quoting.drawer.noLines")}</p>;
  const decided = rows.some(({ accepted }) => accepted !== null && accepted !== undefined);
  const sees = rows.some(({ unit_price }) => unit_price !== undefined);
  const discount = (line: QuoteLine): string => {
    if (line.unit_price === undefined) return "";
    const value = discountOf(line as unknown as PricedLine);
    return value === null || value <= 0 ? "" : `${value}${lang === "zh" ? " %" : "%"}`;
  };
  return (
    <Table<QuoteLine>
      size="small"
      rowKey="id"
      dataSource={rows}
      pagination={false}
      className="quote-table"
      rowClassName={(line) => (line.accepted === false ? "declined" : "")}
      columns={[
        {
          key: "description",
          title: t("quoting.description"),
          render: (_, line) => (
            <>
              <div>{line.description}</div>
              <div className="quiet small phone-only">
                {quantityText(line.quantity)} {line.unit}
                {line.unit_price !== undefined &&
                  ` × ${priceText(line.unit_price, quote.currency)}`}
                {discount(line) && ` · −${discount(line)}`}
              </div>
              {decided && (
                <Tag color={line.accepted ? "success" : "default"}>
                  {t(line.accepted ? "quoting.drawer.accepted" : "quoting.drawer.notAccepted")}
                </Tag>
              )}
            </>
          ),
        },
        {
          key: "quantity",
          title: t("quoting.quantity"),
          align: "right",
          responsive: ["sm"],
          render: (_, line) => (
            <span className="figures">
              {quantityText(line.quantity)} {line.unit}
            </span>
          ),
        },
        ...(sees
          ? [
              {
                key: "price",
                title: t("quoting.price"),
                align: "right" as const,
                responsive: ["sm" as const],
                render: (_: unknown, line: QuoteLine) =>
                  line.unit_price !== undefined && (
                    <span className="figures">{priceText(line.unit_price, quote.currency)}</span>
                  ),
              },
              {
                key: "discount",
                title: t("quoting.discount"),
                align: "right" as const,
                responsive: ["sm" as const],
                render: (_: unknown, line: QuoteLine) => (
                  <span className="figures">{discount(line)}</span>
                ),
              },
              {
                key: "amount",
                title: t("quoting.amount"),
                align: "right" as const,
                render: (_: unknown, line: QuoteLine) =>
                  line.amount !== undefined && (
                    <span className="figures" data-fen={line.amount}>
                      {fullMoney(line.amount, quote.currency)}
                    </span>
                  ),
              },
            ]
          : []),
      ]}
    />
  );
}
