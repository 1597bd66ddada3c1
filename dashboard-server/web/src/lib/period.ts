/** Calendar days are "YYYY-MM-DD" strings of the company's zone; no clock is read here. */

export type Range = { from: string; to: string };

export const PRESETS = [
  "this_month",
  "last_month",
  "this_quarter",
  "last_quarter",
  "this_year",
  "last_year",
  "last_12_months",
] as const;
export type Preset = (typeof PRESETS)[number];

export type Compare = "previous" | "year_ago" | "none";
export type Grain = "day" | "week" | "month" | "quarter" | "year";

/** The last day that the page knows of, and whether its month is over. */
export type Anchor = { day: string; closed: boolean };

const DAY_MS = 86_400_000;

function time(day: string): number {
  return Date.parse(`${day}T00:00:00Z`);
}

function dayAt(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

export function isDay(text: string): boolean {
  return (
    /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(time(text)) && dayAt(time(text)) === text
  );
}

export function addDays(day: string, count: number): string {
  return dayAt(time(day) + count * DAY_MS);
}

/** Days in a range, both ends counted. */
export function length({ from, to }: Range): number {
  return Math.round((time(to) - time(from)) / DAY_MS) + 1;
}

function monthStart(day: string): string {
  return `${day.slice(0, 7)}-01`;
}

function monthEnd(day: string): string {
  return addDays(addMonths(monthStart(day), 1), -1);
}

/** The same day of another month, or that month's last day where it is shorter. */
export function addMonths(day: string, count: number): string {
  const [year, month, date] = day.split("-").map(Number) as [number, number, number];
  const start = new Date(Date.UTC(year, month - 1 + count, 1));
  const last = new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1, 0)).getUTCDate();
  return dayAt(start.getTime() + (Math.min(date, last) - 1) * DAY_MS);
}

function quarterStart(day: string): string {
  const month = Number(day.slice(5, 7));
  return addMonths(monthStart(day), -((month - 1) % 3));
}

function yearStart(day: string): string {
  return `${day.slice(0, 4)}-01-01`;
}

/** The whole months of a range that starts and ends with a month, else null. */
function wholeMonths({ from, to }: Range): number | null {
  if (from !== monthStart(from) || to !== monthEnd(to)) return null;
  const [y1, m1] = from.split("-").map(Number) as [number, number];
  const [y2, m2] = to.split("-").map(Number) as [number, number];
  return (y2 - y1) * 12 + m2 - m1 + 1;
}

export function isPreset(text: string): text is Preset {
  return (PRESETS as readonly string[]).includes(text);
}

/** "2026-01-01..2026-03-31" as a range, null for anything else. */
export function parseRange(text: string): Range | null {
  const [from, to, more] = text.split("..");
  if (!from || !to || more !== undefined || !isDay(from) || !isDay(to) || from > to) return null;
  return { from, to };
}

/** The days of a preset; an unfinished month, quarter or year ends with the last known day. */
export function presetRange(preset: Preset, { day, closed }: Anchor): Range {
  switch (preset) {
    case "this_month":
      return { from: monthStart(day), to: day };
    case "last_month": {
      const from = addMonths(monthStart(day), -1);
      return { from, to: monthEnd(from) };
    }
    case "this_quarter":
      return { from: quarterStart(day), to: day };
    case "last_quarter": {
      const from = addMonths(quarterStart(day), -3);
      return { from, to: addDays(quarterStart(day), -1) };
    }
    case "this_year":
      return { from: yearStart(day), to: day };
    case "last_year": {
      const year = Number(day.slice(0, 4)) - 1;
      return { from: `${year}-01-01`, to: `${year}-12-31` };
    }
    case "last_12_months": {
      const to = closed && day === monthEnd(day) ? day : addDays(monthStart(day), -1);
      return { from: addMonths(monthStart(to), -11), to };
    }
  }
}

/** The whole month, quarter or year that a period is, also one that runs; null for any other. */
export function wholeOf(period: Preset | Range, anchor: Anchor): Range | null {
  const { from, to } = rangeOf(period, anchor);
  const span =
    period === "this_month"
      ? 1
      : period === "this_quarter"
        ? 3
        : period === "this_year"
          ? 12
          : null;
  if (span) return { from, to: addDays(addMonths(from, span), -1) };
  const months = wholeMonths({ from, to });
  const month = Number(from.slice(5, 7)) - 1;
  return (months === 1 || months === 3 || months === 12) && month % months === 0
    ? { from, to }
    : null;
}

