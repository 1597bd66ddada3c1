import { useQuery } from "@tanstack/react-query";
import { App } from "antd";
import { useMemo, useState } from "react";
import { useOverlay } from "@/components/navigation";
import { FormDrawer } from "@/components/RecordDrawer";
import { RecordForm } from "@/components/RecordForm";
import type { Opened } from "@/lib/address";
import { createRecord, recordQuery } from "@/lib/api/records";
import { useTexts } from "@/locales/i18n";
import { ticketFields } from "../fields";
import type { Ticket } from "../types";
import { useKinds } from "./useKinds";

/** A new ticket, for a customer or a deal where it is opened from one. */
export function TicketForm({ subject }: { subject: Opened | null }) {
  const { t } = useTexts();
  const { message } = App.useApp();
  const { openRecord, close } = useOverlay();
  const kinds = useKinds();
  const [chosen, setChosen] = useState<number | null>(null);
  const given = subject?.entity === "account" || subject?.entity === "opportunity" ? subject : null;
  const deal = useQuery({
    ...recordQuery("opportunity", given?.id ?? 0),
    enabled: given?.entity === "opportunity",
  });
  const dealAccount = deal.data?.record.account_id;
  const account =
    given?.entity === "account" ? given.id : typeof dealAccount === "number" ? dealAccount : chosen;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the kinds change with the language only
  const fields = useMemo(
    () => ticketFields({ subject: given, kinds, account }),
    [given?.entity, given?.id, account, t],
  );
  const initial = useMemo(() => ({ severity: "normal", kind: "technical" }), []);
  return (
    <FormDrawer title={t("ticketing.create")}>
      <RecordForm<Ticket>
        entity="ticket"
        fields={fields}
        initial={initial}
        onTyping={(values) =>
          setChosen(typeof values.account_id === "number" ? values.account_id : null)
        }
        submit={({ values, key }) =>
          createRecord<Ticket>(
            "ticket",
            {
              ...values,
              ...(given && account !== null ? { account_id: account } : {}),
              ...(given?.entity === "opportunity" ? { opportunity_id: given.id } : {}),
            },
            key,
          )
        }
        onDone={({ record }) => {
          void message.success(t("ticketing.created", { number: record.number }));
          openRecord({ entity: "ticket", id: record.id }, { replace: true });
        }}
        onCancel={close}
      >
        <p className="quiet small">{t("ticketing.severityNote")}</p>
      </RecordForm>
    </FormDrawer>
  );
}
