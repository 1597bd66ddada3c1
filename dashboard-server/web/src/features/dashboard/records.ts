import type { Cell, DrillColumn, Metric, Row } from "@/lib/api/types";
import { cell, full, isNumeric, type Lang, numberOf, pick, short, unitOf } from "@/lib/format";
import { memberName, type Translate } from "@/lib/numbers";

/** A duration is read best as on the page, with its hours on hover. */
const DURATIONS = ["days", "hours", "business_hours"];

/** Columns whose values are codes with names. */
const CODES = ["stage", "next_stage", "outcome", "kind"];

/** The columns of records in the order of their use: what, whose, how much, when, and the rest. */
export function arranged(columns: DrillColumn[], metric: Metric) {
  const own = columns.find(({ name }) => name === "value");
  const counts = own?.unit === "amount" || DURATIONS.includes(own?.unit ?? "");
  const figure = (counts ? own : undefined) ?? columns.findLast(({ kind }) => kind === "amount");
  const account = columns.find(({ name }) => name.startsWith("account"));
  const time = columns.find(({ name }) => name === metric.time);
  const lead = [columns[0], account, figure, time].filter((column) => column !== undefined);
  return { ordered: [...new Set([...lead, ...columns])], title: account, figure, time };
}

export type Arranged = ReturnType<typeof arranged>;

/** A cell as people read it, and in full where that says more. */
export function recordText(
  value: Cell,
  column: DrillColumn,
  metric: Metric,
  zone: string,
  t: Translate,
  lang: Lang,
): { text: string; full?: string } {
  if (CODES.includes(column.name) && value) return { text: memberName(column.name, value, t) };
  const unit = column.unit ? unitOf({ name: metric.name, unit: column.unit }) : "";
  const number = numberOf(value);
  if (DURATIONS.includes(unit) && number !== null) {
    return { text: short(number, unit, lang), full: full(number, unit, lang) };
  }
  return { text: cell(value, column, zone, lang) };
}

export function columnName(column: DrillColumn, lang: Lang): string {
  return pick(column.label, lang) || column.name;
}

const CHARACTER_PX = 7.6;
const ROOM_PX = 18;
const SORTER_PX = 20;

/** The width of a text in half characters; Chinese ones are whole. */
export function textWidth(text: string): number {
  return [...text].reduce((sum, one) => sum + (one > "\u2e80" ? 1.85 : 1), 0);
}

/** How wide a column is for these texts, within bounds. */
export function columnWidth(name: string, texts: string[]): number {
  const widest = Math.max(0, ...texts.map(textWidth));
  const wanted = Math.max(textWidth(name) * CHARACTER_PX + SORTER_PX, widest * CHARACTER_PX);
  return Math.round(Math.min(260, Math.max(56, wanted + ROOM_PX)));
}

export function isRight(column: DrillColumn, rows: Row[]): boolean {
  return isNumeric(column, rows.find((row) => row[column.name] !== null)?.[column.name]);
}
