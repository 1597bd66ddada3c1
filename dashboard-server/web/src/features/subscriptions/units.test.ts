import { expect, test } from "vitest";
import { keptLimit, shownLimit } from "./units";

test.each([
  [0.3, "ratio", 30],
  [0.29, "ratio", 29],
  [0.075, "ratio", 7.5],
  [0.07, "ratio", 7],
  [1_200_000, "amount", 1_200_000],
  [33.5, "days", 33.5],
])("%d of unit %s is written %d and kept as it was", (kept, unit, shown) => {
  expect(shownLimit(kept, unit)).toBe(shown);
  expect(keptLimit(shown, unit)).toBe(kept);
});

test("no limit stays none", () => {
  expect(shownLimit(null, "ratio")).toBeNull();
  expect(keptLimit(null, "ratio")).toBeNull();
});
