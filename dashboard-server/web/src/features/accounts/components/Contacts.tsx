import { EditOutlined, PhoneOutlined, PlusOutlined, StarFilled } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Skeleton, Tag } from "antd";
import { useMemo, useState } from "react";
import { Choice } from "@/components/Cells";
import type { Field } from "@/components/fields";
import { RecordForm } from "@/components/RecordForm";
import { FailureState } from "@/components/States";
import { changeRecord, createRecord, listQuery, type Rec, textOf } from "@/lib/api/records";
import { useMay } from "@/lib/session";
import { useTexts } from "@/locales/i18n";

const FIELDS: Field[] = [
  { name: "name", required: true, maxLength: 100, autoFocus: true },
  { name: "title", maxLength: 100 },
  { name: "mobile", kind: "phone", maxLength: 40 },
  { name: "phone", kind: "phone", maxLength: 40 },
  { name: "wechat", maxLength: 100 },
  { name: "email", maxLength: 200 },
  { name: "department", maxLength: 100 },
  { name: "decision_role", kind: "choice" },
  { name: "primary_contact", kind: "flag" },
  { name: "note", kind: "long" },
];

/** The people at an account. Numbers that the role does not see come masked. */
export function Contacts({ accountId, pooled }: { accountId: number; pooled: boolean }) {
  const { t } = useTexts();
  const may = useMay();
  const [editing, setEditing] = useState<Rec | "new" | null>(null);
  const query = listQuery("contact", {
    filters: [{ field: "account_id", op: "in", values: [String(accountId)] }],
    limit: 100,
  });
  const found = useQuery(query);
  const fields = useMemo(
    // What is masked cannot be edited: it would be saved as the mask.
    () =>
      editing && editing !== "new"
        ? FIELDS.filter(
            ({ kind, name }) => kind !== "phone" || !textOf(editing, name).includes("*"),
          )
        : FIELDS,
    [editing],
  );
  if (found.error) return <FailureState error={found.error} onRetry={() => found.refetch()} />;
  if (!found.data) return <Skeleton active paragraph={{ rows: 2 }} title={false} />;
  if (editing) {
    const record = editing === "new" ? undefined : editing;
    return (
      <RecordForm
        entity="contact"
        fields={fields}
        record={record}
        open
        submit={({ values, key, version }) =>
          record
            ? changeRecord("contact", { id: record.id, version: version ?? 0 }, values)
            : createRecord("contact", { ...values, account_id: accountId }, key)
        }
        onDone={() => setEditing(null)}
        onCancel={() => setEditing(null)}
      />
    );
  }
  const { rows } = found.data;
  return (
    <>
      {may("contact", "create") && !pooled && (
        <Button
          icon={<PlusOutlined />}
          size="small"
          data-testid="add-contact"
          onClick={() => setEditing("new")}
        >
          {t("accounts.addContact")}
        </Button>
      )}
      {rows.length === 0 && (
        <p className="quiet">{t(pooled ? "accounts.contactsHidden" : "accounts.noContacts")}</p>
      )}
      <ul className="plain-list" data-testid="contacts">
        {rows.map((contact) => (
          <li key={contact.id}>
            <div className="grow">
              <div>
                <strong>{textOf(contact, "name")}</strong>{" "}
                {contact.primary_contact === true && (
                  <StarFilled className="primary" aria-label={t("field.primary_contact")} />
                )}{" "}
                <span className="quiet">{textOf(contact, "title")}</span>{" "}
                {contact.decision_role && (
                  <Tag>
                    <Choice entity="contact" field="decision_role" value={contact.decision_role} />
                  </Tag>
                )}
              </div>
              <div className="quiet small">
                {[contact.mobile, contact.phone, contact.wechat, contact.email]
                  .filter(Boolean)
                  .join(" · ")}
              </div>
            </div>
            <Call contact={contact} />
            {may("contact", "update") && (
              <Button
                type="text"
                icon={<EditOutlined />}
                aria-label={t("part.edit")}
                onClick={() => setEditing(contact)}
              />
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

/** Calls a number that is shown in full. */
function Call({ contact }: { contact: Rec }) {
  const { t } = useTexts();
  const number = textOf(contact, "mobile") || textOf(contact, "phone");
  if (!number || number.includes("*")) return null;
  return (
    <Button
      type="text"
      href={`tel:${number}`}
      icon={<PhoneOutlined />}
      aria-label={t("accounts.call", { name: textOf(contact, "name") })}
    />
  );
}