export function rangeOf(period: Preset | Range, anchor: Anchor): Range {
  return typeof period === "string" ? presetRange(period, anchor) : period;
}

/** A year of whole months where the records go back that far, else the running month. */
export function defaultPreset(anchor: Anchor, firstDay: string | null | undefined): Preset {
  if (!firstDay || firstDay > addMonths(monthStart(anchor.day), -2)) return "this_month";
  return "last_12_months";
}

/**
 * The last day to count periods from. Records that end long before the time they are complete to
 * are history: its periods are counted from its own end.
 */
export function anchorOf(completeDay: string, lastDay: string | null | undefined): Anchor {
  if (lastDay && addDays(lastDay, 45) < completeDay) return { day: lastDay, closed: true };
  return { day: completeDay, closed: false };
}

const PRESET_MONTHS: Partial<Record<Preset, number>> = {
  this_month: 1,
  this_quarter: 3,
  this_year: 12,
};

/**
 * The compared days. Whole months compare with as many whole months before; an unfinished month,
 * quarter or year compares with the same days of the one before; other ranges with the days just
 * before.
 */
export function compareRange(range: Range, compare: Compare, period: Preset | Range): Range | null {
  if (compare === "none") return null;
  const months = wholeMonths(range);
  if (compare === "year_ago") return shift(range, 12, months !== null);
  if (months !== null) return shift(range, months, true);
  const running = typeof period === "string" ? PRESET_MONTHS[period] : undefined;
  if (running) return shift(range, running, false);
  return { from: addDays(range.from, -length(range)), to: addDays(range.from, -1) };
}

function shift({ from, to }: Range, months: number, whole: boolean): Range {
  const end = addMonths(to, -months);
  return { from: addMonths(from, -months), to: whole ? monthEnd(end) : end };
}

export function grainOf(range: Range): Grain {
  const days = length(range);
  if (days <= 31) return "day";
  if (days <= 120) return "week";
  return days <= 1100 ? "month" : days <= 3700 ? "quarter" : "year";
}

function isoWeek(day: string): string {
  const weekday = (new Date(time(day)).getUTCDay() + 6) % 7;
  const thursday = addDays(day, 3 - weekday);
  const week = Math.floor((time(thursday) - time(`${thursday.slice(0, 4)}-01-01`)) / (7 * DAY_MS));
  return `${thursday.slice(0, 4)}-W${String(week + 1).padStart(2, "0")}`;
}

/** The name of the bucket that a day is in, as the API writes it. */
export function bucketOf(day: string, grain: Grain): string {
  switch (grain) {
    case "day":
      return day;
    case "week":
      return isoWeek(day);
    case "month":
      return day.slice(0, 7);
    case "quarter":
      return `${day.slice(0, 4)}-Q${Math.ceil(Number(day.slice(5, 7)) / 3)}`;
    case "year":
      return day.slice(0, 4);
  }
}

export type Bucket = Range & { key: string };

/** Every bucket of a range, cut at its ends, in order. */
export function buckets(range: Range, grain: Grain): Bucket[] {
  const found: Bucket[] = [];
  for (let day = range.from; day <= range.to; ) {
    const to = bucketEnd(day, grain);
    const end = [to, range.to].sort()[0] ?? to;
    found.push({ key: bucketOf(day, grain), from: day, to: end });
    day = addDays(end, 1);
  }
  return found;
}

function bucketEnd(day: string, grain: Grain): string {
  switch (grain) {
    case "day":
      return day;
    case "week":
      return addDays(day, 6 - ((new Date(time(day)).getUTCDay() + 6) % 7));
    case "month":
      return monthEnd(day);
    case "quarter":
      return addDays(addMonths(quarterStart(day), 3), -1);
    case "year":
      return `${day.slice(0, 4)}-12-31`;
  }
}

/** Whether a bucket has days that the records do not reach yet. */
export function isUnfinished(bucket: Bucket, grain: Grain, anchor: Anchor): boolean {
  const end = bucketEnd(bucket.from, grain);
  return anchor.closed ? end > anchor.day : end >= anchor.day;
}
