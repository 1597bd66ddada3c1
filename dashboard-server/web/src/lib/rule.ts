/** When something is due, as its rule says: the text that is kept, a form, and words. */
import type { TFunction } from "i18next";
import type { Lang } from "./format";

export const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

export const RULE_KINDS = [
  "daily",
  "working-days",
  "working-day",
  "weekly",
  "monthly",
  "cron",
] as const;
export type RuleKind = (typeof RULE_KINDS)[number];

/** What becomes of a day that is not worked. */
export const MOVES = ["kept", "next", "previous", "skip"] as const;
export type Move = (typeof MOVES)[number];

/** The most that a working day, and a day, can be of its month. */
export const LAST_PLACE = { "working-day": 23, monthly: 31 } as const;

/** All that a rule can say; each kind uses some of it. */
export type Rule = {
  kind: RuleKind;
  time: string;
  /** The n-th day of the month, from its end where negative. */
  place: number;
  days: Weekday[];
  move: Move;
  cron: string;
};

/** What a form begins with. */
export const FIRST_RULE: Rule = {
  kind: "working-days",
  time: "08:00",
  place: 1,
  days: ["mon"],
  move: "kept",
  cron: "30 8 * * 1-5",
};

const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;

function readMove(words: string[]): Move | null {
  if (words.length === 0) return "kept";
  const [word] = words;
  return words.length === 1
    ? (MOVES.find((move) => move === word && move !== "kept") ?? null)
    : null;
}

function readPlace(text: string | undefined, most: number): number | null {
  if (!text || !/^[+-]?\d+$/.test(text)) return null;
  const place = Number(text);
  return place !== 0 && Math.abs(place) <= most ? place : null;
}

/** What a rule's text says, null where it is none. */
export function readRule(text: string | null | undefined): Rule | null {
  const words = (text ?? "").trim().split(/\s+/);
  const [kind, ...rest] = words;
  const timed = (time: string | undefined, more: Partial<Rule>): Rule | null =>
    time && TIME.test(time) ? { ...FIRST_RULE, time, ...more } : null;
  switch (kind) {
    case "daily":
    case "working-days":
      return rest.length === 1 ? timed(rest[0], { kind }) : null;
    case "working-day": {
      const place = readPlace(rest[0], LAST_PLACE[kind]);
      return place !== null && rest.length === 2 ? timed(rest[1], { kind, place }) : null;
    }
    case "weekly": {
      const [list = "", time, ...more] = rest;
      const named = list.split(",");
      const move = readMove(more);
      if (move === null || !named.every((day) => (WEEKDAYS as readonly string[]).includes(day))) {
        return null;
      }
      return timed(time, { kind, move, days: WEEKDAYS.filter((day) => named.includes(day)) });
    }
    case "monthly": {
      const [day, time, ...more] = rest;
      const place = readPlace(day, LAST_PLACE[kind]);
      const move = readMove(more);
      return place !== null && move !== null ? timed(time, { kind, place, move }) : null;
    }
    case "cron":
      return rest.length > 0 ? { ...FIRST_RULE, kind, cron: rest.join(" ") } : null;
    default:
      return null;
  }
}

/** The text of a rule. */
export function writeRule({ kind, time, place, days, move, cron }: Rule): string {
  const moved = move === "kept" ? [] : [move];
  switch (kind) {
    case "daily":
    case "working-days":
      return `${kind} ${time}`;
    case "working-day":
      return `${kind} ${place} ${time}`;
    case "weekly": {
      const chosen = WEEKDAYS.filter((day) => days.includes(day)).join(",");
      return [kind, chosen, time, ...moved].join(" ");
    }
    case "monthly":
      return [kind, place, time, ...moved].join(" ");
    case "cron":
      return `${kind} ${cron.trim().replace(/\s+/g, " ")}`;
  }
}

/** The same rule of another kind; a place that the other has not is the nearest that it has. */
export function withKind(rule: Rule, kind: RuleKind): Rule {
  if (kind !== "working-day" && kind !== "monthly") return { ...rule, kind };
  const most = LAST_PLACE[kind];
  return { ...rule, kind, place: Math.max(-most, Math.min(most, rule.place)) };
}

/** "1st", "2nd", "23rd". */
function ordinal(count: number): string {
  const teen = count % 100 >= 11 && count % 100 <= 13;
  const ending = teen ? "th" : (["th", "st", "nd", "rd"][count % 10] ?? "th");
  return `${count}${ending}`;
}

/** Which day of the month is meant: "最后一个工作日", "the 2nd last day". */
export function placeText(
  kind: "working-day" | "monthly",
  place: number,
  t: TFunction,
  lang: Lang,
): string {
  const count = Math.abs(place);
  const from = place > 0 ? "first" : count === 1 ? "last" : "fromEnd";
  const written = lang === "en" ? ordinal(count) : String(count);
  return t(`rules.place.${kind}.${from}`, { place: written });
}

/** A rule in words; one that cannot be read stays as it is. */
export function ruleText(text: string | null | undefined, t: TFunction, lang: Lang): string {
  const rule = readRule(text);
  if (!rule) return text ?? "";
  const { kind, time, days, cron } = rule;
  const move = rule.move === "kept" ? "" : t(`rules.moved.${rule.move}`);
  switch (kind) {
    case "daily":
    case "working-days":
      return t(`rules.text.${kind}`, { time });
    case "working-day":
    case "monthly":
      return t(`rules.text.${kind}`, { time, day: placeText(kind, rule.place, t, lang) }) + move;
    case "weekly": {
      const names = days.map((day) => t(`rules.weekday.${day}`));
      return t("rules.text.weekly", { time, days: names.join(lang === "zh" ? "、" : ", ") }) + move;
    }
    case "cron":
      return t("rules.text.cron", { cron });
  }
}
