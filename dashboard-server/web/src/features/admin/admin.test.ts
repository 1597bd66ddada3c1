import { expect, test } from "vitest";
import { RESOURCES } from "@/lib/resources";
import type { Rights } from "@/lib/session";
import { counted, handoverRequest, noHandover } from "./handover";
import { GROUPS, grantOf, OTHERS, withAction, withScope, withVisibility } from "./rights";
import { SETTINGS, settingNumber, settingValue, withLevels } from "./settings";
import {
  criterionOf,
  draftsOf,
  faultsOf,
  reordered,
  type StageRecord,
  stageRequests,
  wordOf,
} from "./stages";
import { branches, type Team } from "./teams";

const rep: Rights = {
  grants: { account: { actions: ["read", "create"], scope: "own" } },
  visibility: ["amounts"],
};
const everything: Rights = {
  grants: { [OTHERS]: { actions: ["read", "update"], scope: "all" } },
  visibility: [],
};

test("every kind of records has its line in the table of rights", () => {
  const lines = GROUPS.flatMap(({ entities }) => entities);
  expect([...lines].sort()).toEqual([...Object.keys(RESOURCES), OTHERS].sort());
});

test("what one may change one may read, and without reading nothing is left", () => {
  const may = withAction(rep, "quote", "update", true);
  expect(may.grants.quote).toEqual({ actions: ["read", "update"], scope: "own" });
  expect(withAction(may, "quote", "read", false).grants.quote).toBeUndefined();
  expect(withAction(rep, "account", "create", false).grants.account?.actions).toEqual(["read"]);
  expect(rep.grants.account?.actions).toEqual(["read", "create"]);
});

test("a line over all others begins with what they have, and can take everything away", () => {
  expect(grantOf(everything, "quote")?.scope).toBe("all");
  const narrow = withScope(everything, "quote", "team");
  expect(narrow.grants.quote).toEqual({ actions: ["read", "update"], scope: "team" });
  const none = withAction(everything, "quote", "read", false);
  expect(none.grants.quote).toEqual({ actions: [], scope: "all" });
  expect(grantOf(none, "account")?.actions).toEqual(["read", "update"]);
  expect(withScope(rep, "quote", "all")).toBe(rep);
});

test("fields are seen in one order", () => {
  const sees = withVisibility(withVisibility(rep, "full_phone", true), "margin", true);
  expect(sees.visibility).toEqual(["amounts", "margin", "full_phone"]);
  expect(withVisibility(sees, "amounts", false).visibility).toEqual(["margin", "full_phone"]);
});

const team = (id: number, name: string, parent: number | null): Team =>
  ({ id, version: 1, name, parent_id: parent, leader_id: null, region: null }) as Team;

test("teams stand under the one above them; a circle and a lost parent lose nobody", () => {
  const found = branches([
    team(3, "二组", 1),
    team(1, "华东", null),
    team(2, "一组", 1),
    team(4, "小组", 3),
    team(5, "孤", 99),
    team(6, "甲", 7),
    team(7, "乙", 6),
  ]);
  expect(found.map(({ team, depth }) => `${"-".repeat(depth)}${team.name}`)).toContain("--小组");
  expect(new Set(found.map(({ team }) => team.id)).size).toBe(7);
  expect(found.find(({ team }) => team.id === 1)?.below).toBe(3);
});

test("a criterion survives its word, and a wrong word is none", () => {
  for (const criterion of [
    { field: "amount" },
    { attachment: "requirements" },
    { quote: "sent" },
    { contract: "effective" },
  ] as const) {
    expect(criterionOf(wordOf(criterion))).toEqual(criterion);
  }
  expect(criterionOf("quote:lost")).toBeNull();
  expect(criterionOf("weather:fine")).toBeNull();
  expect(criterionOf("field:")).toBeNull();
});

const stage = (id: number, extra: Partial<StageRecord> = {}): StageRecord => ({
  id,
  code: `stage_${id}`,
  name_zh: `阶段${id}`,
  name_en: `Stage ${id}`,
  position: id,
  expected_days: 5,
  probability: 1_550,
  entry_criteria: [],
  exit_criteria: [{ quote: "sent" }],
  terminal: false,
  after_winning: false,
  ...extra,
});

