import { expect, test } from "vitest";
import {
  discountOf,
  faultsByLine,
  lineOf,
  newLine,
  nextTier,
  requestOf,
  requestsOf,
  standardList,
  tiersOf,
} from "./lines";
import type { PricedLine, PriceList, PriceListItem, QuoteLine } from "./types";

test("a line is sent by what it was given: the list, a price or a discount", () => {
  const line = newLine("a", { productId: 7, quantity: 2.5 });
  expect(requestOf(line)).toEqual({ product_id: 7, quantity: 2_500 });
  expect(requestOf({ ...line, by: "price", price: 99.5 })).toEqual({
    product_id: 7,
    quantity: 2_500,
    unit_price: 99_500_000,
  });
  expect(requestOf({ ...line, by: "discount", discount: 7.25, price: 3 })).toEqual({
    product_id: 7,
    quantity: 2_500,
    discount: 725,
  });
});

test("floating point does not leak into prices", () => {
  const line = newLine("a", { productId: 7, quantity: 0.1 + 0.2, by: "price", price: 1.005 });
  expect(requestOf(line)).toMatchObject({ quantity: 300, unit_price: 1_005_000 });
});

test("a line that lacks something is not sent", () => {
  expect(requestOf(newLine("a"))).toBeNull();
  expect(requestOf(newLine("a", { productId: 7, quantity: null }))).toBeNull();
  expect(requestOf(newLine("a", { productId: 7, quantity: 0 }))).toBeNull();
  expect(requestOf(newLine("a", { productId: 7, quantity: -1 }))).toBeNull();
  expect(requestOf(newLine("a", { productId: 7, by: "price" }))).toBeNull();
  expect(requestOf(newLine("a", { description: "安装调试" }))).toBeNull();
  expect(requestOf(newLine("a", { description: "  ", by: "price", price: 1 }))).toBeNull();
  expect(
    requestOf(newLine("a", { description: "安装调试", by: "price", price: 5000, tax: 6 })),
  ).toEqual({ description: "安装调试", quantity: 1_000, unit_price: 5_000_000_000, tax_rate: 600 });
});

test("faults find their line although lines in between are not sent", () => {
  const { lines, keys } = requestsOf([
    newLine("a", { productId: 1 }),
    newLine("unfinished"),
    newLine("b", { productId: 2 }),
  ]);
  expect(lines).toHaveLength(2);
  const { lines: faults, others } = faultsByLine(
    [
      { field: "lines[2].unit_price", message: "is required: there is no list price" },
      { field: "valid_until", message: "must not be past" },
    ],
    keys,
  );
  expect(faults.get("b")).toEqual([
    { field: "unit_price", message: "is required: there is no list price" },
  ]);
  expect(faults.has("unfinished")).toBe(false);
  expect(others.map(({ field }) => field)).toEqual(["valid_until"]);
});

test("a line entered before comes back to the millionth, at its list price as such", () => {
  const record = {
    product_id: 7,
    description: "闸阀 DN50",
    quantity: 12_000,
    unit: "台",
    tax_rate: 1_300,
    list_unit_price: 380_000_000,
    unit_price: 361_000_001,
  } as QuoteLine;
  const again = requestOf(lineOf(record, "a"));
  expect(again).toEqual({
    product_id: 7,
    description: "闸阀 DN50",
    quantity: 12_000,
    unit: "台",
    unit_price: 361_000_001,
    tax_rate: 1_300,
  });
  expect(lineOf({ ...record, unit_price: 380_000_000 }, "a").by).toBe("list");
});

test("the discount shown is that of the server's prices, rounded down", () => {
  const priced = { list_unit_price: 300_000_000, unit_price: 200_000_000 } as PricedLine;
  expect(discountOf(priced)).toBe(33.33);
  expect(discountOf({ ...priced, list_unit_price: null })).toBeNull();
  expect(discountOf({ ...priced, unit_price: 330_000_000 })).toBe(-10);
});

test("the next tier is the first one that the quantity does not reach", () => {
  const item = (minimum: number, product = 7): PriceListItem =>
    ({ id: minimum, product_id: product, minimum_quantity: minimum * 1_000 }) as PriceListItem;
  const tiers = tiersOf([item(100), item(0), item(10), item(5, 8)], 7);
  expect(tiers.map(({ minimum_quantity }) => minimum_quantity)).toEqual([10_000, 100_000]);
  expect(nextTier(tiers, 9.9)?.minimum_quantity).toBe(10_000);
  expect(nextTier(tiers, 10)?.minimum_quantity).toBe(100_000);
  expect(nextTier(tiers, 100)).toBeNull();
});

test("the price list is the one of the segment that holds today, else the general one", () => {
  const list = (id: number, extra: Partial<PriceList>): PriceList =>
    ({
      id,
      name: `${id}`,
      currency: "CNY",
      segment: null,
      valid_from: "2026-01-01",
      valid_until: null,
      enabled: true,
      ...extra,
    }) as PriceList;
  const lists = [
    list(1, {}),
    list(2, { segment: "key" }),
    list(3, { segment: "key", valid_until: "2026-06-30", valid_from: "2026-03-01" }),
    list(4, { currency: "USD" }),
    list(5, { enabled: false, valid_from: "2026-10-01" }),
    list(6, { valid_from: "2027-01-01" }),
  ];
  const asked = { segment: "key", currency: "CNY", today: "2026-11-25" };
  expect(standardList(lists, asked)?.id).toBe(2);
  expect(standardList(lists, { ...asked, segment: "small" })?.id).toBe(1);
  expect(standardList(lists, { ...asked, segment: null, currency: "USD" })?.id).toBe(4);
  expect(standardList(lists, { ...asked, segment: null, currency: "EUR" })).toBeNull();
});
