import { LockOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Input, Popconfirm, Skeleton } from "antd";
import { useState } from "react";
import { Ago } from "@/components/Cells";
import { FailureState } from "@/components/States";
import { useAction } from "@/components/useAction";
import {
  changeRecord,
  createRecord,
  listQuery,
  type Rec,
  removeRecord,
  textOf,
} from "@/lib/api/records";
import { useTexts } from "@/locales/i18n";

/** Notes that only their author sees: not colleagues, not superiors, not the administrator. */
export function PrivateNotes({ accountId }: { accountId: number }) {
  const { t } = useTexts();
  const [body, setBody] = useState("");
  const [editing, setEditing] = useState<Rec | null>(null);
  const found = useQuery(
    listQuery("private_note", {
      filters: [{ field: "account_id", op: "in", values: [String(accountId)] }],
      limit: 100,
    }),
  );
  const save = useAction(
    (text: string) =>
      editing
        ? changeRecord("private_note", editing, { body: text })
        : createRecord("private_note", { account_id: accountId, body: text }, crypto.randomUUID()),
    () => {
      setBody("");
      setEditing(null);
      return t("part.saved");
    },
  );
  const remove = useAction(
    (note: Rec) => removeRecord("private_note", note),
    () => t("part.removed"),
  );
  return (
    <>
      <p className="quiet small">
        <LockOutlined /> {t("accounts.privateNote")}
      </p>
      <Input.TextArea
        autoSize={{ minRows: 2, maxRows: 8 }}
        value={body}
        aria-label={t("accounts.notes")}
        data-testid="note"
        onChange={(event) => setBody(event.target.value)}
      />
      <div className="note-foot">
        <Button
          type="primary"
          size="small"
          disabled={body.trim() === ""}
          loading={save.isPending}
          data-testid="note-save"
          onClick={() => save.mutate(body.trim())}
        >
          {t("part.save")}
        </Button>
        {editing && (
          <Button
            size="small"
            onClick={() => {
              setEditing(null);
              setBody("");
            }}
          >
            {t("part.cancel")}
          </Button>
        )}
      </div>
      {found.error ? (
        <FailureState error={found.error} />
      ) : !found.data ? (
        <Skeleton active paragraph={{ rows: 2 }} title={false} />
      ) : (
        <ul className="plain-list" data-testid="notes">
          {found.data.rows.map((note) => (
            <li key={note.id}>
              <div className="grow">
                <div className="note-body">{textOf(note, "body")}</div>
                <div className="quiet small">
                  <Ago value={note.updated_at ?? note.recorded_at} />
                </div>
              </div>
              <Button
                type="link"
                size="small"
                onClick={() => {
                  setEditing(note);
                  setBody(textOf(note, "body"));
                }}
              >
                {t("part.edit")}
              </Button>
              <Popconfirm
                title={t("part.removeSure")}
                okText={t("part.remove")}
                onConfirm={() => remove.mutate(note)}
              >
                <Button type="link" size="small">
                  {t("part.remove")}
                </Button>
              </Popconfirm>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
