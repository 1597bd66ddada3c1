/** Days and moments in the company's zone; the present is an argument. */
import { dayOf, instant, type Lang } from "./format";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A day or the day of a moment as it stands in lists: "11-23", with the year where it is another. */
export function shortDay(value: string, zone: string, now: Date): string {
  const day = value.length > 10 ? dayOf(value, zone) : value;
  return day.slice(0, 4) === dayOf(now.toISOString(), zone).slice(0, 4) ? day.slice(5) : day;
}

const WEEKDAY = { weekday: "short" } as const;

/** A moment ahead as people plan by it: "12-01 周二 08:00". */
export function plannedTime(value: string, zone: string, now: Date, lang: Lang): string {
  const [day = "", time = ""] = instant(value, zone).split(" ");
  const locale = lang === "zh" ? "zh-CN" : "en-GB";
  const weekday = new Intl.DateTimeFormat(locale, { ...WEEKDAY, timeZone: zone });
  const year = dayOf(now.toISOString(), zone).slice(0, 4);
  const shown = day.startsWith(year) ? day.slice(5) : day;
  return `${shown} ${weekday.format(new Date(value))} ${time}`;
}

/** How many days from today a day lies; negative for those past. */
export function daysUntil(value: string, zone: string, now: Date): number {
  const day = value.length > 10 ? dayOf(value, zone) : value;
  const today = dayOf(now.toISOString(), zone);
  return Math.round((Date.parse(`${day}T00:00:00Z`) - Date.parse(`${today}T00:00:00Z`)) / DAY_MS);
}

/** "3 小时前", and the day for what is longer ago than a week. */
export function ago(value: string, zone: string, now: Date, lang: Lang): string {
  const passed = now.getTime() - Date.parse(value);
  if (Number.isNaN(passed)) return value;
  if (passed < 0 || passed >= 7 * DAY_MS) return shortDay(value, zone, now);
  const [count, zh, en] =
    passed < HOUR_MS
      ? [Math.floor(passed / MINUTE_MS), "分钟前", "min ago"]
      : passed < DAY_MS
        ? [Math.floor(passed / HOUR_MS), "小时前", "h ago"]
        : [Math.floor(passed / DAY_MS), "天前", "d ago"];
  if (count === 0 && passed < HOUR_MS) return lang === "zh" ? "刚刚" : "just now";
  return `${count} ${lang === "zh" ? zh : en}`;
}

/** A moment in full. */
export function fullTime(value: string, zone: string): string {
  return value.length > 10 ? instant(value, zone) : value;
}

/** How far a zone is from UTC at a moment, in milliseconds. */
function offset(at: number, zone: string): number {
  const written = instant(new Date(at).toISOString(), zone).replace(" ", "T");
  return Date.parse(`${written}:00Z`) - Math.floor(at / MINUTE_MS) * MINUTE_MS;
}

/** The moment that "2026-11-23 16:40" is in a zone, in RFC 3339. */
export function momentOf(day: string, time: string, zone: string): string {
  const local = Date.parse(`${day}T${time}:00Z`);
  const first = local - offset(local, zone);
  return new Date(local - offset(first, zone)).toISOString();
}
