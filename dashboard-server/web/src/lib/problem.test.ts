import { expect, test } from "vitest";
import { ApiError } from "./api/client";
import type { Problem } from "./api/types";
import { faultsOf, missingOf, staleOf, tellProblem } from "./problem";

const problem = (code: string, status: number, members: object = {}) =>
  new ApiError({
    type: `urn:millrace:problem:${code}`,
    title: "title",
    status,
    detail: "detail",
    ...members,
  } as Problem);

/** Keys with their values instead of words. */
const t = ((key: string, values?: Record<string, unknown>) =>
  values
    ? `${key} ${Object.entries(values)
        .filter(([name]) => name !== "defaultValue")
        .map(([name, value]) => `${name}=${value}`)
        .join(" ")}`.trim()
    : key) as unknown as Parameters<typeof tellProblem>[1];
const tell = (error: unknown) => tellProblem(error, t, "Asia/Shanghai").sentence;

test("a lost claim says who won it", () => {
  expect(tell(problem("already-claimed", 409, { owner: "李娜" }))).toBe(
    "problems.alreadyClaimed owner=李娜",
  );
  expect(tell(problem("already-claimed", 409))).toBe("problems.alreadyClaimedBySomebody");
});

test("times of a refusal are in the company's zone", () => {
  const until = "2026-11-25T16:00:00Z";
  expect(tell(problem("locked-out", 429, { until }))).toBe(
    "problems.lockedOut until=2026-11-26 00:00",
  );
  expect(tell(problem("claim-limit", 429, { until, limit: 10 }))).toBe(
    "problems.claimLimit limit=10 until=2026-11-26 00:00",
  );
});

test("wrong fields are told at their place", () => {
  const fields = [
    { field: "name", message: "must not be empty" },
    { field: "credit_days", message: "must be at most 3650" },
  ];
  const error = problem("invalid", 422, { fields });
  expect(faultsOf(error)).toEqual(fields);
  expect(tellProblem(error, t, "Asia/Shanghai").fields).toEqual([
    { field: "name", message: "fault.empty value=undefined" },
    { field: "credit_days", message: "fault.greatest value=3650" },
  ]);
});

test("what is missing, and the record as it is now, are taken from the document", () => {
  const missing = [
    {
      stage_id: 3,
      stage: "requirements",
      when: "leave",
      criterion: { attachment: "requirements" },
    },
  ];
  expect(missingOf(problem("unmet", 409, { missing }))).toEqual(missing);
  expect(missingOf(problem("refused", 409))).toBe(null);
  const current = { id: 1, version: 4 };
  expect(staleOf(problem("stale", 412, { current }))).toEqual({ current });
  expect(staleOf(new Error("offline"))).toBe(null);
});

test("a server that is not there is no refusal", () => {
  expect(tell(new TypeError("Failed to fetch"))).toBe("problems.offline");
});
