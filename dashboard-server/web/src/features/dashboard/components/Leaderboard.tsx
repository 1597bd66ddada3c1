import { Button, Select, Skeleton, Tabs } from "antd";
import { type MouseEvent, useContext } from "react";
import { ChangeMark } from "@/components/ChangeMark";
import { NumberButton } from "@/components/NumberButton";
import type { Condition, Dimension, Metric, Row } from "@/lib/api/types";
import { change, full, numberOf, percent, short, unitOf } from "@/lib/format";
import { useMedia } from "@/lib/media";
import { dimensionName, dimensionOptions, memberName, TABS } from "@/lib/numbers";
import { useTexts } from "@/locales/i18n";
import { type Board, TOP } from "../api/board";
import { NamesContext } from "../names";
import { memberCondition } from "../state";
import { FEW } from "./Tiles";
import { Why } from "./Why";

type Props = {
  metric: Metric;
  dimensions: Dimension[];
  board: Board | undefined;
  by: string | null;
  where: Condition[];
  more: boolean;
  onBy: (dimension: string) => void;
  onMore: (more: boolean) => void;
  /** A click on a member; `add` with Ctrl or Command. */
  onMember: (dimension: string, value: string | null, add: boolean) => void;
  onOpen: (where: Condition[], before: boolean) => void;
};

/** Who makes the number: the members of a dimension with their bars. */
export function Leaderboard(props: Props) {
  const { dimensions, board, by, more, onBy, onMore } = props;
  const { t, lang } = useTexts();
  const tabs = TABS.filter((name) => dimensions.some((dimension) => dimension.name === name));
  const others = dimensions.filter(({ name }) => !tabs.includes(name));
  const answer = board?.leaderboard;
  const all = useContext(NamesContext).dimensions;
  const touch = useMedia("(pointer: coarse), (max-width: 640px)");
  return (
    <section className="card board" aria-label={t("board.title")} data-testid="leaderboard">
      <div className="card-head board-head">
        <Tabs
          size="small"
          activeKey={by ?? ""}
          onChange={onBy}
          items={tabs.map((name) => ({ key: name, label: dimensionName(dimensions, name, lang) }))}
        />
        {others.length > 0 && (
          <Select
            size="small"
            variant="filled"
            className="end"
            value={by && !tabs.includes(by) ? by : undefined}
            placeholder={t("board.other")}
            aria-label={t("board.other")}
            data-testid="other-dimension"
            popupMatchSelectWidth={false}
            showSearch={{ optionFilterProp: "label" }}
            onChange={onBy}
            options={dimensionOptions(all, others, lang)}
          />
        )}
      </div>
      {!board ? (
        <Skeleton active paragraph={{ rows: 6 }} />
      ) : answer?.problem ? (
        <p className="quiet">
          <Why problem={answer.problem} />
        </p>
      ) : answer?.result?.rows.length ? (
        <>
          <Members {...props} />
          <div className="board-foot">
            <span className="quiet small hint">{t(touch ? "board.hintTouch" : "board.hint")}</span>
            {(more || answer.result.rest) && (
              <Button type="link" size="small" onClick={() => onMore(!more)}>
                {more ? t("board.less", { count: TOP }) : t("board.more")}
              </Button>
            )}
          </div>
        </>
      ) : (
        <p className="quiet">{t("board.none")}</p>
      )}
    </section>
  );
}

