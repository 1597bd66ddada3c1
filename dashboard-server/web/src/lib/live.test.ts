import { expect, test } from "vitest";
import { isRefreshed } from "./live";

const query = (queryKey: unknown[], data?: unknown) =>
  ({ queryKey, state: { data } }) as unknown as Parameters<typeof isRefreshed>[0];

test("records are read again, but no long list under its reader", () => {
  expect(isRefreshed(query(["records", "account", "one", 1], { record: {} }))).toBe(true);
  expect(isRefreshed(query(["records", "account", "pages"], { pages: [1, 2] }))).toBe(true);
  expect(isRefreshed(query(["records", "account", "pages"], { pages: Array(6) }))).toBe(false);
  expect(isRefreshed(query(["session"], {}))).toBe(false);
});
