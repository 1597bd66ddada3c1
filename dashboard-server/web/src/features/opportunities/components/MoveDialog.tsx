import { CheckCircleFilled } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Form, Input, Modal, Skeleton } from "antd";
import { useEffect, useState } from "react";
import { useSearchParams } from "react-router";
import { FieldInput } from "@/components/FieldInput";
import { kept, shown, type Values } from "@/components/fields";
import { FailureState, Refusal } from "@/components/States";
import { FileSender } from "@/components/Uploader";
import { fieldName } from "@/components/words";
import { changeRecord, recordQuery, refreshRecords } from "@/lib/api/records";
import { criterionText, missingOf } from "@/lib/problem";
import { useMay } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { missingQuery, moveDeal, stagesQuery } from "../api";
import { fieldsOf, type Need, needsOf, type Pending } from "../criteria";
import type { Opportunity } from "../types";
import { ContractNeed, QuoteNeed } from "./DocumentNeeds";
import { stageName, usePending } from "./useMove";

/** The move that waits in the address, over whatever page is there; not over the forms it leads to. */
export function MoveOverlay() {
  const { pending, setPending } = usePending();
  const [params] = useSearchParams();
  if (!pending || params.has("new")) return null;
  return (
    <MoveDialog
      key={`${pending.opportunityId}:${pending.stageId}`}
      pending={pending}
      onClose={() => setPending(null)}
    />
  );
}

/** What a deal lacks for a move, asked for in place; with the last of it the deal moves. */
function MoveDialog({ pending, onClose }: { pending: Pending; onClose: () => void }) {
  const { t, lang } = useTexts();
  const may = useMay();
  const client = useQueryClient();
  const { message } = App.useApp();
  const { opportunityId, stageId } = pending;
  const found = useQuery(recordQuery<Opportunity>("opportunity", opportunityId));
  const deal = found.data?.record;
  const stages = useQuery({ ...stagesQuery(deal?.pipeline_id ?? 0), enabled: deal !== undefined });
  const stage = stages.data?.rows.find(({ id }) => id === stageId);
  const lacking = useQuery({ ...missingQuery(opportunityId, stageId), refetchOnWindowFocus: true });
  const [values, setValues] = useState<Values>({});
  const [reason, setReason] = useState("");
  const [overriding, setOverriding] = useState(false);
  // What was missing at first stays on the list, ticked once it is there.
  const [asked, setAsked] = useState<Need[] | null>(null);
  const needs = needsOf(lacking.data?.missing ?? []);
  useEffect(() => {
    if (lacking.data) setAsked((before) => before ?? needsOf(lacking.data.missing));
  }, [lacking.data]);

  const arrived = deal !== undefined && deal.stage_id === stageId;
  const name = stage ? stageName(stage, lang) : "";
  const fields = fieldsOf(needs);
  const filled = fields.every(({ name, kind }) => kept(kind, values[name]) !== null);
  const others = needs.filter(({ kind }) => kind !== "field");

  const go = useMutation({
    mutationFn: async (override?: string) => {
      if (!deal) return null;
      let version = deal.version;
      if (fields.length > 0 && override === undefined) {
        const sent = Object.fromEntries(
          fields.map(({ name, kind }) => [name, kept(kind, values[name])]),
        );
        version = (await changeRecord<Opportunity>("opportunity", deal, sent)).record.version;
      }
      return moveDeal({ id: opportunityId, version }, stageId, override);
    },
    onSuccess: () => {
      void message.success(t(stage?.after_winning ? "deal.won" : "deal.moved", { stage: name }));
      onClose();
      void refreshRecords(client);
    },
    onError: () => void refreshRecords(client),
  });

  // Signing the contract wins the deal and moves it by itself.
  const { mutate, isPending } = go;
  useEffect(() => {
    if (!arrived || isPending) return;
    void message.success(t(stage?.after_winning ? "deal.won" : "deal.moved", { stage: name }));
    onClose();
  }, [arrived, isPending, message, onClose, t, stage, name]);

  // With the last thing that was asked for, the deal moves without another tap.
  const complete = lacking.isFetchedAfterMount && !lacking.isFetching && needs.length === 0;
  useEffect(() => {
    if (complete && asked && asked.length > 0 && !arrived) mutate(undefined);
  }, [complete, asked, arrived, mutate]);

  const failed = found.error ?? stages.error ?? lacking.error;
  const loading = !failed && (!deal || !stage || !lacking.data || !asked);
  const stands = (need: Need) => !needs.some((one) => JSON.stringify(one) === JSON.stringify(need));
  return (
    <Modal
      open
      title={
        loading || failed
          ? t("deal.missing.checking")
          : needs.length === 0
            ? t("deal.missing.titleDone", { stage: name })
            : t("deal.missing.title", { stage: name, count: needs.length })
      }
      onCancel={onClose}
      className="move-dialog"
      // Over the drawer of the deal, or of the quote that was made for the move.
      zIndex={1100}
      data-testid="move-dialog"
      footer={
        loading || failed ? null : (
          <>
            <Button onClick={onClose}>{t("deal.missing.cancel")}</Button>
            <Button
              type="primary"
              data-testid="move-go"
              disabled={others.length > 0 || !filled}
              loading={go.isPending && !overriding}
              onClick={() => go.mutate(undefined)}
            >
              {t("deal.missing.go", { stage: name })}
            </Button>
          </>
        )
      }
    >
      {failed ? (
        <FailureState error={failed} />
      ) : loading ? (
        <Skeleton active paragraph={{ rows: 3 }} title={false} />
      ) : (
        <>
          <p className="quiet clip">{t("deal.missing.forDeal", { name: deal?.name })}</p>
          <ul className="needs">
            {asked?.map((need) => (
              <li key={JSON.stringify(need)} className={stands(need) ? "need met" : "need"}>
                {stands(need) && need.kind !== "field" ? (
                  <span className="need-met">
                    <CheckCircleFilled aria-hidden="true" /> <NeedText need={need} />
                  </span>
                ) : (
                  <OneNeed
                    need={need}
                    dealId={opportunityId}
                    value={
                      need.kind === "field"
                        ? (values[need.field.name] ??
                          shown(need.field.kind, deal?.[need.field.name]))
                        : undefined
                    }
                    onValue={(field, value) => setValues((now) => ({ ...now, [field]: value }))}
                  />
                )}
              </li>
            ))}
          </ul>
          {go.error && !missingOf(go.error) && <Refusal error={go.error} />}
          {needs.length > 0 &&
            (may("opportunity", "assign") ? (
              overriding ? (
                <Alert
                  type="warning"
                  title={t("deal.missing.overrideTitle")}
                  description={
                    <div className="override">
                      <Input.TextArea
                        autoFocus
                        autoSize={{ minRows: 2, maxRows: 4 }}
                        maxLength={1000}
                        value={reason}
                        placeholder={t("deal.missing.overrideReason")}
                        aria-label={t("deal.missing.overrideReason")}
                        data-testid="override-reason"
                        onChange={(event) => setReason(event.target.value)}
                      />
                      <Button
                        danger
                        disabled={reason.trim() === ""}
                        loading={go.isPending}
                        data-testid="override"
                        onClick={() => go.mutate(reason.trim())}
                      >
                        {t("deal.missing.override")}
                      </Button>
                    </div>
                  }
                />
              ) : (
                <Button type="link" className="override-open" onClick={() => setOverriding(true)}>
                  {t("deal.missing.overrideTitle")}
                </Button>
              )
            ) : (
              <p className="quiet small">{t("deal.missing.noOverride")}</p>
            ))}
        </>
      )}
    </Modal>
  );
}

