import { expect, test } from "vitest";
import { readFilter, writeFilter } from "@/lib/api/records";
import { queryOf, readList, withFilter, writeList } from "./listState";

test("a list survives its address, and what is not its own stays", () => {
  const state = {
    search: "阀门",
    filters: [
      { field: "status", op: "in" as const, values: ["active", "dormant"] },
      { field: "industry", op: "is_null" as const, values: [] },
      { field: "region", op: "in" as const, values: ['华东, "上海"', ""] },
    ],
    sort: "-created_at",
  };
  const params = writeList(new URLSearchParams("view=pool&open=account:3&q=old"), state);
  expect(readList(params)).toEqual(state);
  expect(params.get("view")).toBe("pool");
  expect(params.get("open")).toBe("account:3");
});

test("a filter is written as the server reads it", () => {
  const filter = { field: "region", op: "not_in" as const, values: ["a,b", "c"] };
  expect(writeFilter(filter)).toBe('region:not_in:"a,b",c');
  expect(readFilter(writeFilter(filter))).toEqual(filter);
  expect(readFilter("region:like:x")).toBe(null);
  expect(readFilter("nonsense")).toBe(null);
});

test("a changed filter keeps its place", () => {
  const filters = ["a", "b", "c"].map((field) => ({ field, op: "is_set" as const, values: [] }));
  const next = [{ field: "b", op: "is_null" as const, values: [] }];
  expect(withFilter(filters, "b", next).map(({ field, op }) => [field, op])).toEqual([
    ["a", "is_set"],
    ["b", "is_null"],
    ["c", "is_set"],
  ]);
  expect(withFilter(filters, "a", []).map(({ field }) => field)).toEqual(["b", "c"]);
});

test("the page's own conditions stand before those of the address", () => {
  const own = { field: "outcome", op: "in" as const, values: ["open"] };
  const asked = { field: "region", op: "in" as const, values: ["华东"] };
  const query = queryOf(
    { search: "", filters: [asked], sort: null },
    { filters: [own], sort: "-id", view: "mine" },
  );
  expect(query).toEqual({ filters: [own, asked], sort: "-id", view: "mine", search: null });
});
