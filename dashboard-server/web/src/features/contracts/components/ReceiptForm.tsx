import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, AutoComplete, Button, Form, Input, Select, Skeleton } from "antd";
import { useEffect, useState } from "react";
import { FieldInput } from "@/components/FieldInput";
import { kept, shown } from "@/components/fields";
import { useOverlay } from "@/components/navigation";
import { FormDrawer } from "@/components/RecordDrawer";
import { RecordSelect } from "@/components/RecordSelect";
import { FailureState, Refusal } from "@/components/States";
import { useDirtyGuard } from "@/components/useDirtyGuard";
import { choiceOptions } from "@/components/words";
import type { Opened } from "@/lib/address";
import { type Json, recordQuery, refreshRecords } from "@/lib/api/records";
import { dayOf } from "@/lib/format";
import { faultsOf, tellFault } from "@/lib/problem";
import { useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { createReceipt, openPlansQuery } from "../api";
import { checkAllocation, openOf, suggestAllocation } from "../money";
import { AllocationList } from "./AllocationList";
import "../contracts.css";

const METHODS = ["transfer", "draft", "check", "cash"] as const;

/** Money that came in, and which instalments it pays: the oldest first, unless said otherwise. */
export function ReceiptForm({ subject }: { subject: Opened | null }) {
  const { t } = useTexts();
  const me = useMe();
  const client = useQueryClient();
  const { message } = App.useApp();
  const { openRecord, close } = useOverlay();
  const setDirty = useDirtyGuard();
  const [key] = useState(() => crypto.randomUUID());
  const [chosen, setChosen] = useState<number | null>(
    subject?.entity === "account" ? subject.id : null,
  );
  const through = subject?.entity === "payment_plan" || subject?.entity === "contract";
  const from = useQuery({
    ...recordQuery(subject?.entity ?? "account", subject?.id ?? 0),
    enabled: through,
  });
  const found = from.data?.record.account_id;
  const account = through ? (typeof found === "number" ? found : null) : chosen;
  const open = useQuery(openPlansQuery(account));
  const plans = open.data?.rows ?? [];
  const first =
    subject?.entity === "payment_plan"
      ? subject.id
      : subject?.entity === "contract"
        ? plans.find(({ contract_id }) => contract_id === subject.id)?.id
        : undefined;
  const wanted = plans.find(({ id }) => id === first);
  const [amount, setAmount] = useState<Json | undefined>();
  const [touched, setTouched] = useState(false);
  const [on, setOn] = useState<Json | undefined>(() =>
    dayOf(new Date().toISOString(), me.company.zone),
  );
  const [kind, setKind] = useState("payment");
  const [method, setMethod] = useState("");
  const [reference, setReference] = useState("");
  const [own, setOwn] = useState<Map<number, number> | null>(null);

  // For one instalment the amount is what is open of it.
  const asked = wanted && !touched ? openOf(wanted) : null;
  useEffect(() => {
    if (asked !== null) setAmount(shown("money", asked));
  }, [asked]);

  const fen = Number(kept("money", amount) ?? 0);
  const refund = kind === "refund";
  const parts = refund ? new Map<number, number>() : (own ?? suggestAllocation(plans, fen, first));
  const { left, beyond } = checkAllocation(plans, parts, fen);
  const save = useMutation({
    mutationFn: () =>
      createReceipt(
        {
          account_id: account ?? 0,
          ...(typeof on === "string" ? { received_on: on } : {}),
          kind,
          ...(method.trim() ? { method: method.trim() } : {}),
          ...(reference.trim() ? { reference: reference.trim() } : {}),
          original_amount: fen,
          allocations: [...parts].map(([payment_plan_id, part]) => ({
            payment_plan_id,
            amount: part,
          })),
        },
        key,
      ),
    onSuccess: ({ record }) => {
      setDirty(false);
      void message.success(t("contracting.receipt.done", { number: record.number }));
      openRecord({ entity: "receipt", id: record.id }, { replace: true });
    },
    onSettled: () => refreshRecords(client),
  });
  const fault = (field: string) => {
    const told = faultsOf(save.error).find((one) => one.field === field);
    return told ? { validateStatus: "error" as const, help: tellFault(told.message, t) } : {};
  };
  const ready = account !== null && fen > 0 && left >= 0 && beyond.length === 0;
  return (
    <FormDrawer title={t("contracting.receipt.title")}>
      {from.error ? (
        <FailureState error={from.error} />
      ) : through && !from.data ? (
        <Skeleton active paragraph={{ rows: 6 }} />
      ) : (
        <Form
          layout="vertical"
          className="record-form"
          onFinish={() => ready && save.mutate()}
          onChange={() => setDirty(true)}
          disabled={save.isPending}
        >
          <Form.Item label={t("contracting.receipt.account")} htmlFor="receipt-account" required>
            <RecordSelect
              id="receipt-account"
              entity="account"
              autoFocus={account === null}
              disabled={through}
              allowClear={false}
              value={account}
              onChange={(id) => {
                setChosen(id);
                setOwn(null);
              }}
            />
          </Form.Item>
          <div className="two-columns">
            <Form.Item
              label={t("contracting.receipt.amount")}
              htmlFor="receipt-amount"
              required
              {...fault("original_amount")}
            >
              <FieldInput
                entity="receipt"
                field={{ name: "original_amount", kind: "money", autoFocus: account !== null }}
                id="receipt-amount"
                value={amount}
                onChange={(value) => {
                  setTouched(true);
                  setAmount(value);
                  setOwn(null);
                }}
              />
            </Form.Item>
            <Form.Item
              label={t("contracting.receipt.on")}
              htmlFor="receipt-on"
              {...fault("received_on")}
            >
              <FieldInput
                entity="receipt"
                field={{ name: "received_on", kind: "day" }}
                id="receipt-on"
                value={on}
                onChange={setOn}
              />
            </Form.Item>
            <Form.Item label={t("contracting.receipt.kind")} htmlFor="receipt-kind">
              <Select
                id="receipt-kind"
                className="wide"
                value={kind}
                onChange={setKind}
                options={choiceOptions("receipt", "kind", t)}
              />
            </Form.Item>
            <Form.Item label={t("contracting.receipt.method")} htmlFor="receipt-method">
              <AutoComplete
                id="receipt-method"
                className="wide"
                value={method}
                onChange={setMethod}
                options={METHODS.map((one) => ({
                  value: t(`contracting.receipt.methods.${one}`),
                }))}
              />
            </Form.Item>
          </div>
          <Form.Item label={t("contracting.receipt.reference")} htmlFor="receipt-reference">
            <Input
              id="receipt-reference"
              value={reference}
              maxLength={100}
              onChange={(event) => setReference(event.target.value)}
            />
          </Form.Item>
          {account !== null &&
            (refund ? (
              <p className="quiet">{t("contracting.receipt.refund")}</p>
            ) : open.error ? (
              <FailureState error={open.error} />
            ) : !open.data ? (
              <Skeleton active paragraph={{ rows: 2 }} title={false} />
            ) : plans.length === 0 ? (
              <p className="quiet">{t("contracting.receipt.noPlans")}</p>
            ) : (
              <>
                <AllocationList
                  plans={plans}
                  labels={open.data.labels}
                  amount={fen}
                  parts={parts}
                  first={first}
                  onChange={setOwn}
                />
                {own === null && fen > 0 && (
                  <p className="quiet small">{t("contracting.receipt.suggested")}</p>
                )}
              </>
            ))}
          {save.error && faultsOf(save.error).length === 0 && <Refusal error={save.error} />}
          <div className="form-foot">
            <Button
              type="primary"
              htmlType="submit"
              disabled={!ready}
              loading={save.isPending}
              data-testid="submit"
            >
              {t("contracting.receipt.submit")}
            </Button>
            <Button onClick={close}>{t("part.cancel")}</Button>
          </div>
        </Form>
      )}
    </FormDrawer>
  );
}
