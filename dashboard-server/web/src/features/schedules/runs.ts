/** How runs stand, how long they took and what they did, in words. */
import type { TFunction } from "i18next";
import type { Lang } from "@/lib/format";

export const RUN_TONES: Record<string, string> = {
  running: "processing",
  done: "success",
  failed: "error",
};

/** What anybody waits for: it is never left out, so all of it is caught up. */
export const NEVER_LEFT_OUT = ["monthly_report", "dispatches"];

export function isUnderWay(state: string): boolean {
  return state === "planned" || state === "running";
}

type Timed = { began_at?: string | null; ended_at?: string | null };

/** How long a run took, or has taken up to now; null where it never began. */
export function lastedMs({ began_at, ended_at }: Timed, now: Date): number | null {
  if (!began_at) return null;
  const until = ended_at ? Date.parse(ended_at) : now.getTime();
  return Math.max(0, until - Date.parse(began_at));
}

/** "0.4 秒", "12 秒", "3 分 5 秒", "1 小时 2 分". */
export function lastedText(ms: number, lang: Lang): string {
  const [s, m, h] = lang === "zh" ? ["秒", "分", "小时"] : ["s", "min", "h"];
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} ${s}`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} ${s}`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) {
    return [`${minutes} ${m}`, ...(seconds % 60 > 0 ? [`${seconds % 60} ${s}`] : [])].join(" ");
  }
  const left = minutes % 60;
  return [`${Math.floor(minutes / 60)} ${h}`, ...(left > 0 ? [`${left} ${m}`] : [])].join(" ");
}

/** The server's sentences about runs, with the values in them. */
const TOLD: [RegExp, string][] = [
  [/^set (?<a>\d+) published, (?<b>\d+) marts$/, "published"],
  [/^nothing was new; set (?<a>\d+) stands$/, "nothingNew"],
  [/^scored anew in set (?<a>\d+)$/, "scored"],
  [/^(?<a>\d+) copies planned$/, "copies"],
  [/^(?<a>\d+) copies planned, (?<b>\d+) tried again now$/, "copiesAgain"],
  [/^(?<a>\d+) files put together, (?<b>\d+) removed \((?<c>\d+) bytes\)$/, "upkeep"],
  [/^(?<a>\d+) sources, (?<b>\d+) rows added$/, "ingested"],
  [/^nobody was there; a later one was done$/, "missed"],
  [/^nobody was there for longer than is caught up$/, "tooOld"],
  [/^broken off (?<a>\d+) times, by the end of who ran it$/, "brokenOff"],
  [/^who ran it has ended$/, "runnerEnded"],
  [/^there is no such schedule any more$/, "gone"],
  [/^it took longer than (?<a>\d+) minutes, and was ended$/, "tookTooLong"],
  [/^it broke down; the server's log says where$/, "brokeDown"],
  [/^this program makes no backups$/, "noBackups"],
  [/^the schedule names no mapping file$/, "noMapping"],
];

/** What a run did or why it failed, in the reader's language; what is not known stays as it is. */
export function tellRun(text: string, t: TFunction): string {
  for (const [pattern, key] of TOLD) {
    const found = pattern.exec(text);
    if (found) return t(`schedules.told.${key}`, { ...found.groups });
  }
  return text;
}
