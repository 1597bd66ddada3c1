import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { statusQuery } from "@/lib/api/queries";
import { dayOf } from "@/lib/format";
import { useTexts } from "@/locales/i18n";
import { type Chosen, conditionsOf } from "../api";

const METRIC = "health_score_mean";
const DAYS = 30;

/** The way to what moved the mean score of these accounts in 30 days. */
export function Why({ chosen }: { chosen: Chosen }) {
  const { t } = useTexts();
  const status = useQuery(statusQuery);
  if (!status.data?.complete_to) return null;
  const today = dayOf(status.data.complete_to, status.data.zone);
  return (
    <Link to={whyAddress(chosen, today)} data-testid="health-why">
      {t("health.why")}
    </Link>
  );
}

/** The driver report of the mean score over the 30 days before a day, against those before them. */
export function whyAddress(chosen: Chosen, today: string): string {
  const back = (days: number) =>
    new Date(Date.parse(`${today}T00:00:00Z`) - days * 86_400_000).toISOString().slice(0, 10);
  const params = new URLSearchParams({
    metric: METRIC,
    why: METRIC,
    period: `${back(DAYS)}..${back(1)}`,
  });
  // accounts that are chosen by the status that they have now have moved there
  for (const { dimension, values } of conditionsOf(chosen, false)) {
    const quoted = values.map((value) =>
      /[,"]|\.\./.test(value) ? `"${value.replaceAll('"', '""')}"` : value,
    );
    params.append("where", `${dimension}=${quoted.join(",")}`);
  }
  return `/dashboard?${params}`;
}
