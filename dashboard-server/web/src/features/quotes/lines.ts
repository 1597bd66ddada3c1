/** The lines of a quote while they are entered. What they come to is said by the server alone. */
import type { FieldFault } from "@/lib/problem";
import { stored, written } from "@/lib/units";
import type { PricedLine, PriceList, PriceListItem, QuoteLine } from "./types";

export type DraftLine = {
  key: string;
  productId: number | null;
  description: string;
  /** As people write it: 2.5 units. */
  quantity: number | null;
  unit: string | null;
  /** What the price is given by: the list, a price, or a discount on the list. */
  by: "list" | "price" | "discount";
  price: number | null;
  /** In percent. */
  discount: number | null;
  /** In percent; the product's where nothing is said. */
  tax: number | null;
  /** Where the line was taken from, in words. */
  source: string | null;
};

export type LineRequest = {
  product_id?: number;
  description?: string;
  quantity: number;
  unit?: string;
  unit_price?: number;
  discount?: number;
  tax_rate?: number;
};

export function newLine(key: string, line: Partial<DraftLine> = {}): DraftLine {
  return {
    key,
    productId: null,
    description: "",
    quantity: 1,
    unit: null,
    by: "list",
    price: null,
    discount: null,
    tax: null,
    source: null,
    ...line,
  };
}

/** A line of a quote that is there, to be entered again. */
export function lineOf(record: QuoteLine, key: string): DraftLine {
  const { unit_price: price, list_unit_price: list } = record;
  const atList = price === undefined || (list !== null && list !== undefined && price === list);
  return newLine(key, {
    productId: record.product_id,
    description: record.description,
    quantity: written(record.quantity, "quantity"),
    unit: record.unit,
    by: atList ? "list" : "price",
    price: price === undefined || atList ? null : written(price, "price"),
    tax: written(record.tax_rate, "share"),
  });
}

/** What is sent of a line, null as long as it lacks something. */
export function requestOf(line: DraftLine): LineRequest | null {
  const { productId, quantity, by, price, discount, unit, tax } = line;
  const description = line.description.trim();
  if (quantity === null || stored(quantity, "quantity") <= 0) return null;
  if (productId === null && description === "") return null;
  if (by === "price" && price === null) return null;
  if (by === "discount" && discount === null) return null;
  if (productId === null && by !== "price") return null;
  return {
    ...(productId === null ? {} : { product_id: productId }),
    ...(description === "" ? {} : { description }),
    quantity: stored(quantity, "quantity"),
    ...(unit ? { unit } : {}),
    ...(by === "price" && price !== null ? { unit_price: stored(price, "price") } : {}),
    ...(by === "discount" && discount !== null ? { discount: stored(discount, "share") } : {}),
    ...(tax === null ? {} : { tax_rate: stored(tax, "share") }),
  };
}

/** The lines that can be priced, and the keys that they stand under. */
export function requestsOf(lines: DraftLine[]): { lines: LineRequest[]; keys: string[] } {
  const ready = lines.flatMap((line) => {
    const request = requestOf(line);
    return request ? [{ request, key: line.key }] : [];
  });
  return { lines: ready.map(({ request }) => request), keys: ready.map(({ key }) => key) };
}

/** The faults of lines by their keys, as `lines[2].quantity`; the others by themselves. */
export function faultsByLine(
  faults: FieldFault[],
  keys: string[],
): { lines: Map<string, FieldFault[]>; others: FieldFault[] } {
  const lines = new Map<string, FieldFault[]>();
  const others: FieldFault[] = [];
  for (const fault of faults) {
    const found = /^lines\[(\d+)\]\.(.+)$/.exec(fault.field);
    const key = found ? keys[Number(found[1]) - 1] : undefined;
    if (found && key !== undefined) {
      const told = { field: found[2] ?? "", message: fault.message };
      lines.set(key, [...(lines.get(key) ?? []), told]);
    } else {
      others.push(fault);
    }
  }
  return { lines, others };
}

/** The discount of a priced line in percent, rounded down; null where there is no list price. */
export function discountOf({
  list_unit_price: list,
  unit_price: price,
}: PricedLine): number | null {
  if (list === null || list <= 0) return null;
  return Math.floor(((list - price) * 10_000) / list) / 100;
}

/** The prices from greater quantities on, the least first. */
export function tiersOf(items: PriceListItem[], productId: number): PriceListItem[] {
  return items
    .filter((item) => item.product_id === productId && item.minimum_quantity > 0)
    .sort((a, b) => a.minimum_quantity - b.minimum_quantity);
}

/** The next tier that a quantity does not reach yet. */
export function nextTier(tiers: PriceListItem[], quantity: number | null): PriceListItem | null {
  const reached = quantity === null ? 0 : stored(quantity, "quantity");
  return tiers.find(({ minimum_quantity }) => minimum_quantity > reached) ?? null;
}

/** The price list that a customer is quoted by: the one of the segment, else one for all. */
export function standardList(
  lists: PriceList[],
  { segment, currency, today }: { segment: string | null; currency: string; today: string },
): PriceList | null {
  const holds = lists.filter(
    (list) =>
      list.enabled &&
      list.currency === currency &&
      list.valid_from <= today &&
      (list.valid_until === null || today <= list.valid_until),
  );
  const latest = (some: PriceList[]) =>
    [...some].sort((a, b) => b.valid_from.localeCompare(a.valid_from) || b.id - a.id)[0] ?? null;
  return (
    latest(holds.filter((list) => segment !== null && list.segment === segment)) ??
    latest(holds.filter((list) => !list.segment))
  );
}
