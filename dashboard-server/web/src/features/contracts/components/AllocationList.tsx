import { Button, InputNumber } from "antd";
import { Choice, Due } from "@/components/Cells";
import { type Labels, labelOf } from "@/lib/api/records";
import { fullMoney, stored, written } from "@/lib/units";
import { useTexts } from "@/locales/i18n";
import { checkAllocation, oldestFirst, openOf, suggestAllocation } from "../money";
import type { PaymentPlan } from "../types";

type Props = {
  plans: PaymentPlan[];
  labels: Labels;
  /** What there is to allocate, in fen. */
  amount: number;
  parts: Map<number, number>;
  /** The instalment that comes before all others. */
  first?: number;
  onChange: (parts: Map<number, number>) => void;
};

/** How much of a payment goes to which instalment; what is left and what is too much is said. */
export function AllocationList({ plans, labels, amount, parts, first, onChange }: Props) {
  const { t, lang } = useTexts();
  const { left, beyond } = checkAllocation(plans, parts, amount);
  return (
    <section className="allocation" data-testid="allocation">
      <div className="allocation-head">
        <span className="strong">{t("contracting.receipt.allocate")}</span>
        <Button
          size="small"
          type="link"
          onClick={() => onChange(suggestAllocation(plans, amount, first))}
        >
          {t("contracting.receipt.suggest")}
        </Button>
        <Button size="small" type="link" onClick={() => onChange(new Map())}>
          {t("contracting.receipt.clear")}
        </Button>
      </div>
      <ol className="plain-list">
        {oldestFirst(plans).map((plan) => {
          const part = parts.get(plan.id) ?? 0;
          const name = `${labelOf(labels, "contract", plan.contract_id, lang)} ${plan.position}.`;
          return (
            <li key={plan.id} data-testid="allocation-row" data-id={plan.id}>
              <span className="grow">
                <span className="clip">
                  {plan.contract_id === null ? "" : name}{" "}
                  <Choice entity="payment_plan" field="kind" value={plan.kind} />
                </span>
                <span className="plan-due quiet small">
                  {plan.due_on && <Due value={plan.due_on} />} {t("contracting.due.open")}{" "}
                  <span className="figures">{fullMoney(openOf(plan))}</span>
                </span>
                {beyond.includes(plan.id) && (
                  <span className="plan-due small warning">
                    {t("contracting.receipt.beyondPlan")}
                  </span>
                )}
              </span>
              <InputNumber
                className="allocation-part"
                min={0}
                precision={2}
                controls={false}
                inputMode="decimal"
                value={part === 0 ? null : written(part, "money")}
                placeholder="0"
                formatter={(shown, { userTyping, input }) =>
                  userTyping
                    ? input
                    : `${shown ?? ""}`.replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ",")
                }
                aria-label={`${t("contracting.receipt.allocate")} ${name}`}
                status={beyond.includes(plan.id) ? "error" : undefined}
                onChange={(value) => {
                  const next = new Map(parts);
                  const fen = value === null ? 0 : stored(value, "money");
                  if (fen > 0) next.set(plan.id, fen);
                  else next.delete(plan.id);
                  onChange(next);
                }}
              />
            </li>
          );
        })}
      </ol>
      {amount > 0 && (
        <p
          className={left < 0 ? "small fault" : left === 0 ? "small good" : "small quiet"}
          aria-live="polite"
          data-testid="allocation-left"
        >
          {left < 0
            ? t("contracting.receipt.beyond", { value: fullMoney(-left) })
            : left === 0
              ? t("contracting.receipt.all")
              : `${t("contracting.receipt.left", { value: fullMoney(left) })} · ${t("contracting.receipt.leftNote")}`}
        </p>
      )}
    </section>
  );
}
