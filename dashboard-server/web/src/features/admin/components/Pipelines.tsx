import {
  ArrowDownOutlined,
  ArrowUpOutlined,
  DeleteOutlined,
  PlusOutlined,
} from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Checkbox, Input, InputNumber, Select, Skeleton, Tag } from "antd";
import { useEffect, useRef, useState } from "react";
import { useSearchParams } from "react-router";
import { ActionDialog } from "@/components/ActionDialog";
import { EmptyState, FailureState, Refusal } from "@/components/States";
import { useAction } from "@/components/useAction";
import { useDirtyGuard } from "@/components/useDirtyGuard";
import { changeRecord, createRecord, refreshRecords } from "@/lib/api/records";
import { useMay } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { type Pipeline, pipelinesQuery, saveStages, stagesQuery } from "../api";
import { draftsOf, faultsOf, reordered, type StageDraft, stageRequests } from "../stages";
import { CriteriaSelect } from "./CriteriaSelect";

/** Pipelines and their stages: order, expected days, probability, what each asks for. */
export function Pipelines() {
  const { t, lang } = useTexts();
  const may = useMay();
  const [params, setParams] = useSearchParams();
  const [creating, setCreating] = useState(false);
  const [key] = useState(() => crypto.randomUUID());
  const found = useQuery(pipelinesQuery);
  if (found.error) return <FailureState error={found.error} onRetry={() => found.refetch()} />;
  if (!found.data) return <Skeleton active paragraph={{ rows: 8 }} className="card" />;
  const { rows } = found.data;
  const chosen =
    rows.find(({ id }) => String(id) === params.get("pipeline")) ??
    rows.find(({ default_pipeline }) => default_pipeline) ??
    rows[0];
  const choose = (id: number) =>
    setParams((now) => {
      const next = new URLSearchParams(now);
      next.set("pipeline", String(id));
      return next;
    });
  return (
    <section className="admin-section">
      <div className="admin-tools">
        <Select<number>
          className="admin-choice"
          value={chosen?.id}
          aria-label={t("admin.pipeline.choose")}
          onChange={choose}
          options={rows.map((one) => ({
            value: one.id,
            label: lang === "en" ? one.name_en : one.name_zh,
          }))}
        />
        {may("pipeline", "create") && (
          <Button
            icon={<PlusOutlined />}
            data-testid="new-pipeline"
            onClick={() => setCreating(true)}
          >
            {t("admin.pipeline.create")}
          </Button>
        )}
      </div>
      {chosen ? (
        <>
          <PipelineHead pipeline={chosen} />
          <Stages key={chosen.id} pipeline={chosen} />
        </>
      ) : (
        <EmptyState title={t("admin.none")} />
      )}
      {creating && (
        <ActionDialog
          entity="pipeline"
          title={t("admin.pipeline.create")}
          fields={[
            { name: "name_zh", required: true, maxLength: 100 },
            { name: "name_en", required: true, maxLength: 100 },
          ]}
          submitLabel={t("part.create")}
          run={(values) => createRecord<Pipeline>("pipeline", values, key)}
          said={t("part.created")}
          onDone={({ record }) => choose(record.id)}
          onClose={() => setCreating(false)}
        />
      )}
    </section>
  );
}

function PipelineHead({ pipeline }: { pipeline: Pipeline }) {
  const { t, lang } = useTexts();
  const may = useMay();
  const [renaming, setRenaming] = useState(false);
  const edits = may("pipeline", "update");
  const change = useAction(
    (values: object) => changeRecord<Pipeline>("pipeline", pipeline, values),
    () => t("part.saved"),
  );
  const flag = (field: "may_skip" | "may_move_back", label: string) => (
    <Checkbox
      disabled={!edits || change.isPending}
      checked={pipeline[field]}
      onChange={(event) => change.mutate({ [field]: event.target.checked })}
    >
      {label}
    </Checkbox>
  );
  return (
    <div className="card pipeline-head">
      <span className="strong">{lang === "en" ? pipeline.name_en : pipeline.name_zh}</span>
      {pipeline.default_pipeline ? (
        <Tag color="processing">{t("admin.pipeline.isDefault")}</Tag>
      ) : (
        edits && (
          <Button size="small" onClick={() => change.mutate({ default_pipeline: true })}>
            {t("admin.pipeline.default")}
          </Button>
        )
      )}
      {flag("may_skip", t("admin.pipeline.maySkip"))}
      {flag("may_move_back", t("admin.pipeline.mayMoveBack"))}
      {edits && (
        <Button size="small" className="end" onClick={() => setRenaming(true)}>
          {t("admin.edit")}
        </Button>
      )}
      {renaming && (
        <ActionDialog
          entity="pipeline"
          title={t("admin.pipeline.names")}
          fields={[
            { name: "name_zh", required: true, maxLength: 100 },
            { name: "name_en", required: true, maxLength: 100 },
          ]}
          initial={pipeline}
          submitLabel={t("part.save")}
          run={(values) => changeRecord<Pipeline>("pipeline", pipeline, values)}
          said={t("part.saved")}
          onClose={() => setRenaming(false)}
        />
      )}
    </div>
  );
}

