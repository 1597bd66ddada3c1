import { expect, it } from "vitest";
import { whyAddress } from "./components/Why";

it("asks for the 30 days before today, of the accounts that are chosen", () => {
  const chosen = {
    status: ["red" as const],
    tier: ["A"],
    region: ["华东", 'a "b"'],
    owner: [],
    manager: [],
  };
  const { pathname, searchParams } = new URL(whyAddress(chosen, "2026-11-30"), "http://x");
  expect(pathname).toBe("/dashboard");
  expect(Object.fromEntries(searchParams)).toMatchObject({
    metric: "health_score_mean",
    why: "health_score_mean",
    period: "2026-10-31..2026-11-29",
  });
  expect(searchParams.getAll("where")).toEqual(["value_tier=A", 'region=华东,"a ""b"""']);
});
