import { expect, test } from "vitest";
import { stillTrue } from "./fresh";
import type { BatchAnswer, BatchItem } from "./types";

const item = (id: string, metric: string): BatchItem => ({
  id,
  query: { metrics: [metric], by: [], where: [], period: null, compare: null },
});
const answer = (id: string, versions: Record<string, number>) =>
  ({ id, result: { versions } }) as unknown as BatchAnswer;

const items = [item("won", "won_amount"), item("orders", "order_amount")];
const before = {
  items,
  answers: new Map([
    ["won", answer("won", { conversion_cycles: 3, accounts: 1 })],
    ["orders", answer("orders", { orders: 5 })],
  ]),
};
const versions = { "marts/conversion_cycles": 3, "marts/accounts": 1, "marts/orders": 6 };

test("only numbers whose tables changed are asked for again", () => {
  expect([...stillTrue(items, before, versions).keys()]).toEqual(["won"]);
  const none = { ...versions, "marts/accounts": 2 };
  expect(stillTrue(items, before, none).size).toBe(0);
});

test("another question, a refused one and one without versions are asked", () => {
  expect(stillTrue([item("won", "lost_amount")], before, versions).size).toBe(0);
  const refused = new Map([["won", { id: "won", problem: {} } as unknown as BatchAnswer]]);
  expect(stillTrue(items, { items, answers: refused }, versions).size).toBe(0);
  expect(stillTrue(items, undefined, versions).size).toBe(0);
  expect(stillTrue(items, before, undefined).size).toBe(0);
});
