/** Stages while they are designed, and criteria as words of a list. */
import type { Criterion } from "@/lib/problem";
import { stored, written } from "@/lib/units";

export type StageDraft = {
  key: string;
  id: number | null;
  code: string;
  nameZh: string;
  nameEn: string;
  expectedDays: number | null;
  /** In percent. */
  probability: number;
  entry: string[];
  exit: string[];
  terminal: boolean;
  afterWinning: boolean;
};

export type StageRecord = {
  id: number;
  code: string;
  name_zh: string;
  name_en: string;
  position: number;
  expected_days: number | null;
  probability: number;
  entry_criteria: Criterion[];
  exit_criteria: Criterion[];
  terminal: boolean;
  after_winning: boolean;
};

/** A stage as it is to be; its place follows from the order, and a code is given to new ones only. */
export type StageRequest = Omit<StageRecord, "id" | "position" | "code"> & {
  id?: number;
  code?: string;
};

/** A criterion as a word: `quote:sent`. */
export function wordOf(criterion: Criterion): string {
  const [[kind = "", value = ""] = []] = Object.entries(criterion);
  return `${kind}:${value}`;
}

/** The criterion that a word means, null where it means none. */
export function criterionOf(word: string): Criterion | null {
  const colon = word.indexOf(":");
  const value = word.slice(colon + 1).trim();
  switch (word.slice(0, colon)) {
    case "field":
      return value ? { field: value } : null;
    case "attachment":
      return value ? { attachment: value } : null;
    case "quote":
      return value === "sent" || value === "accepted" ? { quote: value } : null;
    case "contract":
      return value === "signed" || value === "effective" ? { contract: value } : null;
    default:
      return null;
  }
}

const criteria = (words: string[]): Criterion[] => words.flatMap((word) => criterionOf(word) ?? []);

export function draftOf(stage: StageRecord): StageDraft {
  return {
    key: `stage-${stage.id}`,
    id: stage.id,
    code: stage.code,
    nameZh: stage.name_zh,
    nameEn: stage.name_en,
    expectedDays: stage.expected_days,
    probability: written(stage.probability, "share"),
    entry: stage.entry_criteria.map(wordOf),
    exit: stage.exit_criteria.map(wordOf),
    terminal: stage.terminal,
    afterWinning: stage.after_winning,
  };
}

export function draftsOf(stages: StageRecord[]): StageDraft[] {
  return [...stages].sort((a, b) => a.position - b.position).map(draftOf);
}

/** What is sent: the stages in their order. */
export function stageRequests(drafts: StageDraft[]): StageRequest[] {
  return drafts.map((draft) => ({
    ...(draft.id === null ? { code: draft.code.trim() } : { id: draft.id }),
    name_zh: draft.nameZh.trim(),
    name_en: draft.nameEn.trim(),
    expected_days: draft.expectedDays,
    probability: stored(draft.probability, "share"),
    entry_criteria: criteria(draft.entry),
    exit_criteria: criteria(draft.exit),
    terminal: draft.terminal,
    after_winning: draft.afterWinning,
  }));
}

export type StageFault = "empty" | "name" | "code" | "taken" | "order" | "begin";

/** What is wrong with a design, by the key of the stage; the pipeline itself under "". */
export function faultsOf(drafts: StageDraft[]): Map<string, StageFault> {
  const faults = new Map<string, StageFault>();
  if (drafts.length === 0) faults.set("", "empty");
  const codes = new Set<string>();
  let won = false;
  for (const [index, draft] of drafts.entries()) {
    const code = draft.code.trim();
    if (draft.nameZh.trim() === "" || draft.nameEn.trim() === "") faults.set(draft.key, "name");
    else if (!/^[a-z][a-z0-9_]*$/.test(code)) faults.set(draft.key, "code");
    else if (codes.has(code)) faults.set(draft.key, "taken");
    else if (index === 0 && draft.afterWinning) faults.set(draft.key, "begin");
    else if (won && !draft.afterWinning) faults.set(draft.key, "order");
    codes.add(code);
    won ||= draft.afterWinning;
  }
  return faults;
}

/** The list with the item at one place moved to another. */
export function reordered<T>(items: T[], from: number, to: number): T[] {
  const item = items[from];
  if (item === undefined || to < 0 || to >= items.length) return items;
  const next = items.filter((_, index) => index !== from);
  next.splice(to, 0, item);
  return next;
}
