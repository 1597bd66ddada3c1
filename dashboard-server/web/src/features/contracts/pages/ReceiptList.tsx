import { Button } from "antd";
import { Amount, Day } from "@/components/Cells";
import {
  amountColumn,
  choiceColumn,
  dayColumn,
  namedColumn,
  textColumn,
} from "@/components/columns";
import { useOverlay } from "@/components/navigation";
import { type Column, ResourceTable } from "@/components/ResourceTable";
import { EmptyState } from "@/components/States";
import { labelOf } from "@/lib/api/records";
import { useMay, useSeesAmounts } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import type { Receipt } from "../types";

/** What of a receipt is not allocated to instalments yet. */
function left({ kind, amount, allocated_amount: allocated }: Receipt): number {
  return kind === "refund" ? 0 : (amount ?? 0) - (allocated ?? 0);
}

/** The money that came in. */
export function ReceiptList() {
  const { t, lang } = useTexts();
  const may = useMay();
  const sees = useSeesAmounts();
  const { openForm, openRecord } = useOverlay();
  const unallocated: Column<Receipt> = {
    field: "unallocated",
    title: t("contracting.receipt.unallocated"),
    width: 110,
    align: "right",
    render: (row) =>
      left(row) > 0 ? (
        <span className="warning">
          <Amount fen={left(row)} />
        </span>
      ) : null,
  };
  return (
    <ResourceTable<Receipt>
      entity="receipt"
      columns={[
        textColumn("number", 150, { sortable: true }),
        namedColumn("receipt", "account_id", 220),
        dayColumn("received_on"),
        ...amountColumn<Receipt>(sees, 120),
        ...(sees ? [unallocated] : []),
        choiceColumn("receipt", "kind", 90),
        textColumn("method", 110),
        textColumn("reference", 150),
      ]}
      filters={[
        { field: "account_id", kind: "reference" },
        { field: "received_on", kind: "day" },
        { field: "kind", kind: "choice" },
        { field: "method", kind: "text" },
      ]}
      base={{ sort: "-received_on" }}
      onOpen={({ id }) => openRecord({ entity: "receipt", id })}
      empty={
        <EmptyState
          title={t("contracting.receipt.emptyTitle")}
          action={
            may("receipt", "create") && (
              <Button type="primary" onClick={() => openForm("receipt")}>
                {t("contracting.receipt.title")}
              </Button>
            )
          }
        >
          {t("contracting.receipt.emptyText")}
        </EmptyState>
      }
      card={(row, labels) => ({
        title: labelOf(labels, "account", row.account_id, lang),
        figure: sees ? <Amount fen={row.amount} /> : undefined,
        second: `${row.number}${row.method ? ` · ${row.method}` : ""}`,
        end: <Day value={row.received_on} />,
      })}
    />
  );
}
