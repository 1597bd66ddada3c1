import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Checkbox, Input, Segmented } from "antd";
import { useState } from "react";
import { postTo } from "@/lib/api/client";
import { type Json, type One, refreshRecords } from "@/lib/api/records";
import { useTexts } from "@/locales/i18n";
import { FieldInput } from "./FieldInput";
import { useOverlay } from "./navigation";
import { Refusal } from "./States";
import { useDirtyGuard } from "./useDirtyGuard";
import "./composer.css";

const KINDS = ["call", "message", "meeting", "mail", "note"] as const;
type Kind = (typeof KINDS)[number];

/** Logs what was said, where the account is looked at: one line that opens when it is needed. */
export function Composer({
  accountId,
  opportunityId,
  visits = true,
}: {
  accountId: number;
  opportunityId?: number;
  /** Whether a visit is offered beside it, where nothing else offers it. */
  visits?: boolean;
}) {
  const { t } = useTexts();
  const client = useQueryClient();
  const { openForm } = useOverlay();
  const setDirty = useDirtyGuard();
  const [open, setOpen] = useState(false);
  const [kind, setKind] = useState<Kind>("call");
  const [content, setContent] = useState("");
  const [twoWay, setTwoWay] = useState(true);
  const [nextStep, setNextStep] = useState("");
  const [nextAt, setNextAt] = useState<Json | undefined>();
  const [key, setKey] = useState(() => crypto.randomUUID());
  const reset = () => {
    setOpen(false);
    setContent("");
    setNextStep("");
    setNextAt(undefined);
    setDirty(false);
    setKey(crypto.randomUUID());
  };
  const save = useMutation({
    mutationFn: () =>
      postTo<One>(
        "/api/interactions",
        {
          account_id: accountId,
          opportunity_id: opportunityId,
          kind,
          content: content.trim(),
          two_way: kind !== "note" && twoWay,
          next_step: nextStep.trim() || undefined,
          next_at: nextAt,
        },
        { key },
      ),
    onSuccess: () => {
      reset();
      return refreshRecords(client);
    },
  });
  if (!open) {
    return (
      <div className="composer-closed">
        <Input
          readOnly
          placeholder={t("accounts.log")}
          data-testid="log"
          onFocus={() => setOpen(true)}
        />
        {visits && (
          <Button
            data-testid="visit"
            onClick={() =>
              openForm(
                "visit",
                opportunityId === undefined
                  ? { entity: "account", id: accountId }
                  : { entity: "opportunity", id: opportunityId },
              )
            }
          >
            {t("accounts.visit")}
          </Button>
        )}
      </div>
    );
  }
  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Segmented<Kind>
        value={kind}
        onChange={setKind}
        options={KINDS.map((value) => ({ value, label: t(`choice.interaction.kind.${value}`) }))}
      />
      <Input.TextArea
        autoFocus
        autoSize={{ minRows: 2, maxRows: 8 }}
        value={content}
        placeholder={t("accounts.said")}
        aria-label={t("accounts.said")}
        data-testid="log-content"
        onChange={(event) => {
          setContent(event.target.value);
          setDirty(event.target.value !== "");
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.metaKey || event.ctrlKey) && content.trim()) {
            save.mutate();
          }
        }}
      />
      {kind !== "note" && (
        <Checkbox checked={twoWay} onChange={(event) => setTwoWay(event.target.checked)}>
          {t("field.two_way")}
          <span className="quiet small"> {t("accounts.twoWayNote")}</span>
        </Checkbox>
      )}
      <div className="composer-next">
        <Input
          value={nextStep}
          placeholder={t("field.next_step")}
          aria-label={t("field.next_step")}
          onChange={(event) => setNextStep(event.target.value)}
        />
        <FieldInput
          entity="interaction"
          field={{ name: "next_at", kind: "moment", placeholder: t("field.next_at") }}
          value={nextAt}
          onChange={setNextAt}
        />
      </div>
      {save.error && <Refusal error={save.error} />}
      <div className="composer-foot">
        <Button
          type="primary"
          htmlType="submit"
          disabled={content.trim() === ""}
          loading={save.isPending}
          data-testid="log-save"
        >
          {t("accounts.logSave")}
        </Button>
        <Button onClick={reset}>{t("part.cancel")}</Button>
      </div>
    </form>
  );
}
