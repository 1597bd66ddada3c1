import { useQuery } from "@tanstack/react-query";
import { Skeleton, Tooltip } from "antd";
import { useMe } from "@/lib/session";
import { shortDay } from "@/lib/when";
import { useTexts } from "@/locales/i18n";
import { stageChangesQuery, stagesQuery } from "../api";
import { spansOf, visitsOf } from "../board";
import type { Opportunity } from "../types";
import { stageName } from "./useMove";

/** The way of a deal through its pipeline: where it was, how often and how long. */
export function StageStrip({ deal }: { deal: Opportunity }) {
  const { t, lang } = useTexts();
  const { zone } = useMe().company;
  const stages = useQuery(stagesQuery(deal.pipeline_id));
  const changes = useQuery(stageChangesQuery(deal.id));
  if (stages.error || changes.error) return null;
  if (!stages.data || !changes.data)
    return <Skeleton.Node active className="wide stages-loading" />;
  const now = new Date();
  const ended = deal.completed_at ?? (deal.outcome === "won" ? null : deal.closed_at);
  const visits = visitsOf(changes.data.rows, ended);
  const spans = spansOf(stages.data.rows, visits, deal.stage_id, now);
  const days = (value: number) => (value < 10 ? Number(value.toFixed(1)) : Math.round(value));
  return (
    <ol className="stages" aria-label={t("deal.stages")} data-testid="stages">
      {spans.map(({ stage, visits: stays, days: spent, current }) => {
        const own = visits.filter(({ stageId }) => stageId === stage.id);
        const over =
          spent !== null && stage.expected_days !== null && spent > stage.expected_days * 1.4;
        return (
          <Tooltip
            key={stage.id}
            title={
              own.length > 0 &&
              own.map(({ from, until }) => (
                <div key={from}>
                  {shortDay(from, zone, now)} → {until ? shortDay(until, zone, now) : "…"}
                </div>
              ))
            }
          >
            <li
              className={[
                "stage",
                spent === null ? "ahead" : "passed",
                current ? "current" : "",
                over ? "over" : "",
              ].join(" ")}
              aria-current={current ? "step" : undefined}
            >
              <span className="clip">{stageName(stage, lang)}</span>
              <span className="small figures">
                {spent === null ? (
                  <span className="faint">{t("deal.stageNever")}</span>
                ) : (
                  <>
                    {t("deal.stageDays", { days: days(spent) })}
                    {stays > 1 && (
                      <span title={t("deal.stageVisits", { count: stays })}> ×{stays}</span>
                    )}
                  </>
                )}
              </span>
            </li>
          </Tooltip>
        );
      })}
    </ol>
  );
}
