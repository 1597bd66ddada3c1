import { useQuery } from "@tanstack/react-query";
import { Button, Dropdown } from "antd";
import { useState } from "react";
import { useOverlay } from "@/components/navigation";
import { useMay } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { plansQuery } from "../api";
import { openOf } from "../money";
import type { Contract } from "../types";
import { type Asking, ContractDialog, waitsForEvent } from "./ContractDialog";

/** The steps that the state of a contract allows, the likely one first. */
export function ContractActions({ contract }: { contract: Contract }) {
  const { t } = useTexts();
  const may = useMay();
  const { openForm } = useOverlay();
  const [asking, setAsking] = useState<Asking | null>(null);
  const plans = useQuery({ ...plansQuery(contract.id), enabled: may("payment_plan", "read") });
  const rows = plans.data?.rows ?? [];
  const subject = { entity: "contract" as const, id: contract.id };
  const update = may("contract", "update");
  const is = (...statuses: Contract["status"][]) => statuses.includes(contract.status);
  const waitsDeposit = contract.deposit_required && contract.deposit_received_on === null;
  const open = rows.some((plan) => openOf(plan) > 0);
  const invoices = is("signed", "effective", "completed") && may("invoice_application", "create");
  const events = rows.some(waitsForEvent);
  const more = [
    ...(update && events && is("signed", "effective")
      ? [{ key: "event", label: t("contracting.actions.event") }]
      : []),
    ...(update && is("effective")
      ? [{ key: "complete", label: t("contracting.actions.complete") }]
      : []),
    ...(update && is("draft", "signed", "effective")
      ? [{ key: "terminate", label: t("contracting.actions.terminate"), danger: true }]
      : []),
  ];
  return (
    <>
      {is("draft") && update && (
        <Button type="primary" data-testid="sign" onClick={() => setAsking("sign")}>
          {t("contracting.actions.sign")}
        </Button>
      )}
      {is("draft", "signed") && waitsDeposit && update && (
        <Button
          type={is("signed") ? "primary" : "default"}
          data-testid="deposit"
          onClick={() => setAsking("deposit")}
        >
          {t("contracting.actions.deposit")}
        </Button>
      )}
      {contract.kind === "framework" && is("effective") && may("contract", "create") && (
        <Button type="primary" data-testid="call-off" onClick={() => openForm("call-off", subject)}>
          {t("contracting.actions.callOff")}
        </Button>
      )}
      {open && is("signed", "effective", "completed") && may("receipt", "create") && (
        <Button
          type={is("effective") && contract.kind !== "framework" ? "primary" : "default"}
          data-testid="receive"
          onClick={() => openForm("receipt", subject)}
        >
          {t("contracting.actions.receipt")}
        </Button>
      )}
      {invoices && (
        <Button data-testid="invoice" onClick={() => setAsking("invoice")}>
          {t("contracting.actions.invoice")}
        </Button>
      )}
      {more.length > 0 && (
        <Dropdown
          trigger={["click"]}
          menu={{ items: more, onClick: ({ key: name }) => setAsking(name as Asking) }}
        >
          <Button data-testid="more">{t("part.more")}</Button>
        </Dropdown>
      )}
      {asking && (
        <ContractDialog
          asking={asking}
          contract={contract}
          plans={rows}
          waitsDeposit={waitsDeposit}
          onClose={() => setAsking(null)}
        />
      )}
    </>
  );
}
