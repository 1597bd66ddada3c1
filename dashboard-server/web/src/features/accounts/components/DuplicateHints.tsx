import { useQuery } from "@tanstack/react-query";
import { Alert } from "antd";
import { useDeferredValue } from "react";
import { RecordLink } from "@/components/Cells";
import { useTexts } from "@/locales/i18n";
import { hintsQuery } from "../api";

const text = (value: unknown) => (typeof value === "string" ? value : "");

/** What is known already of the account that is being typed. */
export function DuplicateHints({ typed }: { typed: Record<string, unknown> }) {
  const { t } = useTexts();
  const wanted = useDeferredValue(typed);
  const { data } = useQuery(
    hintsQuery({
      name: text(wanted.name),
      credit_code: text(wanted.credit_code),
      phone: text(wanted.phone),
    }),
  );
  if (!data) return null;
  const { known, elsewhere, credit_code_valid } = data;
  const sure = [...known, ...elsewhere].some(({ by }) => by !== "part_of_name");
  return (
    <div className="hints" aria-live="polite" data-testid="hints">
      {credit_code_valid === false && (
        <Alert type="warning" showIcon title={t("fault.creditCode")} />
      )}
      {(known.length > 0 || elsewhere.length > 0) && (
        <Alert
          type={sure ? "warning" : "info"}
          showIcon
          title={t(sure ? "accounts.duplicate" : "accounts.alike")}
          description={
            <ul className="hint-list">
              {known.map((one) => (
                <li key={one.account_id}>
                  <RecordLink entity="account" id={one.account_id}>
                    {one.name}
                  </RecordLink>{" "}
                  <span className="quiet small">
                    {one.number} · {t(`accounts.by.${one.by}`)}
                  </span>
                </li>
              ))}
              {elsewhere.map((one, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: nothing else tells them apart
                <li key={index}>
                  {one.ask
                    ? t("accounts.elsewhereAsk", {
                        by: t(`accounts.by.${one.by}`),
                        name: one.ask,
                      })
                    : t("accounts.elsewhere", { by: t(`accounts.by.${one.by}`) })}
                </li>
              ))}
            </ul>
          }
        />
      )}
    </div>
  );
}
