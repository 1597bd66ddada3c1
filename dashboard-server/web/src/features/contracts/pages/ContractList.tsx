import { Button } from "antd";
import { Amount } from "@/components/Cells";
import {
  amountColumn,
  ChoiceTag,
  choiceColumn,
  dayColumn,
  namedColumn,
  tagColumn,
  textColumn,
} from "@/components/columns";
import { useOverlay } from "@/components/navigation";
import { ResourceTable } from "@/components/ResourceTable";
import { EmptyState } from "@/components/States";
import { useWho, WhoSwitch } from "@/components/WhoSwitch";
import { labelOf } from "@/lib/api/records";
import { useMay, useSeesAmounts } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { CONTRACT_TONES } from "../tones";
import type { Contract } from "../types";

export function ContractList() {
  const { t, lang } = useTexts();
  const may = useMay();
  const sees = useSeesAmounts();
  const { openForm, openRecord } = useOverlay();
  const { who } = useWho();
  return (
    <ResourceTable<Contract>
      entity="contract"
      columns={[
        textColumn("number", 140, { sortable: true }),
        textColumn("name", 220),
        namedColumn("contract", "account_id", 190),
        ...amountColumn<Contract>(sees),
        tagColumn("contract", "status", 90, CONTRACT_TONES),
        choiceColumn("contract", "kind", 110),
        dayColumn("signed_on", 90),
        dayColumn("expires_on", 90),
        namedColumn("contract", "owner_id", 100),
      ]}
      filters={[
        { field: "status", kind: "choice" },
        { field: "kind", kind: "choice" },
        { field: "account_id", kind: "reference" },
        { field: "owner_id", kind: "reference" },
        { field: "signed_on", kind: "day" },
        { field: "expires_on", kind: "day" },
      ]}
      base={{ view: who === "mine" ? "mine" : null, sort: "-id" }}
      onOpen={({ id }) => openRecord({ entity: "contract", id })}
      tools={<WhoSwitch />}
      empty={
        <EmptyState
          title={t("contracting.emptyTitle")}
          action={
            may("contract", "create") && (
              <Button type="primary" onClick={() => openForm("contract")}>
                {t("contracting.create")}
              </Button>
            )
          }
        >
          {t("contracting.emptyText")}
        </EmptyState>
      }
      card={(row, labels) => ({
        title: row.name,
        figure: sees ? <Amount fen={row.amount} /> : undefined,
        second: `${row.number} · ${labelOf(labels, "account", row.account_id, lang)}`,
        end: (
          <ChoiceTag entity="contract" field="status" value={row.status} tones={CONTRACT_TONES} />
        ),
      })}
    />
  );
}