function Stages({ pipeline }: { pipeline: Pipeline }) {
  const { t } = useTexts();
  const found = useQuery(stagesQuery(pipeline.id));
  if (found.error) return <FailureState error={found.error} onRetry={() => found.refetch()} />;
  if (!found.data) return <Skeleton active paragraph={{ rows: 8 }} className="card" />;
  const { rows } = found.data;
  // What is saved begins anew from what the server has.
  const version = rows.map((row) => `${row.id}.${row.version}`).join();
  return (
    <>
      {rows.length === 0 && <p className="quiet">{t("admin.pipeline.empty")}</p>}
      <StageDesign key={version} pipeline={pipeline} start={draftsOf(rows)} />
    </>
  );
}

function StageDesign({ pipeline, start }: { pipeline: Pipeline; start: StageDraft[] }) {
  const { t } = useTexts();
  const may = useMay();
  const client = useQueryClient();
  const { message } = App.useApp();
  const setDirty = useDirtyGuard();
  const [drafts, setDrafts] = useState(start);
  const count = useRef(0);
  const edits = may("stage", "update") && may("pipeline", "update");
  const changed = JSON.stringify(drafts) !== JSON.stringify(start);
  useEffect(() => setDirty(changed), [changed, setDirty]);
  const faults = faultsOf(drafts);
  const save = useMutation({
    mutationFn: () => saveStages(pipeline.id, stageRequests(drafts)),
    onSuccess: () => {
      setDirty(false);
      void message.success(t("admin.pipeline.saved"));
    },
    onSettled: () => refreshRecords(client),
  });
  const change = (key: string, patch: Partial<StageDraft>) =>
    setDrafts((now) => now.map((one) => (one.key === key ? { ...one, ...patch } : one)));
  const add = () => {
    count.current += 1;
    const after = drafts.findIndex(({ afterWinning }) => afterWinning);
    const made: StageDraft = {
      key: `new-${count.current}`,
      id: null,
      code: "",
      nameZh: "",
      nameEn: "",
      expectedDays: 5,
      probability: 10,
      entry: [],
      exit: [],
      terminal: false,
      afterWinning: false,
    };
    const at = after < 0 ? drafts.length : after;
    setDrafts([...drafts.slice(0, at), made, ...drafts.slice(at)]);
  };
  return (
    <>
      <ol className="stage-list" data-testid="stage-list">
        {drafts.map((draft, index) => (
          <StageCard
            key={draft.key}
            draft={draft}
            position={index + 1}
            last={index === drafts.length - 1}
            edits={edits}
            fault={faults.get(draft.key)}
            onChange={(patch) => change(draft.key, patch)}
            onMove={(by) => setDrafts(reordered(drafts, index, index + by))}
            onRemove={() => setDrafts(drafts.filter((one) => one.key !== draft.key))}
          />
        ))}
      </ol>
      {edits && (
        <Button type="dashed" icon={<PlusOutlined />} data-testid="add-stage" onClick={add}>
          {t("admin.pipeline.add")}
        </Button>
      )}
      {save.error && <Refusal error={save.error} />}
      {edits && changed && (
        <div className="save-bar" data-testid="save-bar">
          <span className={faults.size > 0 ? "fault" : undefined}>
            {faults.has("") ? t("admin.pipeline.faults.empty") : t("admin.role.changed")}
          </span>
          <Button onClick={() => setDrafts(start)}>{t("admin.pipeline.revert")}</Button>
          <Button
            type="primary"
            disabled={faults.size > 0}
            loading={save.isPending}
            data-testid="save-stages"
            onClick={() => save.mutate()}
          >
            {t("admin.pipeline.save")}
          </Button>
        </div>
      )}
    </>
  );
}

type CardProps = {
  draft: StageDraft;
  position: number;
  last: boolean;
  edits: boolean;
  fault: ReturnType<ReturnType<typeof faultsOf>["get"]>;
  onChange: (patch: Partial<StageDraft>) => void;
  onMove: (by: 1 | -1) => void;
  onRemove: () => void;
};

