import { Skeleton, Tooltip } from "antd";
import { ChangeMark } from "@/components/ChangeMark";
import { NumberButton } from "@/components/NumberButton";
import { Sparkline } from "@/components/Sparkline";
import type { Metric, Status } from "@/lib/api/types";
import { change, full, numberOf, pick, short, unitOf } from "@/lib/format";
import { rangeText } from "@/lib/numbers";
import type { Anchor } from "@/lib/period";
import { useTexts } from "@/locales/i18n";
import type { Board } from "../api/board";
import { timeline } from "../timeline";
import { Definition } from "./Definition";
import { Why } from "./Why";

/** Under this many records a number says little, and is shown so. */
export const FEW = 20;

type Props = {
  metrics: Metric[];
  board: Board | undefined;
  chosen: string;
  status: Status;
  anchor: Anchor;
  onChoose: (metric: string) => void;
  onOpen: (metric: string, before: boolean) => void;
  onWhy: (metric: string) => void;
};

/** The row of key numbers; one of them is chosen for trend and leaderboard. */
export function Tiles({ metrics, ...rest }: Props) {
  const { t } = useTexts();
  return (
    <section className="tiles" aria-label={t("tile.row")}>
      {metrics.map((metric) => (
        <Tile key={metric.name} metric={metric} {...rest} />
      ))}
    </section>
  );
}

function Tile({
  metric,
  board,
  chosen,
  status,
  anchor,
  onChoose,
  onOpen,
  onWhy,
}: Omit<Props, "metrics"> & { metric: Metric }) {
  const { t, lang } = useTexts();
  const label = pick(metric.label, lang);
  const unit = unitOf(metric);
  const answer = board?.tiles.get(metric.name);
  const total = answer?.result?.total ?? {};
  const value = numberOf(total[metric.name]);
  const before = numberOf(total[`${metric.name}_before`]);
  const n = numberOf(total[`${metric.name}_n`]);
  const moved = change(value, before, unit, metric.direction, lang);
  const compared = board?.question.compared;
  const line =
    board && answer?.result ? timeline(answer.result, metric, board.question, anchor) : null;
  const mark = board?.targets.get(metric.name);
  const few = n !== null && n < FEW;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the heading's button does the same by keyboard
    // biome-ignore lint/a11y/useKeyWithClickEvents: the heading's button does the same by keyboard
    <div
      className={metric.name === chosen ? "tile chosen" : "tile"}
      data-testid={`tile-${metric.name}`}
      onClick={() => onChoose(metric.name)}
    >
      <div className="tile-head">
        <button
          type="button"
          className="tile-name"
          aria-pressed={metric.name === chosen}
          title={t("tile.choose", { name: label })}
        >
          {label}
        </button>
        <Definition
          metric={metric}
          n={n}
          completeTo={status.complete_to}
          zone={status.zone}
          versions={answer?.result?.versions}
        />
      </div>
      {!board ? (
        <Skeleton active title={{ width: "60%" }} paragraph={{ rows: 1 }} />
      ) : answer?.problem ? (
        <Tooltip title={<Why problem={answer.problem} />}>
          <div>
            <div className="tile-value none">–</div>
            <div className="quiet small">
              {t(answer.problem.status >= 500 ? "state.failed" : "state.otherFilter")}
            </div>
          </div>
        </Tooltip>
      ) : (
        <>
          <NumberButton
            className="tile-value"
            faint={few}
            testId={`value-${metric.name}`}
            label={`${t("tile.open", { name: label })}: ${short(value, unit, lang)}`}
            hint={t("tile.full", {
              value: full(value, unit, lang),
              n: n?.toLocaleString("en-US") ?? 0,
            })}
            onOpen={() => onOpen(metric.name, false)}
          >
            {short(value, unit, lang)}
            {few && <span className="few">{t("tile.n", { n })}</span>}
          </NumberButton>
          {mark && (
            <Tooltip
              title={t(mark.target_by_now === undefined ? "tile.targetFull" : "tile.targetByNow", {
                value: full(mark.target, unit, lang),
                period: mark.period,
                by: short(mark.target_by_now ?? null, unit, lang),
                passed: mark.working_days_passed ?? 0,
                days: mark.working_days ?? 0,
              })}
            >
              <span
                className={mark.met ? "tile-target met small" : "tile-target small"}
                data-testid={`target-${metric.name}`}
              >
                {mark.met ? "●" : "○"} {t("tile.target", { value: short(mark.target, unit, lang) })}
                {mark.attainment !== null && ` · ${Math.round(mark.attainment * 100)} %`}
              </span>
            </Tooltip>
          )}
          <div className="tile-foot">
            {moved && compared ? (
              <NumberButton
                label={t("tile.before", {
                  value: short(before, unit, lang),
                  range: rangeText(compared),
                })}
                hint={t("tile.before", {
                  value: full(before, unit, lang),
                  range: rangeText(compared),
                })}
                testId={`change-${metric.name}`}
                onOpen={() => onOpen(metric.name, true)}
              >
                <ChangeMark change={moved} />
              </NumberButton>
            ) : (
              <span className="quiet small">{compared ? t("tile.noCompare") : ""}</span>
            )}
            {moved && compared && metric.drivers.length > 0 && (
              <button
                type="button"
                className="link why"
                data-testid={`why-${metric.name}`}
                aria-label={t("drivers.open", { name: label })}
                onClick={(event) => {
                  event.stopPropagation();
                  onWhy(metric.name);
                }}
              >
                {t("drivers.why")}
              </button>
            )}
            {line && (
              <Sparkline
                values={line.points.map((point) => point.value)}
                dashed={line.unfinished}
              />
            )}
          </div>
        </>
      )}
    </div>
  );
}
