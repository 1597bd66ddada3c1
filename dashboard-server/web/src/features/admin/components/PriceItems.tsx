import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, Skeleton } from "antd";
import { useState } from "react";
import { ActionDialog } from "@/components/ActionDialog";
import type { Field } from "@/components/fields";
import { RecordSelect } from "@/components/RecordSelect";
import { FailureState } from "@/components/States";
import {
  changeRecord,
  createRecord,
  joinLabels,
  labelOf,
  pagesQuery,
  type Rec,
  removeRecord,
  textOf,
} from "@/lib/api/records";
import { useMay } from "@/lib/session";
import { priceText, quantityText } from "@/lib/units";
import { useTexts } from "@/locales/i18n";

type Asking = { kind: "add" } | { kind: "edit" | "remove"; item: Rec };

/** The prices of a list, by product and the quantity from which each holds. */
export function PriceItems({ list }: { list: Rec }) {
  const { t, lang } = useTexts();
  const may = useMay();
  const [asking, setAsking] = useState<Asking | null>(null);
  const [key, setKey] = useState(() => crypto.randomUUID());
  const [product, setProduct] = useState<number | null>(null);
  const found = useInfiniteQuery(
    pagesQuery("price_list_item", {
      filters: [
        { field: "price_list_id", op: "in", values: [String(list.id)] },
        ...(product === null
          ? []
          : [{ field: "product_id", op: "in" as const, values: [String(product)] }]),
      ],
    }),
  );
  if (found.error) return <FailureState error={found.error} onRetry={() => found.refetch()} />;
  if (!found.data) return <Skeleton active paragraph={{ rows: 4 }} title={false} />;
  const { pages } = found.data;
  const rows = pages.flatMap((page) => page.rows);
  const labels = joinLabels(pages.map((page) => page.labels));
  const count = pages[0]?.count ?? rows.length;
  const name = (item: Rec) => labelOf(labels, "product", item.product_id, lang);
  const sorted = [...rows].sort(
    (a, b) =>
      name(a).localeCompare(name(b), "zh") ||
      Number(a.minimum_quantity) - Number(b.minimum_quantity),
  );
  const fields: Field[] = [
    { name: "product_id", kind: "reference", required: true },
    { name: "minimum_quantity", kind: "quantity" },
    { name: "unit_price", kind: "price", required: true },
  ];
  const ask = (next: Asking) => {
    setKey(crypto.randomUUID());
    setAsking(next);
  };
  return (
    <>
      <div className="price-tools">
        <RecordSelect
          entity="product"
          value={product}
          placeholder={t("admin.prices.find")}
          aria-label={t("admin.prices.find")}
          data-testid="find-price"
          onChange={setProduct}
        />
        <span className="quiet small figures">{t("part.count", { count })}</span>
        {may("price_list_item", "create") && (
          <Button
            icon={<PlusOutlined />}
            data-testid="add-price"
            onClick={() => ask({ kind: "add" })}
          >
            {t("admin.prices.addItem")}
          </Button>
        )}
      </div>
      {rows.length === 0 && (
        <p className="quiet">
          {t(product === null ? "admin.prices.noItems" : "admin.prices.notThere")}
        </p>
      )}
      <ul className="plain-list">
        {sorted.map((item) => (
          <li key={item.id}>
            <span className="grow clip">{name(item)}</span>
            <span className="quiet small">
              {Number(item.minimum_quantity) > 0
                ? t("admin.prices.from", { quantity: quantityText(Number(item.minimum_quantity)) })
                : t("admin.prices.any")}
            </span>
            {typeof item.unit_price === "number" && (
              <span className="figures">
                {priceText(item.unit_price, textOf(list, "currency"))}
              </span>
            )}
            {may("price_list_item", "update") && (
              <Button size="small" type="text" onClick={() => ask({ kind: "edit", item })}>
                {t("admin.edit")}
              </Button>
            )}
            {may("price_list_item", "delete") && (
              <Button
                size="small"
                type="text"
                icon={<DeleteOutlined />}
                aria-label={`${t("admin.remove")} ${name(item)}`}
                onClick={() => ask({ kind: "remove", item })}
              />
            )}
          </li>
        ))}
      </ul>
      {found.hasNextPage && (
        <Button block loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          {t("part.loadMore")}
        </Button>
      )}
      {asking?.kind === "add" && (
        <ActionDialog
          entity="price_list_item"
          title={t("admin.prices.addItem")}
          fields={fields}
          initial={product === null ? undefined : { product_id: product }}
          submitLabel={t("admin.add")}
          run={(values) =>
            createRecord(
              "price_list_item",
              { minimum_quantity: 0, ...values, price_list_id: list.id },
              key,
            )
          }
          said={t("part.created")}
          onClose={() => setAsking(null)}
        />
      )}
      {asking?.kind === "edit" && (
        <ActionDialog
          entity="price_list_item"
          title={name(asking.item)}
          fields={fields.slice(1)}
          initial={asking.item}
          submitLabel={t("part.save")}
          run={(values) =>
            changeRecord("price_list_item", asking.item, { minimum_quantity: 0, ...values })
          }
          said={t("part.saved")}
          onClose={() => setAsking(null)}
        />
      )}
      {asking?.kind === "remove" && (
        <ActionDialog
          entity="price_list_item"
          title={t("admin.removeSure", { name: name(asking.item) })}
          submitLabel={t("admin.remove")}
          danger
          run={() => removeRecord("price_list_item", asking.item)}
          said={t("admin.removed")}
          onClose={() => setAsking(null)}
        />
      )}
    </>
  );
}
