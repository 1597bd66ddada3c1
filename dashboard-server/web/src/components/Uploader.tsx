import { DeleteOutlined, DownloadOutlined, UploadOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Popconfirm, Select, Skeleton } from "antd";
import { useRef, useState } from "react";
import { getFile, keep, upload } from "@/lib/api/client";
import {
  listQuery,
  type One,
  type Rec,
  refreshRecords,
  removeRecord,
  textOf,
} from "@/lib/api/records";
import { type Entity, pathOf } from "@/lib/resources";
import { useMay, useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { Ago, UserName } from "./Cells";
import { FailureState, Refusal, useTellProblem } from "./States";

export const ATTACHMENT_KINDS = [
  "requirements",
  "drawing",
  "quote",
  "signed_contract",
  "invoice",
  "photo",
  "other",
] as const;

/** Sends a file that belongs to a record. */
export function sendFile(
  entity: Entity,
  id: number,
  kind: string,
  file: File,
  key: string,
): Promise<One> {
  const form = new FormData();
  form.set("entity", entity);
  form.set("record_id", String(id));
  form.set("kind", kind);
  form.set("file", file);
  return upload<One>(pathOf("attachment"), form, { key });
}

type SendProps = {
  entity: Entity;
  id: number;
  /** The kind of file that is wanted; without it the sender chooses. */
  kind?: string;
  onSent?: () => void;
};

/** Brings a file to a record: one button, or a file dropped on it. */
export function FileSender({ entity, id, kind, onSent }: SendProps) {
  const { t } = useTexts();
  const { message } = App.useApp();
  const client = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const [chosen, setChosen] = useState<string>(kind ?? "other");
  const [over, setOver] = useState(false);
  const send = useMutation({
    mutationFn: (file: File) => sendFile(entity, id, kind ?? chosen, file, crypto.randomUUID()),
    onSuccess: async (_made, file) => {
      void message.success(t("upload.done", { name: file.name }));
      await refreshRecords(client);
      onSent?.();
    },
  });
  const take = (files: FileList | null) => {
    const file = files?.[0];
    if (file) send.mutate(file);
  };
  return (
    <section
      className={over ? "sender over" : "sender"}
      aria-label={t("upload.choose")}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer.files);
      }}
    >
      {!kind && (
        <Select
          value={chosen}
          onChange={setChosen}
          aria-label={t("upload.kind")}
          data-testid="upload-kind"
          options={ATTACHMENT_KINDS.map((value) => ({ value, label: t(`attachment.${value}`) }))}
        />
      )}
      <Button
        icon={<UploadOutlined />}
        loading={send.isPending}
        onClick={() => input.current?.click()}
        data-testid="upload"
      >
        {kind ? t(`attachment.${kind}`, { defaultValue: kind }) : t("upload.choose")}
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        data-testid={`upload-file-${kind ?? "any"}`}
        onChange={(event) => {
          take(event.target.files);
          event.target.value = "";
        }}
      />
      {send.error && <Refusal error={send.error} />}
    </section>
  );
}

/** The files of a record: to open, to add, to take away. */
export function Attachments({ entity, id }: { entity: Entity; id: number }) {
  const { t } = useTexts();
  const may = useMay();
  const me = useMe();
  const client = useQueryClient();
  const { notification } = App.useApp();
  const tell = useTellProblem();
  const found = useQuery(
    listQuery("attachment", {
      filters: [
        { field: "entity", op: "in", values: [entity] },
        { field: "record_id", op: "in", values: [String(id)] },
      ],
      limit: 100,
    }),
  );
  const fail = (error: unknown) => notification.error({ title: tell(error).sentence });
  const open = useMutation({
    mutationFn: (file: Rec) =>
      getFile(pathOf("attachment", file.id, "content"), {}, textOf(file, "file_name")),
    onSuccess: keep,
    onError: fail,
  });
  const remove = useMutation({
    mutationFn: (file: Rec) => removeRecord("attachment", file),
    onSuccess: () => refreshRecords(client),
    onError: fail,
  });
  if (found.error) return <FailureState error={found.error} onRetry={() => found.refetch()} />;
  if (!found.data) return <Skeleton active paragraph={{ rows: 2 }} title={false} />;
  const { rows, labels } = found.data;
  return (
    <>
      {may("attachment", "create") && <FileSender entity={entity} id={id} />}
      {rows.length === 0 && <p className="quiet">{t("upload.none")}</p>}
      <ul className="plain-list">
        {rows.map((file) => (
          <li key={file.id} data-testid="attachment">
            <div className="grow">
              <div className="clip">{textOf(file, "file_name")}</div>
              <div className="quiet small">
                {t(`attachment.${file.kind}`, { defaultValue: textOf(file, "kind") })} ·{" "}
                {sizeText(Number(file.bytes ?? 0))} ·{" "}
                <UserName id={file.uploaded_by_id} labels={labels} /> ·{" "}
                <Ago value={file.recorded_at} />
              </div>
            </div>
            <Button
              type="text"
              icon={<DownloadOutlined />}
              aria-label={textOf(file, "file_name")}
              loading={open.isPending && open.variables.id === file.id}
              onClick={() => open.mutate(file)}
            />
            {(file.uploaded_by_id === me.user_id || may("attachment", "delete")) && (
              <Popconfirm
                title={t("upload.sure", { name: textOf(file, "file_name") })}
                okText={t("part.remove")}
                onConfirm={() => remove.mutate(file)}
              >
                <Button type="text" icon={<DeleteOutlined />} aria-label={t("part.remove")} />
              </Popconfirm>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(0)} kB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
