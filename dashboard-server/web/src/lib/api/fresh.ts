/** Numbers that did not change are not asked for again: each answer says which tables it was read from. */
import { postBatch } from "./client";
import type { BatchAnswer, BatchItem } from "./types";

export type Versions = Record<string, number>;
/** Questions as they were asked, with their answers. */
export type Answered = { items: BatchItem[]; answers: Map<string, BatchAnswer> };

/** The answers that hold for these versions too, by the ids of the questions. */
export function stillTrue(
  items: BatchItem[],
  before: Answered | undefined,
  versions: Versions | undefined,
): Map<string, BatchAnswer> {
  const kept = new Map<string, BatchAnswer>();
  if (!before || !versions) return kept;
  const known = new Map(before.items.map((item) => [item.id, JSON.stringify(item)]));
  for (const item of items) {
    const answer = before.answers.get(item.id);
    const read = answer?.result?.versions;
    if (!answer || !read || known.get(item.id) !== JSON.stringify(item)) continue;
    const same = Object.entries(read).every(
      ([table, version]) => versions[`marts/${table}`] === version,
    );
    if (same) kept.set(item.id, answer);
  }
  return kept;
}

/** Asks what cannot be taken from the answers before; the answers are in the order of the questions. */
export async function postFresh(
  items: BatchItem[],
  before: Answered | undefined,
  versions: Versions | undefined,
  signal?: AbortSignal,
): Promise<Answered> {
  const kept = stillTrue(items, before, versions);
  const asked = items.filter(({ id }) => !kept.has(id));
  const given = asked.length > 0 ? await postBatch(asked, signal) : new Map<string, BatchAnswer>();
  const answers = new Map<string, BatchAnswer>();
  for (const { id } of items) {
    const answer = kept.get(id) ?? given.get(id);
    if (answer) answers.set(id, answer);
  }
  return { items, answers };
}
