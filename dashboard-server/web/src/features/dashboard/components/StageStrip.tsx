import { WarningFilled } from "@ant-design/icons";
import { Skeleton, Tooltip } from "antd";
import { ChangeMark } from "@/components/ChangeMark";
import { NumberButton } from "@/components/NumberButton";
import type { Condition, Row } from "@/lib/api/types";
import { change, full, numberOf, short } from "@/lib/format";
import { useTexts } from "@/locales/i18n";
import type { Board } from "../api/board";
import { memberCondition } from "../state";
import { AFTER_WINNING, memberName, STAGES, stageName } from "../words";
import { FEW } from "./Tiles";
import { Why } from "./Why";

type Props = {
  board: Board | undefined;
  onOpen: (metric: string, where: Condition[], before: boolean) => void;
};

/** The stages in order with the time deals stay in them, and the slowest one named. */
export function StageStrip({ board, onOpen }: Props) {
  const { t, lang } = useTexts();
  const rows = sorted(board?.stages?.result?.rows ?? []);
  const bottleneck = slowest(rows);
  const stalled = new Map(
    (board?.stalled?.result?.rows ?? []).map((row) => [row.stage, numberOf(row.stalled_count)]),
  );
  const longest = Math.max(...rows.map((row) => numberOf(row.dwell_median) ?? 0), 0);
  return (
    <section className="card" aria-labelledby="strip-title" data-testid="stages">
      <div className="card-head">
        <h2 id="strip-title">{t("strip.title")}</h2>
        <span className="quiet small">{t("strip.subtitle")}</span>
        {bottleneck && (
          <Tooltip title={t("strip.bottleneckNote")}>
            <strong className="end bottleneck-line" data-testid="bottleneck">
              <WarningFilled />{" "}
              {t("strip.isBottleneck", {
                stage: stageName(String(bottleneck.stage), t),
                value: short(numberOf(bottleneck.dwell_median), "hours", lang),
              })}
            </strong>
          </Tooltip>
        )}
      </div>
      {!board ? (
        <Skeleton active paragraph={{ rows: 2 }} />
      ) : board.stages?.problem ? (
        <p className="quiet">
          <Why problem={board.stages.problem} />
        </p>
      ) : rows.length === 0 ? (
        <p className="quiet">{t("strip.none")}</p>
      ) : (
        <ol className="stages">
          {rows.map((row) => {
            const value = numberOf(row.dwell_median);
            const before = numberOf(row.dwell_median_before);
            const n = numberOf(row.dwell_median_n) ?? 0;
            const moved = change(value, before, "hours", "down", lang);
            const stuck = stalled.get(row.stage) ?? 0;
            const stage = row.stage === null || row.stage === undefined ? null : String(row.stage);
            const name = memberName("stage", stage, t);
            const condition = [memberCondition("stage", stage)];
            return (
              <li key={stage ?? ""} className={row === bottleneck ? "stage slow" : "stage"}>
                <div className="stage-name" title={name}>
                  {name}
                  {row === bottleneck && <span className="badge">{t("strip.bottleneck")}</span>}
                </div>
                <NumberButton
                  className="stage-value"
                  faint={n < FEW}
                  label={`${name}: ${short(value, "hours", lang)}`}
                  hint={t("tile.full", { value: full(value, "hours", lang), n })}
                  testId={`stage-${stage ?? ""}`}
                  onOpen={() => onOpen("dwell_median", condition, false)}
                >
                  {short(value, "hours", lang)}
                </NumberButton>
                <div className="stage-bar">
                  <span style={{ width: `${longest > 0 ? ((value ?? 0) / longest) * 100 : 0}%` }} />
                </div>
                <div className="stage-foot quiet small">
                  <NumberButton
                    label={`${name}: ${t("strip.visits", { count: n })}`}
                    onOpen={() => onOpen("dwell_median", condition, false)}
                  >
                    {t("strip.visits", { count: n })}
                  </NumberButton>
                  {moved && (
                    <NumberButton
                      label={`${name}: ${short(before, "hours", lang)}`}
                      hint={full(before, "hours", lang)}
                      onOpen={() => onOpen("dwell_median", condition, true)}
                    >
                      <ChangeMark change={moved} />
                    </NumberButton>
                  )}
                  {stuck > 0 && (
                    <NumberButton
                      label={`${name}: ${t("strip.stalled", { count: stuck })}`}
                      onOpen={() => onOpen("stalled_count", condition, false)}
                    >
                      {t("strip.stalled", { count: stuck })}
                    </NumberButton>
                  )}
                </div>
              </li>
            );
          })}
        </ol>
      )}
    </section>
  );
}

/** The known pipeline in its order, then other stages by how often they are visited. */
function sorted(rows: Row[]): Row[] {
  const place = (row: Row) => {
    const index = (STAGES as readonly unknown[]).indexOf(row.stage);
    return index < 0 ? STAGES.length : index;
  };
  const visits = (row: Row) => numberOf(row.dwell_median_n) ?? 0;
  return rows
    .filter((row) => visits(row) > 0)
    .sort((a, b) => place(a) - place(b) || visits(b) - visits(a));
}

function slowest(rows: Row[]): Row | null {
  const fit = rows.filter(
    (row) => row.stage !== AFTER_WINNING && (numberOf(row.dwell_median_n) ?? 0) >= FEW,
  );
  if (fit.length < 2) return null;
  const value = (row: Row) => numberOf(row.dwell_median) ?? 0;
  return fit.reduce((best, row) => (value(row) > value(best) ? row : best));
}
