import { Day } from "@/components/Cells";
import { useOverlay } from "@/components/navigation";
import { type Column, ResourceTable } from "@/components/ResourceTable";
import { EmptyState } from "@/components/States";
import { type Rec, textOf } from "@/lib/api/records";
import { useTexts } from "@/locales/i18n";
import { AddButton, Enabled } from "./catalogueParts";

/** Price lists. */
export function PriceLists() {
  const { t } = useTexts();
  const { openRecord } = useOverlay();
  const add = <AddButton entity="price_list" form="price-list" label={t("admin.prices.create")} />;
  const segment = (row: Rec) => textOf(row, "segment") || t("admin.prices.everybody");
  const columns: Column<Rec>[] = [
    { field: "name", width: 220, sortable: true, render: (row) => textOf(row, "name") },
    { field: "segment", width: 140, render: segment },
    { field: "currency", width: 80, render: (row) => textOf(row, "currency") },
    {
      field: "valid_from",
      width: 110,
      sortable: true,
      render: (row) => <Day value={row.valid_from} />,
    },
    {
      field: "valid_until",
      width: 110,
      sortable: true,
      render: (row) => <Day value={row.valid_until} />,
    },
    { field: "enabled", width: 90, render: (row) => <Enabled value={row.enabled} /> },
  ];
  return (
    <ResourceTable<Rec>
      entity="price_list"
      columns={columns}
      filters={[
        { field: "segment", kind: "text" },
        { field: "enabled", kind: "flag" },
      ]}
      base={{ sort: "-valid_from" }}
      tools={add}
      onOpen={({ id }) => openRecord({ entity: "price_list", id })}
      empty={
        <EmptyState title={t("admin.prices.emptyTitle")} action={add}>
          {t("admin.prices.emptyText")}
        </EmptyState>
      }
      card={(row) => ({
        title: textOf(row, "name"),
        second: `${segment(row)} · ${textOf(row, "currency")}`,
        end: <Enabled value={row.enabled} />,
      })}
    />
  );
}
