/** Limits as people write them and as they are kept: a rate of 30 % is 0.3. */

const PERCENT = 100;

/** What people write for a kept number. */
export function shownLimit(value: number | null, unit: string): number | null {
  if (value === null) return null;
  return unit === "ratio" ? Number((value * PERCENT).toPrecision(12)) : value;
}

/** What is kept of what people write. */
export function keptLimit(value: number | null, unit: string): number | null {
  if (value === null) return null;
  return unit === "ratio" ? Number((value / PERCENT).toPrecision(12)) : value;
}
