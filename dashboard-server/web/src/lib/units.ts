/** Money, prices, shares and quantities as records hold them and as people write them. */
import { amount, type Lang } from "./format";

/** What one written unit is in the record's: fen, millionths, basis points, thousandths. */
export const SCALES = { money: 100, price: 1_000_000, share: 100, quantity: 1000 } as const;
export type Scaled = keyof typeof SCALES;

export function isScaled(kind: string): kind is Scaled {
  return Object.hasOwn(SCALES, kind);
}

/** A record's whole number as people write it: 12345 fen are 123.45. */
export function written(value: number, kind: Scaled): number {
  return value / SCALES[kind];
}

/** What people wrote as the record's whole number. */
export function stored(value: number, kind: Scaled): number {
  return Math.round(value * SCALES[kind]);
}

const SIGNS: Record<string, string> = { CNY: "¥", USD: "$", EUR: "€", GBP: "£", JPY: "¥" };

/** An amount in fen with one decimal in 万 or k. */
export function shortMoney(fen: number, lang: Lang): string {
  return amount(fen / 100, lang);
}

/** An amount in fen to the fen, with the sign of its currency. */
export function fullMoney(fen: number, currency = "CNY"): string {
  const text = Math.abs(fen / 100).toLocaleString("en-US", {
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
  });
  return `${fen < 0 ? "-" : ""}${SIGNS[currency] ?? `${currency} `}${text}`;
}

/** A share in basis points as "12.5 %". */
export function shareText(basisPoints: number, lang: Lang): string {
  const text = (basisPoints / 100).toLocaleString("en-US", { maximumFractionDigits: 2 });
  return `${text}${lang === "zh" ? " %" : "%"}`;
}

/** The same to one decimal, as in lists. */
export function shortShare(basisPoints: number, lang: Lang): string {
  return `${(basisPoints / 100).toFixed(1)}${lang === "zh" ? " %" : "%"}`;
}

export function quantityText(thousandths: number): string {
  return (thousandths / 1000).toLocaleString("en-US", { maximumFractionDigits: 3 });
}

/** A unit price in millionths with at least two decimals. */
export function priceText(millionths: number, currency = "CNY"): string {
  const text = (millionths / 1_000_000).toLocaleString("en-US", {
    minimumFractionDigits: 2,
    maximumFractionDigits: 6,
  });
  return `${SIGNS[currency] ?? `${currency} `}${text}`;
}
