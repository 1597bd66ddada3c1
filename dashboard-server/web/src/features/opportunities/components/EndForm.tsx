import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, AutoComplete, Form, Input, Modal, Radio } from "antd";
import { useState } from "react";
import { FieldInput } from "@/components/FieldInput";
import { kept, shown } from "@/components/fields";
import { RecordSelect } from "@/components/RecordSelect";
import { Refusal } from "@/components/States";
import { refreshRecords } from "@/lib/api/records";
import { useTexts } from "@/locales/i18n";
import { type EndRequest, endDeal } from "../api";
import type { Opportunity } from "../types";

const ENDS = ["lost", "shelved", "invalid", "duplicate"] as const;
const REASONS = ["price", "delivery", "technical", "relation", "budget"] as const;

/** How a deal ends beside winning: each end asks for what it needs and no more. */
export function EndForm({ deal, onClose }: { deal: Opportunity; onClose: () => void }) {
  const { t } = useTexts();
  const client = useQueryClient();
  const { message } = App.useApp();
  const [end, setEnd] = useState<EndRequest["end"]>("lost");
  const [reason, setReason] = useState("");
  const [competitor, setCompetitor] = useState("");
  const [amount, setAmount] = useState(shown("money", deal.amount ?? undefined));
  const [original, setOriginal] = useState<number | null>(null);
  const seesAmounts = deal.amount !== undefined;
  const save = useMutation({
    mutationFn: () => {
      const lost = kept("money", amount);
      return endDeal(deal, {
        end,
        ...(end !== "duplicate" && reason.trim() ? { reason: reason.trim() } : {}),
        ...(end === "lost" && competitor.trim() ? { competitor: competitor.trim() } : {}),
        ...(end === "lost" && typeof lost === "number" ? { lost_amount: lost } : {}),
        ...(end === "duplicate" && original !== null ? { duplicate_of_id: original } : {}),
      });
    },
    onSuccess: () => {
      void message.success(t("deal.end.done", { end: t(`deal.end.${end}`) }));
      onClose();
      void refreshRecords(client);
    },
  });
  const ready =
    end === "lost" ? reason.trim() !== "" : end === "duplicate" ? original !== null : true;
  return (
    <Modal
      open
      title={t("deal.end.title")}
      onCancel={onClose}
      okText={t("deal.end.submit")}
      okButtonProps={{ danger: true, disabled: !ready, loading: save.isPending }}
      cancelText={t("part.cancel")}
      onOk={() => save.mutate()}
      data-testid="end-form"
    >
      <Form layout="vertical" component="div" className="record-form">
        <Form.Item label={t("deal.end.how")}>
          <Radio.Group
            value={end}
            onChange={(event) => setEnd(event.target.value)}
            className="end-choices"
          >
            {ENDS.map((value) => (
              <Radio key={value} value={value}>
                {t(`deal.end.${value}`)}
                <span className="quiet small end-note">{t(`deal.end.${value}Note`)}</span>
              </Radio>
            ))}
          </Radio.Group>
        </Form.Item>
        {end === "lost" && (
          <>
            <Form.Item label={t("deal.end.reason")} htmlFor="lost-reason" required>
              <AutoComplete
                id="lost-reason"
                className="wide"
                value={reason}
                onChange={setReason}
                data-testid="field-reason"
                options={REASONS.map((key) => ({ value: t(`deal.end.reasons.${key}`) }))}
              />
            </Form.Item>
            <Form.Item label={t("deal.end.competitor")} htmlFor="competitor">
              <Input
                id="competitor"
                value={competitor}
                maxLength={200}
                onChange={(event) => setCompetitor(event.target.value)}
              />
            </Form.Item>
            {seesAmounts && (
              <Form.Item label={t("deal.end.amount")} htmlFor="lost-amount">
                <FieldInput
                  entity="opportunity"
                  field={{ name: "lost_amount", kind: "money" }}
                  id="lost-amount"
                  value={amount}
                  onChange={setAmount}
                />
              </Form.Item>
            )}
          </>
        )}
        {(end === "shelved" || end === "invalid") && (
          <Form.Item label={t("deal.end.reasonOptional")} htmlFor="end-reason">
            <Input
              id="end-reason"
              value={reason}
              maxLength={1000}
              onChange={(event) => setReason(event.target.value)}
            />
          </Form.Item>
        )}
        {end === "duplicate" && (
          <Form.Item label={t("deal.end.of")} htmlFor="duplicate-of" required>
            <RecordSelect
              id="duplicate-of"
              entity="opportunity"
              value={original}
              onChange={(id) => setOriginal(id)}
              filters={[{ field: "id", op: "not_in", values: [String(deal.id)] }]}
            />
          </Form.Item>
        )}
      </Form>
      {save.error && <Refusal error={save.error} />}
    </Modal>
  );
}
