import { useQuery } from "@tanstack/react-query";
import { Button, Dropdown, Progress, Skeleton, Tag } from "antd";
import { useState } from "react";
import { ActionDialog } from "@/components/ActionDialog";
import { Choice, Due } from "@/components/Cells";
import { useOverlay } from "@/components/navigation";
import { FailureState } from "@/components/States";
import { useMay } from "@/lib/session";
import { fullMoney, shareText } from "@/lib/units";
import { useTexts } from "@/locales/i18n";
import { plansQuery, requestPayment, writeOff } from "../api";
import { openOf } from "../money";
import type { Contract, PaymentPlan } from "../types";
import { InstalmentEditor } from "./InstalmentEditor";

export const PLAN_TONES: Record<string, string> = {
  waiting: "default",
  due: "warning",
  partly_paid: "processing",
  paid: "success",
  written_off: "default",
};

/** The instalments of a contract, and the way to plan them. */
export function Instalments({ contract }: { contract: Contract }) {
  const { t } = useTexts();
  const may = useMay();
  const [editing, setEditing] = useState(false);
  const found = useQuery(plansQuery(contract.id));
  if (found.error) return <FailureState error={found.error} onRetry={() => found.refetch()} />;
  if (!found.data) return <Skeleton active paragraph={{ rows: 4 }} title={false} />;
  const plans = found.data.rows;
  const plansNow =
    may("payment_plan", "create") &&
    may("contract", "update") &&
    ["draft", "signed", "effective"].includes(contract.status) &&
    typeof contract.amount === "number" &&
    plans.every(({ received_amount }) => (received_amount ?? 0) === 0);
  if (editing) {
    return <InstalmentEditor contract={contract} plans={plans} onClose={() => setEditing(false)} />;
  }
  return (
    <>
      {plans.length === 0 && (
        <p className="quiet">
          {t(contract.amount === null ? "contracting.plan.noAmount" : "contracting.plan.none")}
        </p>
      )}
      <ol className="plain-list plan-list" data-testid="instalments">
        {plans.map((plan) => (
          <PlanRow key={plan.id} plan={plan} />
        ))}
      </ol>
      {plansNow && (
        <Button
          data-testid="plan"
          type={plans.length === 0 ? "primary" : "default"}
          onClick={() => setEditing(true)}
        >
          {t(plans.length === 0 ? "contracting.actions.plan" : "contracting.actions.replan")}
        </Button>
      )}
    </>
  );
}

function PlanRow({ plan }: { plan: PaymentPlan }) {
  const { t, lang } = useTexts();
  const may = useMay();
  const { openForm } = useOverlay();
  const [asking, setAsking] = useState<"request" | "writeOff" | null>(null);
  const [key] = useState(() => crypto.randomUUID());
  const open = openOf(plan);
  const receives = open > 0 && may("receipt", "create");
  const requests = open > 0 && may("payment_request", "create");
  const gives = open > 0 && may("payment_plan", "assign");
  const event = t(`choice.payment_plan.due_by.${plan.due_by}`);
  return (
    <li data-testid="plan-row" data-id={plan.id}>
      <span className="grow">
        <span className="strong">
          {plan.position}. <Choice entity="payment_plan" field="kind" value={plan.kind} />
        </span>{" "}
        {plan.share !== null && <span className="quiet small">{shareText(plan.share, lang)}</span>}
        <span className="plan-due quiet small">
          {plan.due_on ? (
            plan.status === "paid" || plan.status === "written_off" ? (
              plan.due_on
            ) : (
              <Due value={plan.due_on} />
            )
          ) : plan.credit_days > 0 ? (
            t("contracting.plan.waitsCredit", { event, days: plan.credit_days })
          ) : (
            t("contracting.plan.waits", { event })
          )}
        </span>
      </span>
      {plan.amount !== undefined && (
        <span className="plan-money">
          <span className="figures">{fullMoney(plan.amount)}</span>
          {(plan.received_amount ?? 0) > 0 && plan.status !== "paid" && (
            <>
              <span className="quiet small figures">
                {t("contracting.plan.received", { value: fullMoney(plan.received_amount ?? 0) })}
              </span>
              <Progress
                size="small"
                showInfo={false}
                percent={Math.round(((plan.received_amount ?? 0) / plan.amount) * 100)}
              />
            </>
          )}
        </span>
      )}
      <Tag color={PLAN_TONES[plan.status]}>
        <Choice entity="payment_plan" field="status" value={plan.status} />
      </Tag>
      {(receives || requests || gives) && (
        <Dropdown
          trigger={["click"]}
          menu={{
            items: [
              ...(receives ? [{ key: "receipt", label: t("contracting.actions.receipt") }] : []),
              ...(requests ? [{ key: "request", label: t("contracting.actions.request") }] : []),
              ...(gives
                ? [{ key: "writeOff", label: t("contracting.actions.writeOff"), danger: true }]
                : []),
            ],
            onClick: ({ key: name }) => {
              if (name === "receipt") openForm("receipt", { entity: "payment_plan", id: plan.id });
              else setAsking(name as typeof asking);
            },
          }}
        >
          <Button size="small" aria-label={t("contracting.plan.more", { position: plan.position })}>
            ⋯
          </Button>
        </Dropdown>
      )}
      {asking === "request" && (
        <ActionDialog
          entity="payment_request"
          title={t("contracting.request.title", { position: plan.position })}
          fields={[
            {
              name: "amount",
              kind: "money",
              required: true,
              label: t("contracting.request.amount"),
            },
            { name: "note", kind: "long", label: t("contracting.request.note") },
          ]}
          initial={{ amount: open }}
          submitLabel={t("contracting.request.submit")}
          run={({ amount, note }) =>
            requestPayment(
              {
                payment_plan_id: plan.id,
                amount: Number(amount),
                ...(typeof note === "string" ? { note } : {}),
              },
              key,
            )
          }
          said={t("contracting.request.submit")}
          onClose={() => setAsking(null)}
        />
      )}
      {asking === "writeOff" && (
        <ActionDialog
          entity="payment_plan"
          title={t("contracting.writeOffSure")}
          submitLabel={t("contracting.actions.writeOff")}
          danger
          run={() => writeOff(plan)}
          said={t("contracting.writtenOff")}
          onClose={() => setAsking(null)}
        />
      )}
    </li>
  );
}
