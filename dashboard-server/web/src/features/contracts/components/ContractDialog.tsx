import { useState } from "react";
import { ActionDialog } from "@/components/ActionDialog";
import type { Field } from "@/components/fields";
import { dayOf } from "@/lib/format";
import { useMe } from "@/lib/session";
import { fullMoney } from "@/lib/units";
import { useTexts } from "@/locales/i18n";
import { applyForInvoice, closeContract, depositReceived, eventCame, signContract } from "../api";
import type { Contract, PaymentPlan } from "../types";

export type Asking = "sign" | "deposit" | "complete" | "terminate" | "event" | "invoice";

/** What an instalment can fall due by, beside a day. */
const EVENTS = ["shipment", "acceptance", "invoice"] as const;

/** Whether an instalment falls due by something that has not happened. */
export function waitsForEvent({ due_by, event_on }: PaymentPlan): boolean {
  return event_on === null && EVENTS.some((event) => event === due_by);
}

type Props = {
  contract: Contract;
  plans: PaymentPlan[];
  /** It becomes effective only when its deposit is in. */
  waitsDeposit: boolean;
  onClose: () => void;
};

/** What a step of a contract asks for before it is made. */
export function ContractDialog({ asking, ...props }: Props & { asking: Asking }) {
  switch (asking) {
    case "sign":
      return <Sign {...props} />;
    case "deposit":
      return <Deposit {...props} />;
    case "event":
      return <Event {...props} />;
    case "invoice":
      return <Invoice {...props} />;
    default:
      return <Close {...props} asking={asking} />;
  }
}

function useToday(): string {
  const { zone } = useMe().company;
  return dayOf(new Date().toISOString(), zone);
}

function Sign({ contract, waitsDeposit, onClose }: Props) {
  const { t } = useTexts();
  const { company } = useMe();
  const today = useToday();
  const rate: Field[] =
    contract.currency !== company.currency && contract.original_amount !== null
      ? [
          {
            name: "rate",
            kind: "price",
            required: true,
            label: t("contracting.sign.rate", { currency: contract.currency }),
          },
        ]
      : [];
  return (
    <ActionDialog
      entity="contract"
      title={t("contracting.sign.title")}
      note={
        waitsDeposit
          ? t("contracting.sign.noteDeposit", {
              amount: fullMoney(contract.deposit_amount ?? 0),
            })
          : t(
              contract.opportunity_id === null
                ? "contracting.sign.notePlain"
                : "contracting.sign.noteWin",
            )
      }
      fields={[{ name: "signed_on", kind: "day", required: true }, ...rate]}
      initial={{ signed_on: today, rate: contract.rate ?? undefined }}
      submitLabel={t("contracting.actions.sign")}
      run={({ signed_on, rate: given }) =>
        signContract(contract, {
          signed_on: String(signed_on),
          ...(typeof given === "number" ? { rate: given } : {}),
        })
      }
      said={t("contracting.sign.done")}
      onClose={onClose}
    />
  );
}

function Deposit({ contract, onClose }: Props) {
  const { t } = useTexts();
  const today = useToday();
  return (
    <ActionDialog
      entity="contract"
      title={t("contracting.depositTitle")}
      fields={[{ name: "received_on", kind: "day", required: true }]}
      initial={{ received_on: today }}
      submitLabel={t("contracting.actions.deposit")}
      run={({ received_on }) => depositReceived(contract, String(received_on))}
      said={t("contracting.depositDone")}
      onClose={onClose}
    />
  );
}

function Close({ asking, contract, onClose }: Props & { asking: "complete" | "terminate" }) {
  const { t } = useTexts();
  return (
    <ActionDialog
      entity="contract"
      title={t(asking === "complete" ? "contracting.completeSure" : "contracting.terminateSure")}
      submitLabel={t(`contracting.actions.${asking}`)}
      danger={asking === "terminate"}
      run={() => closeContract(contract, asking === "complete" ? "completed" : "terminated")}
      said={t(asking === "complete" ? "contracting.completed" : "contracting.terminated")}
      onClose={onClose}
    />
  );
}

function Event({ contract, plans, onClose }: Props) {
  const { t } = useTexts();
  const today = useToday();
  return (
    <ActionDialog
      entity="payment_plan"
      title={t("contracting.event.title")}
      note={t("contracting.event.note")}
      fields={[
        {
          name: "event",
          kind: "choice",
          required: true,
          label: t("contracting.event.event"),
          options: EVENTS.filter((event) =>
            plans.some((plan) => plan.due_by === event && plan.event_on === null),
          ).map((value) => ({ value, label: t(`contracting.event.words.${value}`) })),
        },
        { name: "on", kind: "day", required: true, label: t("contracting.event.on") },
      ]}
      initial={{
        on: today,
        event: plans.find(waitsForEvent)?.due_by,
      }}
      submitLabel={t("part.save")}
      run={({ event, on }) => eventCame(contract.id, String(event), String(on))}
      said={t("contracting.event.done")}
      onClose={onClose}
    />
  );
}

function Invoice({ contract, plans, onClose }: Props) {
  const { t } = useTexts();
  const [key] = useState(() => crypto.randomUUID());
  const planName = (id: number) => {
    const plan = plans.find((one) => one.id === id);
    return plan ? `${plan.position}. ${t(`choice.payment_plan.kind.${plan.kind}`)}` : `#${id}`;
  };
  return (
    <ActionDialog
      entity="invoice_application"
      title={t("contracting.invoice.title")}
      fields={[
        { name: "kind", kind: "choice", required: true, label: t("contracting.invoice.kind") },
        ...(plans.length > 0
          ? [
              {
                name: "payment_plan_id",
                kind: "choice",
                label: t("contracting.invoice.plan"),
                options: plans.map(({ id }) => ({ value: String(id), label: planName(id) })),
              } satisfies Field,
            ]
          : []),
        {
          name: "amount",
          kind: "money",
          required: plans.length === 0,
          label: t("contracting.invoice.amount"),
        },
        ...(contract.tax_rate === null
          ? [{ name: "tax_rate", kind: "share", required: true } satisfies Field]
          : []),
        {
          name: "title",
          label: t("contracting.invoice.heading"),
          help: t("contracting.invoice.headingHelp"),
          maxLength: 200,
        },
        {
          name: "credit_code",
          label: t("contracting.invoice.code"),
          help: t("contracting.invoice.codeHelp"),
          maxLength: 18,
        },
      ]}
      initial={{
        kind: "special",
        ...(plans.length === 0 && typeof contract.amount === "number"
          ? { amount: contract.amount }
          : {}),
      }}
      submitLabel={t("contracting.invoice.submit")}
      run={({ kind, payment_plan_id, amount, tax_rate, title, credit_code }) =>
        applyForInvoice(
          {
            contract_id: contract.id,
            kind: String(kind),
            ...(payment_plan_id === undefined ? {} : { payment_plan_id: Number(payment_plan_id) }),
            ...(typeof amount === "number" ? { amount } : {}),
            ...(typeof tax_rate === "number" ? { tax_rate } : {}),
            ...(typeof title === "string" ? { title } : {}),
            ...(typeof credit_code === "string" ? { credit_code } : {}),
          },
          key,
        )
      }
      said={t("contracting.invoice.submit")}
      onClose={onClose}
    />
  );
}
