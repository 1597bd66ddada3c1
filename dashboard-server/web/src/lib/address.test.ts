import { expect, test } from "vitest";
import { OVERLAY, readOpened, safeNext, withValues, writeOpened } from "./address";

test("a record's address is read back, and nonsense is nothing", () => {
  expect(readOpened(writeOpened({ entity: "account", id: 12 }))).toEqual({
    entity: "account",
    id: 12,
  });
  for (const text of [null, "", "account", "account:", "account:-1", "toString:1", "account:1x"]) {
    expect(readOpened(text)).toBe(null);
  }
});

test("closing what is open leaves the list as it was", () => {
  const search = "?view=pool&open=account%3A12&tab=notes&filter=region:in:%E5%8D%8E%E4%B8%9C";
  const params = new URLSearchParams(withValues(search, OVERLAY));
  expect([...params.keys()]).toEqual(["view", "filter"]);
  expect(params.get("filter")).toBe("region:in:华东");
});

test("signing in leads to this app only", () => {
  expect(safeNext("/accounts?open=account:1")).toBe("/accounts?open=account:1");
  for (const next of [null, "https://evil.example", "//evil.example", "/\\evil", "/sign-in"]) {
    expect(safeNext(next)).toBe("/");
  }
});
