import { useQuery } from "@tanstack/react-query";
import { Amount, Day } from "@/components/Cells";
import { HeadNumbers } from "@/components/Facts";
import { dayOf } from "@/lib/format";
import { useMay, useMe } from "@/lib/session";
import { fullMoney } from "@/lib/units";
import { daysUntil } from "@/lib/when";
import { useTexts } from "@/locales/i18n";
import { callOffsQuery, plansQuery } from "../api";
import { openOf, overdueDays } from "../money";
import type { Contract } from "../types";

/** What a contract is worth, and what of it came in. */
export function ContractNumbers({ contract }: { contract: Contract }) {
  const { t } = useTexts();
  const may = useMay();
  const { zone } = useMe().company;
  const plans = useQuery({ ...plansQuery(contract.id), enabled: may("payment_plan", "read") });
  const callOffs = useQuery({
    ...callOffsQuery(contract.id),
    enabled: contract.kind === "framework",
  });
  if (contract.amount === undefined) return null;
  const today = dayOf(new Date().toISOString(), zone);
  const rows = plans.data?.rows ?? [];
  const received = rows.reduce((sum, plan) => sum + (plan.received_amount ?? 0), 0);
  const open = rows.reduce((sum, plan) => sum + openOf(plan), 0);
  const overdue = rows
    .filter(({ due_on }) => due_on !== null && overdueDays(due_on, today) > 0)
    .reduce((sum, plan) => sum + openOf(plan), 0);
  const used = (callOffs.data?.rows ?? [])
    .filter(({ status }) => status !== "terminated")
    .reduce((sum, { amount }) => sum + (amount ?? 0), 0);
  const left = contract.expires_on ? daysUntil(contract.expires_on, zone, new Date()) : null;
  return (
    <HeadNumbers
      items={[
        {
          key: "amount",
          label: t("contracting.head.amount"),
          value:
            contract.amount === null ? (
              t("contracting.head.noAmount")
            ) : (
              <Amount fen={contract.original_amount} currency={contract.currency} full />
            ),
        },
        ...(contract.kind === "framework" && callOffs.data
          ? [
              { key: "used", label: t("contracting.head.used"), value: fullMoney(used) },
              ...(typeof contract.amount === "number"
                ? [
                    {
                      key: "left",
                      label: t("contracting.head.left"),
                      value: fullMoney(contract.amount - used),
                    },
                  ]
                : []),
            ]
          : []),
        ...(rows.length > 0
          ? [
              {
                key: "received",
                label: t("contracting.head.received"),
                value: fullMoney(received),
              },
              { key: "open", label: t("contracting.head.open"), value: fullMoney(open) },
            ]
          : []),
        ...(overdue > 0
          ? [
              {
                key: "overdue",
                label: t("contracting.head.overdue"),
                value: <span className="due past">{fullMoney(overdue)}</span>,
              },
            ]
          : []),
        ...(contract.deposit_required
          ? [
              {
                key: "deposit",
                label: t("contracting.head.deposit"),
                value: (
                  <>
                    {fullMoney(contract.deposit_amount ?? 0)}{" "}
                    <span className={contract.deposit_received_on ? "good small" : "warning small"}>
                      {t(
                        contract.deposit_received_on
                          ? "contracting.head.depositIn"
                          : "contracting.head.depositWaits",
                      )}
                    </span>
                  </>
                ),
              },
            ]
          : []),
        ...(contract.expires_on
          ? [
              {
                key: "expires",
                label: t("contracting.head.expires"),
                value: (
                  <>
                    <Day value={contract.expires_on} />
                    {left !== null && left >= 0 && contract.status === "effective" && (
                      <span className="quiet small">
                        {" "}
                        {t("contracting.head.daysLeft", { count: left })}
                      </span>
                    )}
                  </>
                ),
              },
            ]
          : []),
      ]}
    />
  );
}
