import { PlusOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Form, Input, Segmented } from "antd";
import { useRef, useState } from "react";
import { useSearchParams } from "react-router";
import { Day, Named } from "@/components/Cells";
import { useOverlay } from "@/components/navigation";
import { RecordSelect } from "@/components/RecordSelect";
import { RelatedList } from "@/components/RelatedList";
import { Refusal } from "@/components/States";
import { refreshRecords } from "@/lib/api/records";
import { useTexts } from "@/locales/i18n";
import { type Handover, handOver, previewHandover } from "../api";
import {
  AT_WORK,
  type HandoverDraft,
  type HandoverKind,
  handoverRequest,
  noHandover,
} from "../handover";
import { HeirLine, Nothing, People, Shares } from "./HandoverParts";

const KINDS: readonly HandoverKind[] = ["round_robin", "region", "team", "accounts"];

/** Hands over everything that somebody is working on: chosen, looked at, done, with a receipt. */
export function HandOver() {
  const { t } = useTexts();
  const client = useQueryClient();
  const [params] = useSearchParams();
  const { openRecord } = useOverlay();
  const from = params.get("from");
  const [draft, setDraft] = useState<HandoverDraft>({
    ...noHandover,
    fromUserId: from === null ? null : Number(from),
  });
  const [reason, setReason] = useState("");
  const [key, setKey] = useState(() => crypto.randomUUID());
  const count = useRef(0);
  const request = handoverRequest(draft);
  const preview = useMutation({ mutationFn: previewHandover });
  const done = useMutation({
    mutationFn: () => {
      if (!request) throw new Error("nobody hands over");
      return handOver({ ...request, reason: reason.trim() }, key);
    },
    onSuccess: ({ record }) => {
      void refreshRecords(client);
      openRecord({ entity: "handover", id: record.id });
      preview.reset();
      setDraft(noHandover);
      setReason("");
      setKey(crypto.randomUUID());
    },
  });
  const change = (patch: Partial<HandoverDraft>) => {
    preview.reset();
    done.reset();
    setDraft((now) => ({ ...now, ...patch }));
  };
  const addHeir = () => {
    count.current += 1;
    change({
      heirs: [...draft.heirs, { key: `heir-${count.current}`, of: null, userId: null }],
    });
  };
  const user = (value: number | null, label: string, set: (id: number | null) => void) => (
    <RecordSelect entity="user" value={value} filters={AT_WORK} aria-label={label} onChange={set} />
  );
  const plan = preview.data;
  return (
    <div className="admin-section">
      <section className="card handover">
        <p className="quiet">{t("admin.handover.note")}</p>
        <Form layout="vertical" component="div">
          <Form.Item label={t("admin.handover.from")} required>
            <RecordSelect
              entity="user"
              value={draft.fromUserId}
              aria-label={t("admin.handover.from")}
              data-testid="from"
              onChange={(id) => change({ fromUserId: id })}
            />
          </Form.Item>
          <Form.Item label={t("admin.handover.rule")}>
            <Segmented<HandoverKind>
              value={draft.kind}
              aria-label={t("admin.handover.rule")}
              onChange={(kind) => change({ kind, heirs: [] })}
              options={KINDS.map((value) => ({
                value,
                label: t(`admin.handover.kinds.${value}`),
              }))}
            />
          </Form.Item>
          {draft.kind === "round_robin" ? (
            <Form.Item label={t("admin.handover.successors")} required>
              <People
                value={draft.successors}
                label={t("admin.handover.successors")}
                onChange={(successors) => change({ successors })}
              />
            </Form.Item>
          ) : (
            <>
              {draft.heirs.map((heir) => (
                <HeirLine
                  key={heir.key}
                  kind={draft.kind}
                  heir={heir}
                  owner={draft.fromUserId}
                  onChange={(patch) =>
                    change({
                      heirs: draft.heirs.map((one) =>
                        one.key === heir.key ? { ...one, ...patch } : one,
                      ),
                    })
                  }
                  onRemove={() =>
                    change({ heirs: draft.heirs.filter((one) => one.key !== heir.key) })
                  }
                />
              ))}
              <Button
                size="small"
                type="dashed"
                icon={<PlusOutlined />}
                className="heir-add"
                onClick={addHeir}
              >
                {t("admin.handover.addHeir")}
              </Button>
              <Form.Item label={t("admin.handover.otherwise")} required>
                {user(draft.otherwise, t("admin.handover.otherwise"), (otherwise) =>
                  change({ otherwise }),
                )}
              </Form.Item>
            </>
          )}
        </Form>
        {preview.error && <Refusal error={preview.error} />}
        <Button
          disabled={!request}
          loading={preview.isPending}
          data-testid="preview"
          type={plan ? "default" : "primary"}
          onClick={() => request && preview.mutate(request)}
        >
          {t("admin.handover.preview")}
        </Button>
      </section>
      {plan && (
        <section className="card" data-testid="handover-preview">
          <h2>{t("admin.handover.previewTitle")}</h2>
          {plan.moved.length === 0 ? (
            <Nothing userId={plan.from_user_id} />
          ) : (
            <>
              <Shares plan={plan} />
              <Form layout="vertical" component="div">
                <Form.Item label={t("admin.handover.reason")} htmlFor="handover-reason" required>
                  <Input
                    id="handover-reason"
                    value={reason}
                    maxLength={1000}
                    placeholder={t("admin.handover.reasonHint")}
                    onChange={(event) => setReason(event.target.value)}
                  />
                </Form.Item>
              </Form>
              {done.error && <Refusal error={done.error} />}
              <Button
                type="primary"
                danger
                disabled={reason.trim() === ""}
                loading={done.isPending}
                data-testid="hand-over"
                onClick={() => done.mutate()}
              >
                {t("admin.handover.submit")}
              </Button>
            </>
          )}
        </section>
      )}
      <section className="card">
        <h2>{t("admin.handover.past")}</h2>
        <RelatedList<Handover>
          entity="handover"
          query={{ sort: "-at" }}
          empty={t("admin.handover.noPast")}
          card={(row, labels) => ({
            title: <Named entity="user" id={row.from_user_id} labels={labels} />,
            figure: t("admin.handover.moved", { count: row.moved.length }),
            second: row.reason ?? "",
            end: <Day value={row.at} />,
          })}
        />
      </section>
    </div>
  );
}
