import { expect, test } from "vitest";
import { readLakeId } from "./lakeId";

test("ids of the lake are records of operations, or of another system", () => {
  expect(readLakeId("OPP-2026-00012")).toEqual({ entity: "opportunity", number: "OPP-2026-00012" });
  expect(readLakeId("quote-15")).toEqual({ entity: "quote", id: 15 });
  expect(readLakeId("price_list_item-3")).toEqual({ entity: "price_list_item", id: 3 });
  for (const text of ["S-10023", "CRM-2026-1", "quote-x", "阀门-1", ""]) {
    expect(readLakeId(text)).toBe(null);
  }
});
