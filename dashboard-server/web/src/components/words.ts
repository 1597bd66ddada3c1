/** Names of fields and of the words in them, and any value as people read it. */
import type { TFunction } from "i18next";
import { type Json, type Labels, labelOf } from "@/lib/api/records";
import { type Lang, NONE } from "@/lib/format";
import { type Entity, referenceOf } from "@/lib/resources";
import { ruleText } from "@/lib/rule";
import { fullMoney, priceText, quantityText, shareText } from "@/lib/units";
import { fullTime } from "@/lib/when";

export function fieldName(entity: Entity, field: string, t: TFunction): string {
  const common = t(`field.${field}`, { defaultValue: field });
  return t(`fieldOf.${entity}.${field}`, { defaultValue: common });
}

/** The words that a field can hold, as options. */
export function choiceOptions(entity: Entity, field: string, t: TFunction) {
  const words = t(`choice.${entity}.${field}`, { returnObjects: true, defaultValue: {} });
  return Object.entries(words as Record<string, string>).map(([value, label]) => ({
    value,
    label,
  }));
}

const MONEY = new Set([
  "amount",
  "original_amount",
  "amount_without_tax",
  "deposit_amount",
  "lost_amount",
  "list_amount",
  "cost_amount",
  "accepted_amount",
  "received_amount",
  "allocated_amount",
]);
const PRICES = new Set(["unit_price", "list_unit_price", "unit_cost", "list_price", "cost"]);
const SHARES = new Set([
  "tax_rate",
  "discount",
  "margin",
  "share",
  "probability",
  "discount_limit",
]);
const QUANTITIES = new Set(["quantity", "minimum_quantity"]);

/** Any value of a record as text. */
export function valueText(
  entity: Entity,
  field: string,
  value: Json | undefined,
  { labels, t, lang, zone }: { labels?: Labels; t: TFunction; lang: Lang; zone: string },
): string {
  if (value === null || value === undefined || value === "") return NONE;
  if (typeof value === "boolean") return t(value ? "part.yes" : "part.no");
  if (typeof value === "number") {
    const reference = referenceOf(entity, field);
    if (reference) return labelOf(labels, reference, value, lang);
    if (MONEY.has(field)) return fullMoney(value);
    if (PRICES.has(field)) return priceText(value);
    if (SHARES.has(field)) return shareText(value, lang);
    if (QUANTITIES.has(field)) return quantityText(value);
    return value.toLocaleString("en-US");
  }
  if (typeof value === "string") {
    if (field === "rule") return ruleText(value, t, lang);
    if (/^\d{4}-\d{2}-\d{2}T/.test(value)) return fullTime(value, zone);
    return t(`choice.${entity}.${field}.${value}`, { defaultValue: value });
  }
  if (Array.isArray(value)) return value.map(plain).join(lang === "zh" ? "、" : ", ") || NONE;
  const parts = Object.entries(value).filter(([, part]) => !isNothing(part));
  return parts.map(([name, part]) => `${name}: ${plain(part)}`).join(" · ") || NONE;
}

function isNothing(value: Json): boolean {
  return value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

/** What has no words of its own, as it is. */
function plain(value: Json): string {
  if (Array.isArray(value)) return value.map(plain).join(", ");
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}
