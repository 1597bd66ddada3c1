import { WarningFilled } from "@ant-design/icons";
import { Skeleton, Tooltip } from "antd";
import { ChangeMark } from "@/components/ChangeMark";
import { NumberButton } from "@/components/NumberButton";
import type { Condition, Metric, Status } from "@/lib/api/types";
import { change, full, NONE, numberOf, short, whole } from "@/lib/format";
import { AFTER_WINNING, memberName, rangeText, stageName } from "@/lib/numbers";
import { useTexts } from "@/locales/i18n";
import { type Board, STAGE } from "../api/board";
import { type StageRow, slowest, stageRows } from "../stages";
import { memberCondition } from "../state";
import { Definition } from "./Definition";
import { FEW } from "./Tiles";
import { Why } from "./Why";

type Props = {
  metric: Metric | undefined;
  status: Status;
  board: Board | undefined;
  onOpen: (metric: string, where: Condition[], before: boolean) => void;
};

/** The stages in order with the time deals stay in them, and the slowest one named. */
export function StageStrip({ metric, status, board, onOpen }: Props) {
  const { t, lang } = useTexts();
  const rows = stageRows(
    board?.stages?.result?.rows ?? [],
    board?.stagesNow?.result?.rows,
    board?.stagesStalled?.result?.rows,
  );
  const bottleneck = slowest(rows, FEW);
  // delivery takes months where selling takes days: its bar has a scale of its own
  const longestOf = (some: typeof rows) =>
    Math.max(...some.flatMap(({ median, before }) => [median ?? 0, before ?? 0]), 0);
  const longest = longestOf(rows.filter((row) => row.stage !== AFTER_WINNING));
  return (
    <section className="card" aria-labelledby="strip-title" data-testid="stages">
      <div className="card-head">
        <h2 id="strip-title">{t("strip.title")}</h2>
        {metric && (
          <Definition
            metric={metric}
            n={numberOf(board?.stages?.result?.total[`${STAGE.out}_n`])}
            completeTo={status.complete_to}
            zone={status.zone}
            versions={board?.stages?.result?.versions}
          />
        )}
        <span className="quiet small">{t("strip.subtitle")}</span>
        {bottleneck && (
          <Tooltip title={t("strip.bottleneckNote")}>
            <strong className="end bottleneck-line" data-testid="bottleneck">
              <WarningFilled />{" "}
              {t("strip.isBottleneck", {
                stage: stageName(bottleneck.stage ?? "", t),
                value: short(bottleneck.median, "hours", lang),
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
          {rows.map((row) => (
            <Stage
              key={row.stage ?? ""}
              row={row}
              slow={row === bottleneck}
              longest={row.stage === AFTER_WINNING ? longestOf([row]) : longest}
              compared={board.question.compared && rangeText(board.question.compared)}
              onOpen={(metric, before = false) =>
                onOpen(metric, [memberCondition("stage", row.stage)], before)
              }
            />
          ))}
        </ol>
      )}
    </section>
  );
}

type StageProps = {
  row: StageRow;
  slow: boolean;
  longest: number;
  /** The compared days. */
  compared: string | null;
  onOpen: (metric: string, before?: boolean) => void;
};

function Stage({ row, slow, longest, compared, onOpen }: StageProps) {
  const { t, lang } = useTexts();
  const name = memberName("stage", row.stage, t);
  const value = short(row.median, "hours", lang);
  const moved = change(row.median, row.before, "hours", "down", lang);
  const place = (hours: number) => `${longest > 0 ? (hours / longest) * 100 : 0}%`;
  const count = (text: string, hint: string, metric: string, className?: string) => (
    <NumberButton
      className={className}
      label={`${name}: ${text}`}
      hint={hint}
      onOpen={() => onOpen(metric)}
    >
      {text}
    </NumberButton>
  );
  return (
    <li className={slow ? "stage slow" : "stage"}>
      <div className="stage-name" title={name}>
        <span className="clip">{name}</span>
        {slow && <span className="badge">{t("strip.bottleneck")}</span>}
      </div>
      <div className="stage-line">
        {row.median === null ? (
          <span className="stage-value none">{NONE}</span>
        ) : (
          <NumberButton
            className="stage-value"
            faint={row.left < FEW}
            label={`${name}: ${value}`}
            hint={t("tile.full", { value: full(row.median, "hours", lang), n: whole(row.left) })}
            testId={`stage-${row.stage ?? ""}`}
            onOpen={() => onOpen(STAGE.out)}
          >
            {value}
            {row.left < FEW && <span className="few">{t("tile.n", { n: row.left })}</span>}
          </NumberButton>
        )}
        {moved && compared && (
          <NumberButton
            className="small"
            label={`${name}: ${short(row.before, "hours", lang)}`}
            hint={t("tile.before", { value: full(row.before, "hours", lang), range: compared })}
            onOpen={() => onOpen(STAGE.out, true)}
          >
            <ChangeMark change={moved} />
          </NumberButton>
        )}
      </div>
      <div className="stage-bar">
        <span className="stage-fill" style={{ width: place(row.median ?? 0) }} />
        {row.before !== null && (
          <span className="stage-normal" style={{ insetInlineStart: place(row.before) }} />
        )}
      </div>
      <div className="stage-foot quiet small">
        {row.entered !== null &&
          count(t("strip.in", { count: whole(row.entered) }), t("strip.inNote"), STAGE.in)}
        {count(t("strip.out", { count: whole(row.left) }), t("strip.outNote"), STAGE.out)}
        {row.open !== null &&
          count(t("strip.open", { count: whole(row.open) }), t("strip.openNote"), STAGE.open)}
        {row.stalled !== null &&
          row.stalled > 0 &&
          count(
            t("strip.stalled", { count: whole(row.stalled) }),
            t("strip.stalledNote"),
            STAGE.stalled,
            "stuck",
          )}
      </div>
    </li>
  );
}
