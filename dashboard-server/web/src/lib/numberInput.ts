/** Numbers as people type them. */

const MULTIPLES: Record<string, number> = { 万: 1e4, w: 1e4, 亿: 1e8, k: 1e3, m: 1e6 };

/**
 * What was typed as a number: "12,000", "1.5万" and "20k" too. Nothing for an empty field, which is no
 * zero, and NaN for what is no number.
 */
export function typedNumber(text: string | undefined): number | "" {
  const bare = (text ?? "").replace(/[,，\s]/g, "").toLowerCase();
  if (bare === "") return "";
  const [, digits = "", unit = ""] = /^(.*?)([万亿wkm]?)$/.exec(bare) ?? [];
  const number = digits === "" ? Number.NaN : Number(digits);
  // 1.1 * 10,000 is not 11,000 in floating point.
  return unit === "" ? number : Number((number * (MULTIPLES[unit] ?? 1)).toPrecision(15));
}

/** "1234.5" as "1,234.5"; trailing zeros say nothing unless it is money. */
export function grouped(text: string, whole: boolean): string {
  if (text === "") return "";
  const [units = "", decimals = ""] = text.split(".");
  const shown = whole ? decimals : decimals.replace(/0+$/, "");
  return units.replace(/\B(?=(\d{3})+$)/g, ",") + (shown ? `.${shown}` : "");
}
