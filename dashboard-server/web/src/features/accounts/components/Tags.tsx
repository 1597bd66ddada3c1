import { useQuery } from "@tanstack/react-query";
import { Tag } from "antd";
import { useState } from "react";
import { RecordSelect } from "@/components/RecordSelect";
import { useAction } from "@/components/useAction";
import { createRecord, labelOf, listQuery, type Rec, removeRecord } from "@/lib/api/records";
import { useMay } from "@/lib/session";
import { useTexts } from "@/locales/i18n";

/** The tags of an account, by which the pool routes it. */
export function Tags({ accountId }: { accountId: number }) {
  const { t, lang } = useTexts();
  const may = useMay();
  const [adding, setAdding] = useState(false);
  const { data } = useQuery(
    listQuery("account_tag", {
      filters: [{ field: "account_id", op: "in", values: [String(accountId)] }],
      limit: 100,
    }),
  );
  const add = useAction((tag: number) =>
    createRecord("account_tag", { account_id: accountId, tag_id: tag }, crypto.randomUUID()),
  );
  const remove = useAction((tag: Rec) => removeRecord("account_tag", tag));
  if (!data) return null;
  return (
    <div className="tags" data-testid="tags">
      {data.rows.map((row) => (
        <Tag
          key={row.id}
          closable={may("account_tag", "delete")}
          onClose={(event) => {
            event.preventDefault();
            remove.mutate(row);
          }}
        >
          {labelOf(data.labels, "tag", row.tag_id, lang)}
        </Tag>
      ))}
      {may("account_tag", "create") &&
        (adding ? (
          <div className="tag-add">
            <RecordSelect
              entity="tag"
              autoFocus
              aria-label={t("accounts.addTag")}
              onChange={(id) => {
                setAdding(false);
                if (id !== null) add.mutate(id);
              }}
            />
          </div>
        ) : (
          <Tag className="tag-plus" variant="outlined">
            <button type="button" className="chip-text" onClick={() => setAdding(true)}>
              + {t("accounts.addTag")}
            </button>
          </Tag>
        ))}
    </div>
  );
}
