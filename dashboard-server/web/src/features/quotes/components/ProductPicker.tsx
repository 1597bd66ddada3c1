import { useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useDeferredValue, useState } from "react";
import { useMe } from "@/lib/session";
import { priceText } from "@/lib/units";
import { useTexts } from "@/locales/i18n";
import { productsQuery } from "../api";
import type { Product } from "../types";

/** Finds a product by code or name; Enter takes the first and the next can be typed at once. */
export function ProductPicker({ onPick }: { onPick: (product: Product) => void }) {
  const { t } = useTexts();
  const { currency } = useMe().company;
  const [typed, setTyped] = useState("");
  const [open, setOpen] = useState(false);
  const search = useDeferredValue(typed.trim());
  const found = useQuery({ ...productsQuery(search), enabled: open });
  const rows = found.data?.rows ?? [];
  return (
    <Select<number>
      className="wide product-picker"
      value={null}
      placeholder={t("quoting.addProduct")}
      aria-label={t("quoting.addProduct")}
      data-testid="add-product"
      showSearch={{ filterOption: false, onSearch: setTyped, searchValue: typed }}
      open={open}
      onOpenChange={setOpen}
      loading={found.isFetching}
      defaultActiveFirstOption
      notFoundContent={found.isFetching ? t("palette.searching") : undefined}
      onSelect={(id) => {
        const product = rows.find((row) => row.id === id);
        setTyped("");
        setOpen(false);
        if (product) onPick(product);
      }}
      options={rows.map((product) => ({ value: product.id, label: product.name, product }))}
      optionRender={({ data }) => (
        <span className="option-line">
          <span className="clip">
            <span className="quiet small">{data.product.code}</span> {data.product.name}
          </span>
          {typeof data.product.list_price === "number" && (
            <span className="figures small">{priceText(data.product.list_price, currency)}</span>
          )}
        </span>
      )}
    />
  );
}
