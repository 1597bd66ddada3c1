import { EnvironmentOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Alert, App, Button } from "antd";
import { useMemo } from "react";
import type { Field } from "@/components/fields";
import { useOverlay } from "@/components/navigation";
import { FormDrawer } from "@/components/RecordDrawer";
import { RecordForm } from "@/components/RecordForm";
import type { Opened } from "@/lib/address";
import { postTo } from "@/lib/api/client";
import { type One, recordQuery } from "@/lib/api/records";
import { useTexts } from "@/locales/i18n";
import { useLocation } from "./useLocation";

/** Beyond this the place says too little for the visit to count. */
const PRECISE_METRES = 1000;

/** A visit with its place: it asks for the place at once, so that one tap checks in. */
export function VisitForm({ subject }: { subject: Opened | null }) {
  const { t } = useTexts();
  const { message } = App.useApp();
  const { openRecord, close } = useOverlay();
  const { locating, again } = useLocation();
  const deal = useQuery({
    ...recordQuery("opportunity", subject?.id ?? 0),
    enabled: subject?.entity === "opportunity",
  });
  const dealAccount = deal.data?.record.account_id;
  const accountId =
    subject?.entity === "account"
      ? subject.id
      : typeof dealAccount === "number"
        ? dealAccount
        : null;
  const fields = useMemo((): Field[] => {
    const whose: Field = { name: "account_id", kind: "reference", required: true, recent: true };
    const met: Field = {
      name: "contact_id",
      kind: "reference",
      where: [{ field: "account_id", op: "in", values: [String(accountId)] }],
    };
    return [
      ...(subject ? [] : [whose]),
      { name: "content", kind: "long", required: true, label: t("accounts.visitContent") },
      { name: "place", maxLength: 400, placeholder: t("accounts.placeHint") },
      ...(accountId === null ? [] : [met]),
      { name: "next_step", maxLength: 1000 },
      { name: "next_at", kind: "moment" },
    ];
  }, [subject, accountId, t]);
  const initial = useMemo(() => ({ content: t("accounts.visitDefault") }), [t]);
  const place = locating.state === "found" ? locating.place : null;
  const vague = place !== null && place.accuracy_metres > PRECISE_METRES;
  const waiting = subject?.entity === "opportunity" && !deal.data;
  return (
    <FormDrawer title={t("create.visit")}>
      {!waiting && (
        <RecordForm
          entity="interaction"
          fields={fields}
          initial={initial}
          submitLabel={t(place ? "accounts.checkIn" : "accounts.checkInWithout")}
          submit={({ values, key }) => {
            const { place: name, ...rest } = values;
            return postTo<One>(
              "/api/interactions",
              {
                ...(accountId === null ? {} : { account_id: accountId }),
                ...(subject?.entity === "opportunity" ? { opportunity_id: subject.id } : {}),
                ...rest,
                kind: "visit",
                two_way: true,
                ...(place ? { check_in: { ...place, place: name ?? undefined } } : {}),
              },
              { key },
            );
          }}
          onDone={({ record }) => {
            void message.success(
              t(record.effective ? "accounts.visitCounts" : "accounts.visitKept"),
            );
            const account = record.account_id;
            if (subject) openRecord(subject, { replace: true });
            else if (typeof account === "number") {
              openRecord({ entity: "account", id: account }, { replace: true });
            } else close();
          }}
          onCancel={close}
        >
          <div className="place" aria-live="polite" data-testid="place" data-state={locating.state}>
            {place ? (
              <Alert
                type={vague ? "warning" : "success"}
                showIcon
                icon={<EnvironmentOutlined />}
                title={t("accounts.placeFound", { metres: place.accuracy_metres })}
                description={vague ? t("accounts.placeVague") : undefined}
                action={
                  vague && (
                    <Button size="small" onClick={again}>
                      {t("accounts.locateAgain")}
                    </Button>
                  )
                }
              />
            ) : locating.state === "asking" ? (
              <Alert type="info" showIcon title={t("accounts.locating")} />
            ) : (
              <Alert
                type="warning"
                showIcon
                title={t(`accounts.place_${locating.state}`)}
                description={t("accounts.placeWithout")}
                action={
                  locating.state !== "insecure" && (
                    <Button size="small" onClick={again}>
                      {t("accounts.locateAgain")}
                    </Button>
                  )
                }
              />
            )}
          </div>
        </RecordForm>
      )}
    </FormDrawer>
  );
}
