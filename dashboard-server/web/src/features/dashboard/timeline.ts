import type { Metric, QueryResult } from "@/lib/api/types";
import { numberOf } from "@/lib/format";
import {
  type Anchor,
  type Bucket,
  buckets,
  type Grain,
  isUnfinished,
  type Range,
} from "@/lib/period";

export type Point = { bucket: Bucket; value: number | null; n: number };
export type Timeline = { points: Point[]; unfinished: number };

/**
 * The rows of a time grain as one point for every bucket of the range, in order. Where there are
 * no records a sum or a count is 0 and a rate or a duration is unknown. Buckets after the last
 * known day are left out.
 */
export function timeline(
  result: QueryResult,
  metric: Metric,
  { range, grain }: { range: Range; grain: Grain },
  anchor: Anchor,
): Timeline {
  const rows = new Map(result.rows.map((row) => [String(row[grain]), row]));
  const adds = metric.unit === "amount" || metric.unit === "count";
  const known = buckets(range, grain).filter((bucket) => bucket.from <= anchor.day);
  const points = known.map((bucket) => {
    const row = rows.get(bucket.key);
    const value = numberOf(row?.[metric.name]);
    const n = numberOf(row?.[`${metric.name}_n`]) ?? 0;
    return { bucket, value: value ?? (adds ? 0 : null), n };
  });
  const unfinished = known.filter((bucket) => isUnfinished(bucket, grain, anchor)).length;
  return { points, unfinished };
}

/** How a bucket is written under the axis: days without the year. */
export function bucketText(key: string, grain: Grain): string {
  return grain === "day" ? key.slice(5) : key;
}
