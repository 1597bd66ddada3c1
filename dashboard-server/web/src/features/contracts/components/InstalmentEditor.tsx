import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, InputNumber, Segmented, Select } from "antd";
import { useRef, useState } from "react";
import { FieldInput } from "@/components/FieldInput";
import { Refusal } from "@/components/States";
import { choiceOptions } from "@/components/words";
import { refreshRecords } from "@/lib/api/records";
import { fullMoney, shareText } from "@/lib/units";
import { useTexts } from "@/locales/i18n";
import { planInstalments } from "../api";
import {
  type By,
  complete,
  type DraftInstalment,
  instalmentRequests,
  newInstalment,
  PATTERNS,
  type Pattern,
  patterned,
  planned,
  sumOf,
} from "../instalments";
import type { Contract, DueBy, PaymentPlan, PlanKind } from "../types";

type Props = {
  contract: Contract;
  plans: PaymentPlan[];
  onClose: () => void;
};

/** Plans the instalments of a contract: shares or amounts that come to the whole. */
export function InstalmentEditor({ contract, plans, onClose }: Props) {
  const { t, lang } = useTexts();
  const client = useQueryClient();
  const { message } = App.useApp();
  const [start] = useState(() => planned(plans));
  const [by, setBy] = useState<By>(start.by);
  const [rows, setRows] = useState<DraftInstalment[]>(start.rows);
  const count = useRef(0);
  const amount = contract.amount ?? 0;
  const sum = sumOf(rows, by, amount);
  const requests = instalmentRequests(rows, by, amount);
  const save = useMutation({
    mutationFn: () => planInstalments(contract.id, requests ?? []),
    onSuccess: () => {
      void message.success(t("contracting.plan.saved"));
      onClose();
    },
    onSettled: () => refreshRecords(client),
  });
  const change = (key: string, patch: Partial<DraftInstalment>) =>
    setRows(rows.map((row) => (row.key === key ? { ...row, ...patch } : row)));
  const add = () => {
    count.current += 1;
    const left = Math.max(0, sum.left);
    setRows([
      ...rows,
      newInstalment(`new-${count.current}`, {
        share: by === "share" && left > 0 ? left / 100 : null,
        amount: by === "amount" && left > 0 ? left / 100 : null,
      }),
    ]);
  };
  const worth = (value: number) => (by === "share" ? shareText(value, lang) : fullMoney(value));
  return (
    <section className="instalments" data-testid="instalment-editor">
      <div className="instalment-tools">
        <Select<Pattern>
          placeholder={t("contracting.plan.pattern")}
          aria-label={t("contracting.plan.pattern")}
          data-testid="pattern"
          value={null}
          onChange={(pattern) => {
            setBy("share");
            setRows(patterned(pattern));
          }}
          options={(Object.keys(PATTERNS) as Pattern[]).map((value) => ({
            value,
            label: t(`contracting.patterns.${value}`),
          }))}
        />
        <Segmented<By>
          value={by}
          aria-label={t("contracting.plan.by")}
          onChange={setBy}
          options={[
            { value: "share", label: t("contracting.plan.byShare") },
            { value: "amount", label: t("contracting.plan.byAmount") },
          ]}
        />
      </div>
      <ol className="instalment-rows">
        {rows.map((row, index) => {
          const position = index + 1;
          const name = (part: string) => `${t("contracting.plan.position", { position })} ${part}`;
          return (
            <li key={row.key} className={complete(row, by) ? "instalment" : "instalment partial"}>
              <Select<PlanKind>
                value={row.kind}
                aria-label={name(t("contracting.plan.kind"))}
                onChange={(kind) => change(row.key, { kind })}
                options={choiceOptions("payment_plan", "kind", t)}
              />
              <Select<DueBy>
                value={row.dueBy}
                aria-label={name(t("contracting.plan.dueBy"))}
                onChange={(dueBy) => change(row.key, { dueBy })}
                options={choiceOptions("payment_plan", "due_by", t)}
              />
              {row.dueBy === "date" ? (
                <FieldInput
                  entity="payment_plan"
                  field={{ name: "event_on", kind: "day", placeholder: t("contracting.plan.on") }}
                  value={row.on ?? undefined}
                  onChange={(on) => change(row.key, { on: typeof on === "string" ? on : null })}
                />
              ) : (
                <InputNumber
                  className="wide"
                  min={0}
                  max={3650}
                  precision={0}
                  controls={false}
                  inputMode="numeric"
                  value={row.creditDays}
                  aria-label={name(t("contracting.plan.credit"))}
                  prefix={<span className="quiet">+</span>}
                  suffix={t("contracting.plan.credit")}
                  onChange={(days) => change(row.key, { creditDays: days ?? 0 })}
                />
              )}
              <InputNumber
                className="wide"
                min={0}
                max={by === "share" ? 100 : undefined}
                precision={2}
                controls={false}
                inputMode="decimal"
                value={by === "share" ? row.share : row.amount}
                suffix={by === "share" ? "%" : undefined}
                aria-label={name(
                  t(by === "share" ? "contracting.plan.share" : "contracting.plan.amount"),
                )}
                onChange={(value) =>
                  change(row.key, by === "share" ? { share: value } : { amount: value })
                }
              />
              <Button
                type="text"
                icon={<DeleteOutlined />}
                aria-label={t("contracting.plan.remove", { position })}
                onClick={() => setRows(rows.filter((one) => one.key !== row.key))}
              />
            </li>
          );
        })}
      </ol>
      <div className="instalment-foot">
        <Button type="dashed" size="small" icon={<PlusOutlined />} onClick={add}>
          {t("contracting.plan.add")}
        </Button>
        {rows.length > 0 && (
          <span
            className={sum.left === 0 ? "good" : "warning"}
            aria-live="polite"
            data-testid="plan-sum"
          >
            {sum.left === 0
              ? t("contracting.plan.whole")
              : sum.left > 0
                ? t("contracting.plan.left", { value: worth(sum.left) })
                : t("contracting.plan.beyond", { value: worth(-sum.left) })}
          </span>
        )}
      </div>
      {save.error && <Refusal error={save.error} />}
      <div className="instalment-foot">
        <Button
          type="primary"
          disabled={requests === null}
          loading={save.isPending}
          data-testid="plan-save"
          onClick={() => save.mutate()}
        >
          {t("contracting.plan.save")}
        </Button>
        <Button onClick={onClose}>{t("part.cancel")}</Button>
      </div>
    </section>
  );
}
