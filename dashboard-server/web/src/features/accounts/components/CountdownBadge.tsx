import { useQuery } from "@tanstack/react-query";
import { Tooltip } from "antd";
import { useTexts } from "@/locales/i18n";
import { type Countdown, countdownQuery } from "../api";

/** How long an account stays with its owner without contact. */
export function CountdownBadge({ id }: { id: number }) {
  const { data } = useQuery(countdownQuery(id));
  return data ? <CountdownTag countdown={data} /> : null;
}

export function CountdownTag({ countdown }: { countdown: Countdown }) {
  const { t } = useTexts();
  const { exempt, working_days_left: left, returns_on, warning } = countdown;
  if (exempt) {
    return (
      <Tooltip title={t("accounts.exemptNote")}>
        <span className="quiet small">{t("accounts.exempt")}</span>
      </Tooltip>
    );
  }
  const text = left <= 0 ? t("accounts.lastDay") : t("accounts.daysLeft", { count: left });
  return (
    <Tooltip title={t("accounts.returnsOn", { day: returns_on })}>
      <span
        className={left <= 0 ? "urgency last" : warning ? "urgency soon" : "urgency"}
        data-testid="countdown"
      >
        {text}
      </span>
    </Tooltip>
  );
}
