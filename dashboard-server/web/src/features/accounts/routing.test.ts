import { expect, test } from "vitest";
import { lineOf, type Team } from "./routing";

const team = (id: number, parent_id: number | null): Team => ({ id, version: 1, parent_id });

test("accounts come to a team from above it, below it and itself", () => {
  const teams = [team(1, null), team(2, 1), team(3, 2), team(4, 2), team(5, 1), team(6, 3)];
  expect([...lineOf(teams, 3)].sort()).toEqual([1, 2, 3, 6]);
  expect([...lineOf(teams, 1)].sort()).toEqual([1, 2, 3, 4, 5, 6]);
  expect([...lineOf(teams, 5)].sort()).toEqual([1, 5]);
});

test("who has no team has no line, and a ring of teams ends", () => {
  expect([...lineOf([team(1, null)], null)]).toEqual([]);
  expect([...lineOf([team(1, 2), team(2, 1)], 1)].sort()).toEqual([1, 2]);
});
