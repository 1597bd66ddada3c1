import { useQuery } from "@tanstack/react-query";
import { Button, Modal, Popconfirm, Skeleton, Tag } from "antd";
import { useState } from "react";
import { useStep } from "@/components/ActionDialog";
import { Choice, Day, RecordLink } from "@/components/Cells";
import { Facts, HeadNumbers } from "@/components/Facts";
import { History } from "@/components/History";
import { useOverlay } from "@/components/navigation";
import { PendingDrawer, RecordDrawer } from "@/components/RecordDrawer";
import { FailureState } from "@/components/States";
import { listQuery, recordQuery } from "@/lib/api/records";
import { useMay } from "@/lib/session";
import { fullMoney } from "@/lib/units";
import { useTexts } from "@/locales/i18n";
import { allocate, allocationsQuery, openPlansQuery, removeReceipt, takeBack } from "../api";
import { checkAllocation, suggestAllocation } from "../money";
import type { PaymentPlan, Receipt } from "../types";
import { AllocationList } from "./AllocationList";
import "../contracts.css";

const FACTS = [
  "account_id",
  "kind",
  "method",
  "reference",
  "received_on",
  "currency",
  "rate",
  "recorded_at",
];

export function ReceiptDrawer({ id }: { id: number }) {
  const { t } = useTexts();
  const may = useMay();
  const { close } = useOverlay();
  const [allocating, setAllocating] = useState(false);
  const step = useStep();
  const found = useQuery(recordQuery<Receipt>("receipt", id));
  const receipt = found.data?.record;
  const labels = found.data?.labels;
  if (!receipt || !labels) {
    return <PendingDrawer found={found} testId="receipt" />;
  }
  const amount = receipt.amount ?? 0;
  const held = receipt.allocated_amount ?? 0;
  const left = amount - held;
  return (
    <RecordDrawer
      testId="receipt"
      title={receipt.number}
      subtitle={
        <>
          <RecordLink entity="account" id={receipt.account_id} labels={labels} /> ·{" "}
          <Day value={receipt.received_on} />{" "}
          <Tag>
            <Choice entity="receipt" field="kind" value={receipt.kind} />
          </Tag>
        </>
      }
      actions={
        <>
          {left > 0 && receipt.kind !== "refund" && may("receipt", "update") && (
            <Button type="primary" data-testid="allocate" onClick={() => setAllocating(true)}>
              {t("contracting.actions.allocate")}
            </Button>
          )}
          {held === 0 && may("receipt", "delete") && (
            <Popconfirm
              title={t("contracting.receipt.removeSure")}
              okText={t("contracting.actions.removeReceipt")}
              onConfirm={() =>
                step.mutate(
                  { run: () => removeReceipt(receipt), said: t("contracting.receipt.removed") },
                  { onSuccess: close },
                )
              }
            >
              <Button danger data-testid="remove">
                {t("contracting.actions.removeReceipt")}
              </Button>
            </Popconfirm>
          )}
        </>
      }
      head={
        receipt.amount === undefined ? null : (
          <HeadNumbers
            items={[
              {
                key: "amount",
                label: t("contracting.receipt.amount"),
                value: fullMoney(receipt.original_amount ?? amount, receipt.currency),
              },
              {
                key: "allocated",
                label: t("contracting.receipt.allocated"),
                value: fullMoney(held),
              },
              {
                key: "left",
                label: t("contracting.receipt.unallocated"),
                value: <span className={left > 0 ? "warning" : undefined}>{fullMoney(left)}</span>,
              },
            ]}
          />
        )
      }
      tabs={[
        {
          key: "allocations",
          label: t("contracting.receipt.allocations"),
          children: (
            <>
              <Allocations receipt={receipt} />
              <Facts entity="receipt" record={receipt} labels={labels} fields={FACTS} />
            </>
          ),
        },
        {
          key: "history",
          label: t("contracting.receipt.history"),
          children: <History entity="receipt" id={id} />,
        },
      ]}
    >
      {allocating && (
        <AllocateDialog receipt={receipt} left={left} onClose={() => setAllocating(false)} />
      )}
    </RecordDrawer>
  );
}

