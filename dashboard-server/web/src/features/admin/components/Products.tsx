import { useOverlay } from "@/components/navigation";
import { type Column, ResourceTable } from "@/components/ResourceTable";
import { EmptyState } from "@/components/States";
import { type Rec, textOf } from "@/lib/api/records";
import { useMe } from "@/lib/session";
import { priceText, shareText } from "@/lib/units";
import { useTexts } from "@/locales/i18n";
import { AddButton, Enabled, useSeesMargin } from "./catalogueParts";

/** What is sold. */
export function Products() {
  const { t, lang } = useTexts();
  const me = useMe();
  const { openRecord } = useOverlay();
  const sees = me.rights.visibility.includes("amounts");
  const margin = useSeesMargin();
  const add = <AddButton entity="product" form="product" label={t("admin.product.create")} />;
  const price = (value: unknown) =>
    typeof value === "number" ? (
      <span className="figures">{priceText(value, me.company.currency)}</span>
    ) : null;
  const columns: Column<Rec>[] = [
    { field: "code", width: 130, sortable: true, render: (row) => textOf(row, "code") },
    { field: "name", width: 240, sortable: true, render: (row) => textOf(row, "name") },
    { field: "series", width: 130, render: (row) => textOf(row, "series") },
    { field: "unit", width: 70, render: (row) => textOf(row, "unit") },
    ...(sees
      ? [
          {
            field: "list_price",
            width: 120,
            align: "right",
            sortable: true,
            render: (row) => price(row.list_price),
          } satisfies Column<Rec>,
        ]
      : []),
    ...(margin
      ? [
          {
            field: "cost",
            width: 120,
            align: "right",
            render: (row) => price(row.cost),
          } satisfies Column<Rec>,
        ]
      : []),
    {
      field: "tax_rate",
      width: 80,
      align: "right",
      render: (row) => shareText(Number(row.tax_rate ?? 0), lang),
    },
    { field: "enabled", width: 90, render: (row) => <Enabled value={row.enabled} /> },
  ];
  return (
    <ResourceTable<Rec>
      entity="product"
      columns={columns}
      filters={[
        { field: "series", kind: "text" },
        { field: "enabled", kind: "flag" },
        { field: "standard", kind: "flag" },
      ]}
      base={{ sort: "code" }}
      tools={add}
      onOpen={({ id }) => openRecord({ entity: "product", id })}
      empty={
        <EmptyState title={t("admin.product.emptyTitle")} action={add}>
          {t("admin.product.emptyText")}
        </EmptyState>
      }
      card={(row) => ({
        title: textOf(row, "name"),
        figure: sees ? price(row.list_price) : undefined,
        second: `${textOf(row, "code")} · ${textOf(row, "series")}`,
        end: <Enabled value={row.enabled} />,
      })}
    />
  );
}
