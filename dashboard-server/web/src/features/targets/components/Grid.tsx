import { Select } from "antd";
import { useState } from "react";
import type { Metric } from "@/lib/api/types";
import { usePhone } from "@/lib/media";
import { useTexts } from "@/locales/i18n";
import type { Target } from "../api";
import {
  addsUp,
  bookOf,
  type Column,
  columnsOf,
  held,
  type Line,
  linesOf,
  maySet,
  type Setter,
  yearColumn,
} from "../grid";
import { Cell } from "./Cell";

type Props = {
  metric: Metric;
  year: number;
  grain: "month" | "quarter";
  /** Whether those without a target are shown, who may be given one. */
  all: boolean;
  setter: Setter;
  targets: Target[];
  /** The period of today, to be found at once. */
  today: string;
};

/** Whom down, periods across; on a phone the periods of one at a time. */
export function Grid({ metric, year, grain, all, setter, targets, today }: Props) {
  const { t, lang } = useTexts();
  const phone = usePhone();
  const lines = linesOf(setter, targets, all || phone);
  const columns = columnsOf(year, grain);
  const whole = yearColumn(year);
  const book = bookOf(targets);
  const sums = addsUp(metric);
  const name = ({ name: own }: Line) => own ?? t("targets.company");
  const title = (column: Column) =>
    column.grain === "month" ? monthName(column.startsOn, lang) : column.label;
  const isNow = ({ grain: of, startsOn }: Column) => {
    if (startsOn > today || startsOn.slice(0, 4) !== today.slice(0, 4)) return false;
    const next = columns.find((other) => other.startsOn > startsOn);
    return of !== "year" && (!next || next.startsOn > today);
  };
  const cell = (line: Line, column: Column) => (
    <Cell
      metric={metric}
      whom={line.whom}
      name={name(line)}
      column={column}
      held={held(book, line.key, column, sums)}
      may={{
        create: maySet(setter, "create", line.whom),
        update: maySet(setter, "update", line.whom),
        delete: maySet(setter, "delete", line.whom),
      }}
    />
  );
  if (phone) {
    return (
      <OfOne
        lines={lines}
        name={name}
        columns={[...columns, whole]}
        title={(column) => (column.grain === "year" ? t("targets.whole") : title(column))}
        isNow={isNow}
        cell={cell}
      />
    );
  }
  return (
    <table className="target-grid" data-testid="target-grid">
      <thead>
        <tr>
          <th>{t("targets.who")}</th>
          {columns.map((column) => (
            <th key={column.startsOn} className={isNow(column) ? "num now" : "num"}>
              {title(column)}
            </th>
          ))}
          <th className="num whole">{t("targets.whole")}</th>
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => (
          <tr key={line.key} className={line.whom.kind} data-testid={`targets-of-${line.key}`}>
            <th scope="row" style={{ paddingInlineStart: 8 + 14 * line.depth }}>
              <span className="clip">{name(line)}</span>
            </th>
            {columns.map((column) => (
              <td key={column.startsOn} className={isNow(column) ? "num now" : "num"}>
                {cell(line, column)}
              </td>
            ))}
            <td className="num whole">{cell(line, whole)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** "3 月", or "Mar". */
function monthName(day: string, lang: "zh" | "en"): string {
  if (lang === "zh") return `${Number(day.slice(5, 7))} 月`;
  const at = new Date(`${day}T00:00:00Z`);
  return at.toLocaleDateString("en-US", { month: "short", timeZone: "UTC" });
}

type OfOneProps = {
  lines: Line[];
  name: (line: Line) => string;
  columns: Column[];
  title: (column: Column) => string;
  isNow: (column: Column) => boolean;
  cell: (line: Line, column: Column) => React.ReactNode;
};

function OfOne({ lines, name, columns, title, isNow, cell }: OfOneProps) {
  const { t } = useTexts();
  const [chosen, setChosen] = useState<string | null>(null);
  const line = lines.find(({ key }) => key === chosen) ?? lines[0];
  if (!line) return null;
  return (
    <>
      <Select
        className="wide"
        value={line.key}
        aria-label={t("targets.who")}
        showSearch={{ optionFilterProp: "label" }}
        onChange={setChosen}
        options={lines.map((own) => ({
          value: own.key,
          label: `${"　".repeat(own.depth)}${name(own)}`,
        }))}
      />
      <ul className="target-list" key={line.key}>
        {columns.map((column) => (
          <li key={`${column.grain} ${column.startsOn}`} className={isNow(column) ? "now" : ""}>
            <span>{title(column)}</span>
            {cell(line, column)}
          </li>
        ))}
      </ul>
    </>
  );
}
