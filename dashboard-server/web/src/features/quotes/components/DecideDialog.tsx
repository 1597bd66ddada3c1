import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, AutoComplete, Checkbox, Form, Modal, Radio, Skeleton } from "antd";
import { useState } from "react";
import { FieldInput } from "@/components/FieldInput";
import { FailureState, Refusal } from "@/components/States";
import { refreshRecords } from "@/lib/api/records";
import { fullMoney } from "@/lib/units";
import { useTexts } from "@/locales/i18n";
import { type DecideRequest, decideQuote, linesQuery } from "../api";
import type { Quote } from "../types";

const REASONS = ["price", "delivery", "technical", "budget", "other"] as const;

/** What the customer says to a quote: to all of it, to some lines, or no. */
export function DecideDialog({ quote, onClose }: { quote: Quote; onClose: () => void }) {
  const { t } = useTexts();
  const client = useQueryClient();
  const { message } = App.useApp();
  const lines = useQuery(linesQuery(quote.id));
  const [decision, setDecision] = useState<DecideRequest["decision"]>("accepted");
  const [ids, setIds] = useState<number[]>([]);
  const [reason, setReason] = useState("");
  const [at, setAt] = useState<string | undefined>();
  const save = useMutation({
    mutationFn: () =>
      decideQuote(quote, {
        decision,
        ...(decision === "partial" ? { line_ids: ids } : {}),
        ...(decision === "declined" ? { reason: reason.trim() } : {}),
        ...(at ? { decided_at: at } : {}),
      }),
    onSuccess: () => {
      void message.success(t("quoting.decide.done", { decision: t(`quoting.decide.${decision}`) }));
      onClose();
    },
    onSettled: () => refreshRecords(client),
  });
  const ready =
    decision === "accepted" || (decision === "partial" ? ids.length > 0 : reason.trim() !== "");
  return (
    <Modal
      open
      title={t("quoting.decide.title")}
      onCancel={onClose}
      okText={t("quoting.decide.submit")}
      okButtonProps={{ disabled: !ready, loading: save.isPending }}
      cancelText={t("part.cancel")}
      onOk={() => save.mutate()}
      data-testid="decide"
    >
      <Form layout="vertical" component="div" className="record-form">
        <Form.Item label={t("quoting.decide.how")}>
          <Radio.Group
            optionType="button"
            value={decision}
            onChange={(event) => setDecision(event.target.value)}
            options={(["accepted", "partial", "declined"] as const).map((value) => ({
              value,
              label: t(`quoting.decide.${value}`),
            }))}
          />
        </Form.Item>
        {decision === "partial" && (
          <Form.Item label={t("quoting.decide.lines")} required>
            {lines.error ? (
              <FailureState error={lines.error} />
            ) : !lines.data ? (
              <Skeleton active paragraph={{ rows: 2 }} title={false} />
            ) : (
              <Checkbox.Group
                className="decide-lines"
                value={ids}
                onChange={setIds}
                options={lines.data.rows.map((line) => ({
                  value: line.id,
                  label: (
                    <span className="option-line">
                      <span className="clip">{line.description}</span>
                      {line.amount !== undefined && (
                        <span className="figures">{fullMoney(line.amount, quote.currency)}</span>
                      )}
                    </span>
                  ),
                }))}
              />
            )}
          </Form.Item>
        )}
        {decision === "declined" && (
          <Form.Item label={t("quoting.decide.reason")} htmlFor="decline-reason" required>
            <AutoComplete
              id="decline-reason"
              className="wide"
              value={reason}
              onChange={setReason}
              options={REASONS.map((key) => ({ value: t(`quoting.decide.reasons.${key}`) }))}
            />
          </Form.Item>
        )}
        <Form.Item label={t("quoting.decide.at")}>
          <FieldInput
            entity="quote"
            field={{ name: "decided_at", kind: "moment" }}
            value={at}
            onChange={(value) => setAt(typeof value === "string" ? value : undefined)}
          />
        </Form.Item>
      </Form>
      {save.error && <Refusal error={save.error} />}
    </Modal>
  );
}