function Members({ metric, board, where, onMember, onOpen }: Props) {
  const { t, lang } = useTexts();
  const result = board?.leaderboard?.result;
  const dimension = board?.question.by;
  if (!result || !dimension) return null;
  // The numbers on the page may still be those of the metric chosen before.
  const name = board.question.metric;
  const unit = unitOf({ name, unit: result.columns.find((column) => column.name === name)?.unit });
  const adds = unit === "amount" || unit === "count";
  const basis = adds ? name : `${name}_n`;
  const whole = numberOf(result.total[basis]);
  const size = (row: Row) => Math.max(0, numberOf(row[name]) ?? 0);
  const widest = Math.max(...result.rows.map(size), 0);
  const chosen = where.find((condition) => condition.dimension === dimension);
  const compared = board.question.compared !== null;
  const isChosen = (value: string | null) =>
    chosen !== undefined &&
    (chosen.op === "is_null"
      ? value === null
      : value !== null && chosen.values.includes(value) === (chosen.op === "in"));
  const values = result.rows.map((row) => {
    const value = row[dimension];
    return value === null || value === undefined ? null : String(value);
  });

  const numbers = (row: Row, label: string, condition: Condition | null) => {
    const value = numberOf(row[name]);
    const before = numberOf(row[`${name}_before`]);
    const n = numberOf(row[`${name}_n`]);
    const moved = change(value, before, unit, metric.direction, lang);
    const part = numberOf(row[basis]);
    const number = (
      text: string,
      hint: string,
      openBefore: boolean,
      faint: boolean,
      testId?: string,
    ) =>
      condition ? (
        <NumberButton
          label={`${label}: ${text}`}
          hint={hint}
          faint={faint}
          testId={testId}
          onOpen={() => onOpen([condition], openBefore)}
        >
          {text}
        </NumberButton>
      ) : (
        <span className={faint ? "faint" : ""}>{text}</span>
      );
    const few = n !== null && n < FEW;
    return (
      <>
        <td className="num member-value">
          {number(
            short(value, unit, lang),
            t("tile.full", { value: full(value, unit, lang), n: n?.toLocaleString("en-US") ?? 0 }),
            false,
            few,
            "member-value",
          )}
        </td>
        {compared && (
          <td className="num member-change">
            {moved && condition ? (
              <NumberButton
                label={`${label} ${short(before, unit, lang)}`}
                hint={full(before, unit, lang)}
                faint={few}
                onOpen={() => onOpen([condition], true)}
              >
                <ChangeMark change={moved} />
              </NumberButton>
            ) : (
              moved && <ChangeMark change={moved} />
            )}
          </td>
        )}
        <td className="num quiet member-share">
          {part !== null && whole ? (
            <>
              <span className="card-only">{t("board.share")} </span>
              {percent(part / whole, lang)}
            </>
          ) : (
            ""
          )}
        </td>
        <td className="num quiet member-n">
          <span className="card-only">n </span>
          {n === null ? "" : number(n.toLocaleString("en-US"), "", false, few)}
        </td>
      </>
    );
  };

  return (
    <table className="members">
      <thead>
        <tr>
          <th>
            <span className="hidden">{dimension}</span>
          </th>
          <th className="num">{t("board.value")}</th>
          {compared && <th className="num">{t("board.change")}</th>}
          <th className="num">{adds ? t("board.share") : t("board.shareN")}</th>
          <th className="num">{t("board.n")}</th>
        </tr>
      </thead>
      <tbody>
        {result.rows.map((row, index) => {
          const value = values[index] ?? null;
          const label = memberName(dimension, value, t);
          const select = (event: MouseEvent) => {
            event.stopPropagation();
            onMember(dimension, value, event.ctrlKey || event.metaKey);
          };
          const on = isChosen(value);
          return (
            <tr
              key={value ?? "\u0000"}
              className={chosen ? (on ? "on" : "off") : ""}
              data-testid="member"
              data-value={value ?? ""}
              onClick={select}
            >
              <td className="member-name">
                <span
                  className="bar"
                  style={{ width: `${widest > 0 ? (size(row) / widest) * 100 : 0}%` }}
                />
                <button
                  type="button"
                  aria-pressed={on}
                  onClick={select}
                  onKeyDown={(event) => {
                    // Browsers make no click of Enter with Ctrl or Command.
                    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
                    event.preventDefault();
                    onMember(dimension, value, true);
                  }}
                  title={label}
                >
                  {label}
                </button>
              </td>
              {numbers(row, label, memberCondition(dimension, value))}
            </tr>
          );
        })}
        {result.rest && (
          <tr className="rest">
            <td className="member-name">{t("board.rest")}</td>
            {numbers(
              result.rest,
              t("board.rest"),
              // Records without a value are part of "not in": the rest is opened only where the
              // rows above do not hold them already.
              values.includes(null)
                ? null
                : { dimension, op: "not_in", values: values.filter((value) => value !== null) },
            )}
          </tr>
        )}
      </tbody>
    </table>
  );
}
