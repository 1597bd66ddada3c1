import { useQuery } from "@tanstack/react-query";
import { App } from "antd";
import { useMemo, useState } from "react";
import { useOverlay } from "@/components/navigation";
import { FormDrawer } from "@/components/RecordDrawer";
import { RecordForm } from "@/components/RecordForm";
import type { Opened } from "@/lib/address";
import { createRecord, labelOf, recordQuery } from "@/lib/api/records";
import { prefillQuery, type Suggestion, sourceText } from "@/lib/prefill";
import { useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { dealFields } from "../fields";
import type { Opportunity } from "../types";

/** Registers a lead; of a known customer it is filled in from history. */
export function LeadForm({ subject }: { subject: Opened | null }) {
  const { t, lang } = useTexts();
  const me = useMe();
  const { message } = App.useApp();
  const { openRecord, close } = useOverlay();
  const given = subject?.entity === "account" ? subject.id : null;
  const [account, setAccount] = useState<number | null>(given);
  const known = useQuery(prefillQuery(account));
  const named = useQuery({ ...recordQuery("account", account ?? 0), enabled: account !== null });
  const amounts = me.rights.visibility.includes("amounts");
  const customer = named.data ? String(named.data.record.name ?? "") : "";
  const fields = useMemo(() => {
    const history = known.data;
    const bought = history?.products[0];
    const name = (entity: string) => t(`entity.${entity}`);
    const suggested = (suggestion: Suggestion | null | undefined) =>
      suggestion && { value: suggestion.value, source: sourceText(suggestion.source, name) };
    return dealFields({
      account,
      amounts,
      asked: given === null,
      suggested: {
        name: customer
          ? {
              value: t("deal.nameOf", {
                customer,
                product: bought
                  ? bought.description ||
                    labelOf(history?.labels, "product", bought.product_id, lang)
                  : t("deal.newNeed"),
              }),
              source: t("entity.account"),
            }
          : null,
        contact_id: suggested(history?.contact_id),
        delivery_address: suggested(history?.delivery_address),
        product_id: bought
          ? { value: bought.product_id, source: sourceText(bought.source, name) }
          : null,
      },
    });
  }, [known.data, account, amounts, given, customer, t, lang]);
  const initial = useMemo(() => (given === null ? undefined : { account_id: given }), [given]);
  return (
    <FormDrawer
      title={
        customer && given !== null
          ? `${t("deal.createTitle")} · ${customer}`
          : t("deal.createTitle")
      }
    >
      <RecordForm<Opportunity>
        entity="opportunity"
        fields={fields}
        initial={initial}
        onTyping={(values) =>
          setAccount(typeof values.account_id === "number" ? values.account_id : given)
        }
        submit={({ values, key }) =>
          createRecord<Opportunity>(
            "opportunity",
            given === null ? values : { ...values, account_id: given },
            key,
          )
        }
        onDone={({ record }) => {
          void message.success(t("deal.created", { name: record.name }));
          openRecord({ entity: "opportunity", id: record.id }, { replace: true });
        }}
        onCancel={close}
      >
        {given === null && <NewAccount />}
      </RecordForm>
    </FormDrawer>
  );
}

/** The way to a customer that is not there yet. */
function NewAccount() {
  const { t } = useTexts();
  const { openForm } = useOverlay();
  return (
    <p className="quiet small lead-account">
      <button type="button" className="link" onClick={() => openForm("account")}>
        {t("deal.accountHelp")}
      </button>
    </p>
  );
}
