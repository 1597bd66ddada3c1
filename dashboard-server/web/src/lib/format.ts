import type { Cell, Text } from "@/lib/api/types";

export type Lang = "zh" | "en";

/** What stands for a number that there is none of. */
export const NONE = "–";

const HOURS_PER_DAY = 24;
const BUSINESS_HOURS_PER_DAY = 7.5;

const formats = new Map<string, Intl.NumberFormat>();

function decimal(value: number, most: number, least = 0): string {
  const key = `${least}-${most}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat("en-US", {
      minimumFractionDigits: least,
      maximumFractionDigits: most,
    });
    formats.set(key, format);
  }
  // -0 would be written "-0".
  return format.format(Number(value.toFixed(most)) + 0);
}

/** A count with thousands separators. */
export function whole(value: number): string {
  return decimal(value, 0);
}

/** The unit that a metric is written in; working hours are told apart by the metric's name. */
export function unitOf(metric: { name: string; unit?: string | null }): string {
  const unit = metric.unit ?? "";
  return unit === "hours" && /business|ticket/.test(metric.name) ? "business_hours" : unit;
}

export function numberOf(cell: Cell): number | null {
  if (typeof cell === "number") return Number.isFinite(cell) ? cell : null;
  if (typeof cell === "string" && cell.trim() !== "") {
    const value = Number(cell);
    return Number.isFinite(value) ? value : null;
  }
  return null;
}

function scaled(value: number, steps: [number, string][], lang: Lang): string {
  const size = Math.abs(value);
  for (const [index, [step, name]] of steps.entries()) {
    // 99,999,999 is 1.0 亿 and not 10,000 万: round first, then choose the step.
    const digits = Math.round((size / step) * 10) >= 10_000 ? 0 : 1;
    const rounded = Number((size / step).toFixed(digits));
    const above = steps[index - 1];
    if (above && rounded * step >= above[0]) {
      return scaled(Math.sign(value) * above[0], [above], lang);
    }
    if (rounded >= 1) {
      const text = decimal(value / step, digits, digits);
      return lang === "zh" ? `${text} ${name}` : `${text}${name}`;
    }
  }
  return decimal(value, 0);
}

/** An amount with one decimal in 万 or 亿, or in k, M or B. */
export function amount(value: number, lang: Lang): string {
  const steps: [number, string][] =
    lang === "zh"
      ? [
          [1e8, "亿"],
          [1e4, "万"],
        ]
      : [
          [1e9, "B"],
          [1e6, "M"],
          [1e3, "k"],
        ];
  return scaled(value, steps, lang);
}

function days(value: number, lang: Lang): string {
  const digits = Math.abs(value) >= 100 ? 0 : 1;
  const text = decimal(value, digits);
  if (lang === "zh") return `${text} 天`;
  return `${text} ${text === "1" ? "day" : "days"}`;
}

/** Hours as "5.2 小时", "3 天 4 小时" or, from ten days on, "12.3 天". */
function hours(value: number, lang: Lang): string {
  const size = Math.abs(value);
  if (size < HOURS_PER_DAY) {
    return lang === "zh" ? `${decimal(value, 1)} 小时` : `${decimal(value, 1)} h`;
  }
  if (size >= 10 * HOURS_PER_DAY) return days(value / HOURS_PER_DAY, lang);
  const sign = value < 0 ? "-" : "";
  const whole = Math.round(size);
  const full = Math.floor(whole / HOURS_PER_DAY);
  const left = whole % HOURS_PER_DAY;
  const parts = lang === "zh" ? [`${full} 天`, `${left} 小时`] : [`${full} d`, `${left} h`];
  return sign + (left === 0 ? parts.slice(0, 1) : parts).join(" ");
}

function businessHours(value: number, lang: Lang): string {
  if (Math.abs(value) < BUSINESS_HOURS_PER_DAY) {
    return lang === "zh" ? `${decimal(value, 1)} 工作小时` : `${decimal(value, 1)} working h`;
  }
  const text = decimal(value / BUSINESS_HOURS_PER_DAY, 1);
  return lang === "zh" ? `${text} 个工作日` : `${text} working days`;
}

/** A number as it stands on a tile or in a list. */
export function short(value: number | null, unit: string, lang: Lang): string {
  if (value === null) return NONE;
  switch (unit) {
    case "amount":
      return amount(value, lang);
    case "ratio":
      return percent(value, lang);
    case "days":
      return days(value, lang);
    case "hours":
      return hours(value, lang);
    case "business_hours":
      return businessHours(value, lang);
    default:
      return decimal(value, 1);
  }
}

/** The same number in full, as it stands on hover and beside its records. */
export function full(value: number | null, unit: string, lang: Lang): string {
  if (value === null) return NONE;
  switch (unit) {
    case "amount":
      return decimal(value, 2, 2);
    case "ratio":
      return `${decimal(value * 100, 3)}${lang === "zh" ? " %" : "%"}`;
    case "hours":
      return lang === "zh" ? `${decimal(value, 2)} 自然小时` : `${decimal(value, 2)} hours`;
    case "business_hours":
      return lang === "zh" ? `${decimal(value, 2)} 工作小时` : `${decimal(value, 2)} working hours`;
    case "days":
      return lang === "zh" ? `${decimal(value, 2)} 天` : `${decimal(value, 2)} days`;
    default:
      return decimal(value, 2);
  }
}

export function percent(value: number, lang: Lang): string {
  return `${decimal(value * 100, 1, 1)}${lang === "zh" ? " %" : "%"}`;
}

export type Change = {
  text: string;
  /** Where the number went. */
  sign: -1 | 0 | 1;
  /** What that means, by the metric's direction. */
  sense: "better" | "worse" | "neutral";
};

/** Percent for amounts and counts, points for ratios, the difference itself for durations. */
export function change(
  value: number | null,
  before: number | null,
  unit: string,
  direction: string,
  lang: Lang,
): Change | null {
  if (value === null || before === null) return null;
  const difference = value - before;
  let text: string;
  if (unit === "ratio") {
    text = `${decimal(Math.abs(difference) * 100, 1, 1)} ${lang === "zh" ? "个百分点" : "pt"}`;
  } else if (unit === "amount" || unit === "count") {
    text =
      before === 0
        ? short(Math.abs(difference), unit, lang)
        : percent(Math.abs(difference / before), lang);
  } else {
    text = short(Math.abs(difference), unit, lang);
  }
  const shown = /[1-9]/.test(text);
  const sign = !shown ? 0 : difference > 0 ? 1 : -1;
  const wanted = direction === "up" ? 1 : direction === "down" ? -1 : 0;
  const sense = sign === 0 || wanted === 0 ? "neutral" : sign === wanted ? "better" : "worse";
  return { text, sign, sense };
}

/** Better is a filled mark and worse a hollow one, so that colour is not the only sign. */
export function mark({ sign, sense }: Change): string {
  if (sign === 0) return "＝";
  if (sense === "worse") return sign > 0 ? "△" : "▽";
  return sign > 0 ? "▲" : "▼";
}

export function pick(text: Text | undefined, lang: Lang): string {
  return text?.[lang] || text?.en || text?.zh || "";
}

function parts(instant: string, zone: string): Record<string, string> | null {
  const time = new Date(instant);
  if (Number.isNaN(time.getTime())) return null;
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  return Object.fromEntries(format.formatToParts(time).map((part) => [part.type, part.value]));
}

/** An instant as "2026-11-23 16:40" in a zone. */
export function instant(value: string, zone: string): string {
  const p = parts(value, zone);
  return p ? `${p.year}-${p.month}-${p.day} ${p.hour}:${p.minute}` : value;
}

/** The calendar day of an instant in a zone, "2026-11-23". */
export function dayOf(value: string, zone: string): string {
  return instant(value, zone).slice(0, 10);
}

/** The last moment of a calendar day in a zone, as an instant. */
export function endOfDay(day: string, zone: string): string {
  const midnight = Date.parse(`${day}T00:00:00Z`) + 86_400_000;
  // How far the zone's clock is ahead, looked at where it strikes midnight.
  const ahead = (at: number) => {
    const shown = instant(new Date(at).toISOString(), zone).replace(" ", "T");
    return Date.parse(`${shown}:00Z`) - at;
  };
  const guess = midnight - ahead(midnight);
  return new Date(midnight - ahead(guess) - 1).toISOString();
}

/** A cell of a record, by its column's kind and unit. */
export function cell(
  value: Cell,
  column: { kind: string; unit?: string | null },
  zone: string,
  lang: Lang,
): string {
  if (value === null || value === undefined || value === "") return "";
  if (typeof value === "boolean") {
    return lang === "zh" ? (value ? "是" : "否") : value ? "yes" : "no";
  }
  if (column.kind === "time" && typeof value === "string") {
    return value.length > 10 ? instant(value, zone) : value;
  }
  if (typeof value === "number" || (NUMERIC.includes(column.kind) && numberOf(value) !== null)) {
    const number = numberOf(value);
    if (number === null) return String(value);
    if (column.kind === "amount" || column.unit === "amount") return decimal(number, 2, 2);
    return decimal(number, 2);
  }
  return String(value);
}

const NUMERIC = ["amount", "number", "count"];

/** Whether a column of records is aligned to the right. */
export function isNumeric(column: { kind: string }, sample: Cell): boolean {
  return NUMERIC.includes(column.kind) || typeof sample === "number";
}