function Allocations({ receipt }: { receipt: Receipt }) {
  const { t } = useTexts();
  const may = useMay();
  const step = useStep();
  const found = useQuery(allocationsQuery({ receipt: receipt.id }));
  const ids = found.data?.rows.map(({ payment_plan_id }) => payment_plan_id) ?? [];
  const plans = useQuery({
    ...listQuery<PaymentPlan>("payment_plan", {
      filters: [{ field: "id", op: "in", values: ids.map(String) }],
      limit: 100,
    }),
    enabled: ids.length > 0,
  });
  if (found.error) return <FailureState error={found.error} onRetry={() => found.refetch()} />;
  if (!found.data) return <Skeleton active paragraph={{ rows: 2 }} title={false} />;
  if (found.data.rows.length === 0) {
    return <p className="quiet">{t("contracting.receipt.noAllocations")}</p>;
  }
  return (
    <ul className="plain-list">
      {found.data.rows.map((part) => {
        const plan = plans.data?.rows.find(({ id }) => id === part.payment_plan_id);
        return (
          <li key={part.id} data-testid="allocated">
            <span className="grow">
              {plan ? (
                <>
                  <RecordLink entity="contract" id={plan.contract_id} labels={plans.data?.labels} />{" "}
                  {plan.position}. <Choice entity="payment_plan" field="kind" value={plan.kind} />
                </>
              ) : (
                `#${part.payment_plan_id}`
              )}{" "}
              <span className="quiet small">
                <Day value={part.allocated_on} />
              </span>
            </span>
            {part.amount !== undefined && <span className="figures">{fullMoney(part.amount)}</span>}
            {may("receipt", "update") && (
              <Popconfirm
                title={t("contracting.receipt.takeBackSure")}
                okText={t("contracting.actions.takeBack")}
                onConfirm={() =>
                  step.mutate({
                    run: () => takeBack(part),
                    said: t("contracting.receipt.takenBack"),
                  })
                }
              >
                <Button size="small" type="text">
                  {t("contracting.actions.takeBack")}
                </Button>
              </Popconfirm>
            )}
          </li>
        );
      })}
    </ul>
  );
}

/** Allocates what is left of a receipt. */
function AllocateDialog({
  receipt,
  left,
  onClose,
}: {
  receipt: Receipt;
  left: number;
  onClose: () => void;
}) {
  const { t } = useTexts();
  const step = useStep();
  const open = useQuery(openPlansQuery(receipt.account_id));
  const [own, setOwn] = useState<Map<number, number> | null>(null);
  const plans = open.data?.rows ?? [];
  const parts = own ?? suggestAllocation(plans, left);
  const checked = checkAllocation(plans, parts, left);
  return (
    <Modal
      open
      title={t("contracting.receipt.allocate")}
      onCancel={onClose}
      okText={t("contracting.actions.allocate")}
      cancelText={t("part.cancel")}
      okButtonProps={{
        disabled: checked.sum === 0 || checked.left < 0 || checked.beyond.length > 0,
        loading: step.isPending,
      }}
      onOk={() =>
        step.mutate(
          {
            run: () =>
              allocate(
                receipt,
                [...parts].map(([payment_plan_id, amount]) => ({ payment_plan_id, amount })),
              ),
            said: t("contracting.receipt.allocatedDone"),
          },
          { onSuccess: onClose },
        )
      }
    >
      {open.error ? (
        <FailureState error={open.error} />
      ) : !open.data ? (
        <Skeleton active paragraph={{ rows: 3 }} title={false} />
      ) : plans.length === 0 ? (
        <p className="quiet">{t("contracting.receipt.noPlans")}</p>
      ) : (
        <AllocationList
          plans={plans}
          labels={open.data.labels}
          amount={left}
          parts={parts}
          onChange={setOwn}
        />
      )}
    </Modal>
  );
}
