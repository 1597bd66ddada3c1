import { PlusOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { NONE } from "@/lib/format";
import { type Prefill, sourceText } from "@/lib/prefill";
import { priceText, quantityText, written } from "@/lib/units";
import { useTexts } from "@/locales/i18n";
import type { DraftLine } from "../lines";

/** So many products that the customer had are offered beside the search. */
const KNOWN = 8;

/** What the customer bought or was quoted before: added with the price of then by one tap. */
export function KnownProducts({
  history,
  taken,
  currency,
  onPick,
}: {
  history: Prefill;
  taken: number[];
  currency: string;
  onPick: (line: Partial<DraftLine>) => void;
}) {
  const { t } = useTexts();
  const left = history.products.filter(({ product_id }) => !taken.includes(product_id));
  if (left.length === 0) return null;
  return (
    <section className="known" aria-label={t("quoting.known")}>
      <span className="quiet small">{t("quoting.known")}</span>
      {left.slice(0, KNOWN).map((product) => {
        const source = sourceText(product.source, (entity) => t(`entity.${entity}`));
        const words = {
          source,
          quantity: product.quantity === null ? NONE : quantityText(product.quantity),
          unit: product.unit ?? "",
        };
        const price = product.unit_price;
        return (
          <Button
            key={product.product_id}
            size="small"
            icon={<PlusOutlined />}
            data-testid="known-product"
            title={
              typeof price === "number"
                ? t("quoting.knownNote", { ...words, price: priceText(price, currency) })
                : t("quoting.knownNoPrice", words)
            }
            onClick={() =>
              onPick({
                productId: product.product_id,
                description: product.description ?? "",
                quantity: product.quantity === null ? 1 : written(product.quantity, "quantity"),
                unit: product.unit,
                ...(typeof price === "number"
                  ? { by: "price", price: written(price, "price") }
                  : {}),
                tax: product.tax_rate === null ? null : written(product.tax_rate, "share"),
                source,
              })
            }
          >
            <span className="clip">{product.description ?? `#${product.product_id}`}</span>
          </Button>
        );
      })}
    </section>
  );
}