function NeedText({ need }: { need: Need }) {
  const { t } = useTexts();
  switch (need.kind) {
    case "attachment":
      return <>{criterionText({ attachment: need.attachment }, t)}</>;
    case "quote":
      return <>{criterionText({ quote: need.state }, t)}</>;
    case "contract":
      return <>{criterionText({ contract: need.state }, t)}</>;
    case "field":
      return <>{fieldName("opportunity", need.field.name, t)}</>;
    default:
      return <>{t("deal.missing.other", { name: fieldName("opportunity", need.name, t) })}</>;
  }
}

function OneNeed({
  need,
  dealId,
  value,
  onValue,
}: {
  need: Need;
  dealId: number;
  value: Values[string];
  onValue: (field: string, value: Values[string]) => void;
}) {
  switch (need.kind) {
    case "field":
      return (
        <Form layout="vertical" component="div">
          <Form.Item label={<NeedText need={need} />} htmlFor={`need-${need.field.name}`} required>
            <FieldInput
              entity="opportunity"
              field={need.field}
              id={`need-${need.field.name}`}
              value={value}
              onChange={(next) => onValue(need.field.name, next)}
            />
          </Form.Item>
        </Form>
      );
    case "attachment":
      return (
        <>
          <div className="need-name">
            <NeedText need={need} />
          </div>
          <FileSender entity="opportunity" id={dealId} kind={need.attachment} />
        </>
      );
    case "quote":
      return (
        <>
          <div className="need-name">
            <NeedText need={need} />
          </div>
          <QuoteNeed dealId={dealId} state={need.state} />
        </>
      );
    case "contract":
      return (
        <>
          <div className="need-name">
            <NeedText need={need} />
          </div>
          <ContractNeed dealId={dealId} state={need.state} />
        </>
      );
    default:
      return <NeedText need={need} />;
  }
}