function StageCard({ draft, position, last, edits, fault, onChange, onMove, onRemove }: CardProps) {
  const { t, lang } = useTexts();
  const name =
    (lang === "en" ? draft.nameEn : draft.nameZh) || t("admin.pipeline.stage", { position });
  const label = (part: string) => `${name} ${part}`;
  return (
    <li className="card stage-card" data-testid="stage-card" data-code={draft.code}>
      <div className="stage-line">
        <span className="stage-position quiet figures">{position}</span>
        <div className="stage-field wide-field">
          <span className="quiet small">{t("admin.pipeline.nameZh")}</span>
          <Input
            value={draft.nameZh}
            maxLength={100}
            disabled={!edits}
            aria-label={label(t("admin.pipeline.nameZh"))}
            onChange={(event) => onChange({ nameZh: event.target.value })}
          />
        </div>
        <div className="stage-field wide-field">
          <span className="quiet small">{t("admin.pipeline.nameEn")}</span>
          <Input
            value={draft.nameEn}
            maxLength={100}
            disabled={!edits}
            aria-label={label(t("admin.pipeline.nameEn"))}
            onChange={(event) => onChange({ nameEn: event.target.value })}
          />
        </div>
        <div className="stage-field" title={t("admin.pipeline.codeHelp")}>
          <span className="quiet small">{t("admin.pipeline.code")}</span>
          <Input
            value={draft.code}
            maxLength={64}
            disabled={!edits || draft.id !== null}
            aria-label={label(t("admin.pipeline.code"))}
            onChange={(event) => onChange({ code: event.target.value })}
          />
        </div>
        <div className="stage-field narrow" title={t("admin.pipeline.daysHelp")}>
          <span className="quiet small">{t("admin.pipeline.days")}</span>
          <InputNumber
            className="wide"
            min={1}
            max={3650}
            precision={0}
            controls={false}
            disabled={!edits}
            value={draft.expectedDays}
            placeholder="∞"
            aria-label={label(t("admin.pipeline.days"))}
            onChange={(expectedDays) => onChange({ expectedDays })}
          />
        </div>
        <div className="stage-field narrow">
          <span className="quiet small">{t("admin.pipeline.probability")}</span>
          <InputNumber
            className="wide"
            min={0}
            max={100}
            precision={2}
            controls={false}
            disabled={!edits}
            suffix="%"
            value={draft.probability}
            aria-label={label(t("admin.pipeline.probability"))}
            onChange={(probability) => onChange({ probability: probability ?? 0 })}
          />
        </div>
        {edits && (
          <span className="stage-tools">
            <Button
              type="text"
              size="small"
              icon={<ArrowUpOutlined />}
              disabled={position === 1}
              aria-label={t("admin.pipeline.up", { name })}
              onClick={() => onMove(-1)}
            />
            <Button
              type="text"
              size="small"
              icon={<ArrowDownOutlined />}
              disabled={last}
              aria-label={t("admin.pipeline.down", { name })}
              onClick={() => onMove(1)}
            />
            <Button
              type="text"
              size="small"
              icon={<DeleteOutlined />}
              aria-label={t("admin.pipeline.remove", { name })}
              onClick={onRemove}
            />
          </span>
        )}
      </div>
      <div className="stage-line">
        <div className="stage-field wide-field">
          <span className="quiet small">{t("admin.pipeline.entry")}</span>
          <CriteriaSelect
            value={draft.entry}
            disabled={!edits}
            label={label(t("admin.pipeline.entry"))}
            onChange={(entry) => onChange({ entry })}
          />
        </div>
        <div className="stage-field wide-field">
          <span className="quiet small">{t("admin.pipeline.exit")}</span>
          <CriteriaSelect
            value={draft.exit}
            disabled={!edits}
            label={label(t("admin.pipeline.exit"))}
            onChange={(exit) => onChange({ exit })}
          />
        </div>
        <div className="stage-flags">
          <Checkbox
            disabled={!edits}
            checked={draft.afterWinning}
            onChange={(event) => onChange({ afterWinning: event.target.checked })}
          >
            {t("admin.pipeline.won")}
          </Checkbox>
          <Checkbox
            disabled={!edits}
            checked={draft.terminal}
            onChange={(event) => onChange({ terminal: event.target.checked })}
          >
            {t("admin.pipeline.terminal")}
          </Checkbox>
        </div>
      </div>
      {fault && <p className="fault small">{t(`admin.pipeline.faults.${fault}`)}</p>}
    </li>
  );
}