test("a design that is not touched is sent as it was, in the order shown", () => {
  const stages = [stage(2), stage(1)];
  const sent = (id: number) => {
    const { code: _code, position: _position, ...rest } = stage(id);
    return rest;
  };
  expect(stageRequests(draftsOf(stages))).toEqual([sent(1), sent(2)]);
  const swapped = reordered(draftsOf(stages), 0, 1);
  expect(stageRequests(swapped).map(({ id }) => id)).toEqual([2, 1]);
  const [first] = draftsOf(stages);
  if (!first) throw new Error("no stage");
  expect(stageRequests([{ ...first, id: null, code: " new_one " }])[0]?.code).toBe("new_one");
  expect(reordered([1, 2], 0, 5)).toEqual([1, 2]);
});

test("a design says which stage is wrong", () => {
  const drafts = draftsOf([stage(1), stage(2, { after_winning: true }), stage(3)]);
  expect([...faultsOf(drafts)]).toEqual([["stage-3", "order"]]);
  const [first] = draftsOf([stage(1)]);
  if (!first) throw new Error("no stage");
  expect(faultsOf([{ ...first, nameEn: " " }]).get("stage-1")).toBe("name");
  expect(faultsOf([{ ...first, code: "Two Words" }]).get("stage-1")).toBe("code");
  expect(faultsOf([first, { ...first, key: "new" }]).get("new")).toBe("taken");
  expect(faultsOf([{ ...first, afterWinning: true }]).get("stage-1")).toBe("begin");
  expect(faultsOf([]).get("")).toBe("empty");
});

test("a handover is sent once it says who takes over, by whichever rule", () => {
  const from = { ...noHandover, fromUserId: 4 };
  expect(handoverRequest(from)).toBeNull();
  expect(handoverRequest({ ...from, successors: [5, 6] })).toEqual({
    from_user_id: 4,
    rule: { by: "round_robin", successors: [5, 6] },
  });
  const heirs = [
    { key: "a", of: "华东", userId: 5 },
    { key: "b", of: "", userId: 6 },
    { key: "c", of: "华南", userId: null },
  ];
  expect(handoverRequest({ ...from, kind: "region", heirs })).toBeNull();
  expect(handoverRequest({ ...from, kind: "region", heirs, otherwise: 7 })?.rule).toEqual({
    by: "region",
    regions: { 华东: 5 },
    otherwise: 7,
  });
  const list = [{ key: "a", of: 12, userId: 5 }];
  expect(handoverRequest({ ...from, kind: "accounts", heirs: list, otherwise: 7 })?.rule).toEqual({
    by: "accounts",
    accounts: [{ of: 12, user_id: 5 }],
    otherwise: 7,
  });
  expect(counted([{ entity: "account" }, { entity: "quote" }, { entity: "account" }])).toEqual([
    ["account", 2],
    ["quote", 1],
  ]);
});

test("settings keep what the page does not show, and what is not set has its standard", () => {
  const [pool, tickets, attachments] = SETTINGS;
  if (!pool || !tickets || !attachments) throw new Error("settings are missing");
  const [contact] = pool.numbers;
  const [most] = attachments.numbers;
  if (!contact || !most) throw new Error("numbers are missing");
  expect(settingNumber(undefined, contact)).toBe(7);
  expect(settingNumber({ contact_working_days: 9 }, contact)).toBe(9);
  expect(settingValue({ other: 1 }, pool, { contact_working_days: 5 })).toEqual({
    other: 1,
    contact_working_days: 5,
  });
  expect(
    settingValue({ due_working_hours: { low: 50 } }, tickets, { "due_working_hours.high": 6 }),
  ).toEqual({ due_working_hours: { low: 50, high: 6 } });
  expect(settingValue(null, attachments, { most_bytes: 10 })).toEqual({ most_bytes: 10_485_760 });
  expect(settingNumber({ most_bytes: 10_485_760 }, most)).toBe(10);
  expect(
    withLevels({}, [
      ["A", 5],
      ["", 3],
      ["B", null],
    ]),
  ).toEqual({
    contact_working_days_by_level: { A: 5 },
  });
});
