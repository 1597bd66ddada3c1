import { Amount, Choice, Day } from "@/components/Cells";
import { useOverlay } from "@/components/navigation";
import { RelatedList } from "@/components/RelatedList";
import { type Filter, integerOf, textOf } from "@/lib/api/records";
import { useMay } from "@/lib/session";
import { useTexts } from "@/locales/i18n";

/** Contracts, what is due by them, and what was received. */
export function AccountContracts({ filters }: { filters: Filter[] }) {
  const { t } = useTexts();
  const may = useMay();
  const { openRecord } = useOverlay();
  return (
    <>
      <RelatedList
        entity="contract"
        query={{ filters }}
        empty={t("accounts.noContracts")}
        card={(row) => ({
          title: textOf(row, "name"),
          figure: <Amount fen={row.amount} />,
          second: (
            <>
              {textOf(row, "number")} ·{" "}
              <Choice entity="contract" field="status" value={row.status} />
            </>
          ),
          end: <Day value={row.signed_on ?? row.recorded_at} />,
        })}
      />
      {may("payment_plan", "read") && (
        <>
          <h3 className="tab-head">{t("accounts.instalments")}</h3>
          <RelatedList
            entity="payment_plan"
            query={{ filters }}
            empty={t("accounts.noInstalments")}
            onOpen={(row) => {
              const contract = integerOf(row, "contract_id");
              if (contract !== null) openRecord({ entity: "contract", id: contract });
            }}
            card={(row) => ({
              title: <Choice entity="payment_plan" field="kind" value={row.kind} />,
              figure: <Amount fen={row.amount} />,
              second: <Choice entity="payment_plan" field="status" value={row.status} />,
              end: <Day value={row.due_on} />,
            })}
          />
        </>
      )}
      {may("receipt", "read") && (
        <>
          <h3 className="tab-head">{t("accounts.receipts")}</h3>
          <RelatedList
            entity="receipt"
            query={{ filters }}
            empty={t("accounts.noReceipts")}
            card={(row) => ({
              title: textOf(row, "number"),
              figure: <Amount fen={row.amount} />,
              second: <Choice entity="receipt" field="kind" value={row.kind} />,
              end: <Day value={row.received_on} />,
            })}
          />
        </>
      )}
    </>
  );
}
