import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { Field, Values } from "@/components/fields";
import { useOverlay } from "@/components/navigation";
import { FormDrawer } from "@/components/RecordDrawer";
import { RecordForm } from "@/components/RecordForm";
import type { Opened } from "@/lib/address";
import { changeRecord, createRecord, type Labels, recordQuery } from "@/lib/api/records";
import { useTexts } from "@/locales/i18n";
import type { Account } from "../api";
import { DuplicateHints } from "./DuplicateHints";

/** The fields of an account that people fill in; only the name has to be. */
export function accountFields(): Field[] {
  return [
    { name: "name", required: true, autoFocus: true, maxLength: 200 },
    { name: "credit_code", maxLength: 40 },
    { name: "phone", kind: "phone", maxLength: 40 },
    { name: "region", maxLength: 100 },
    { name: "industry", maxLength: 100 },
    { name: "level", maxLength: 40 },
    { name: "source", maxLength: 100 },
    { name: "address", maxLength: 400 },
  ];
}

/** More of it, for those who edit. */
const MORE: Field[] = [
  { name: "status", kind: "choice" },
  { name: "size", maxLength: 100 },
  { name: "segment", maxLength: 100 },
  { name: "delivery_address", maxLength: 400 },
  { name: "website", maxLength: 200 },
];

/** A new account, while what is known already is shown. */
export function NewAccount({ subject }: { subject: Opened | null }) {
  const { t } = useTexts();
  const { openRecord, close } = useOverlay();
  const fields = useMemo(accountFields, []);
  const [typed, setTyped] = useState<Values>({});
  // Of a company that belongs to another one.
  const parent = useQuery({
    ...recordQuery("account", subject?.id ?? 0),
    enabled: subject?.entity === "account",
  });
  return (
    <FormDrawer title={t("create.account")}>
      <RecordForm<Account>
        entity="account"
        fields={fields}
        open
        onTyping={setTyped}
        submit={({ values, key }) =>
          createRecord<Account>(
            "account",
            parent.data ? { ...values, parent_id: parent.data.record.id } : values,
            key,
          )
        }
        onDone={({ record }) => openRecord({ entity: "account", id: record.id }, { replace: true })}
        onCancel={close}
      >
        <DuplicateHints typed={typed} />
      </RecordForm>
    </FormDrawer>
  );
}

export function EditAccount({
  account,
  labels,
  onDone,
}: {
  account: Account;
  labels: Labels;
  onDone: () => void;
}) {
  const fields = useMemo(() => [...accountFields(), ...MORE], []);
  return (
    <RecordForm<Account>
      entity="account"
      fields={fields}
      record={account}
      labels={labels}
      open
      submit={({ values, version }) =>
        changeRecord<Account>("account", { id: account.id, version: version ?? 0 }, values)
      }
      onDone={onDone}
      onCancel={onDone}
    />
  );
}
