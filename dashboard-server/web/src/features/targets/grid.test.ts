import { describe, expect, it } from "vitest";
import type { Metric } from "@/lib/api/types";
import type { Rights, Scope } from "@/lib/session";
import type { Person, Target, Team } from "./api";
import {
  addsUp,
  bookOf,
  columnsOf,
  held,
  linesOf,
  maySet,
  readTyped,
  type Setter,
  targetable,
  typed,
  yearColumn,
} from "./grid";

const TEAMS = [
  { id: 1, version: 1, name: "销售中心", parent_id: null },
  { id: 2, version: 1, name: "华东大区", parent_id: 1 },
  { id: 3, version: 1, name: "华东一组", parent_id: 2 },
  { id: 4, version: 1, name: "华南大区", parent_id: 1 },
] as Team[];
const PEOPLE = [
  { id: 10, version: 1, name: "王磊", team_id: 3, enabled: true },
  { id: 11, version: 1, name: "陈俊杰", team_id: 4, enabled: true },
  { id: 12, version: 1, name: "离职者", team_id: 3, enabled: false },
] as Person[];

function setter(scope: Scope | null, teamId: number | null, userId = 10): Setter {
  const actions = scope ? (["read", "create", "update"] as const) : (["read"] as const);
  const rights: Rights = {
    grants: { target: { actions: [...actions], scope: scope ?? "own" } },
    visibility: ["amounts"],
  };
  return { rights, userId, teamId, teams: TEAMS, people: PEOPLE };
}

let nextId = 0;
function target(grain: string, startsOn: string, amount: number, whom: object = {}): Target {
  nextId += 1;
  return {
    id: nextId,
    version: 1,
    metric: "won_amount",
    grain,
    starts_on: startsOn,
    team_id: null,
    user_id: null,
    amount,
    ...whom,
  } as Target;
}

describe("who sets what", () => {
  it("is as the server has it", () => {
    const company = { kind: "company" } as const;
    const team = (id: number) => ({ kind: "team", id }) as const;
    const person = (id: number) => ({ kind: "person", id }) as const;
    const all = setter("all", null);
    expect(maySet(all, "create", company)).toBe(true);
    expect(maySet(all, "delete", company)).toBe(false);
    const tree = setter("team_tree", 2, 99);
    expect(maySet(tree, "update", company)).toBe(false);
    expect(maySet(tree, "update", team(3))).toBe(true);
    expect(maySet(tree, "update", team(4))).toBe(false);
    expect(maySet(tree, "update", person(10))).toBe(true);
    expect(maySet(tree, "update", person(11))).toBe(false);
    const lead = setter("team", 2, 99);
    expect(maySet(lead, "create", team(2))).toBe(true);
    expect(maySet(lead, "create", team(3))).toBe(false);
    const own = setter("own", 3);
    expect(maySet(own, "create", person(10))).toBe(true);
    expect(maySet(own, "create", team(3))).toBe(false);
    expect(maySet(setter(null, 3), "create", person(10))).toBe(false);
  });
});

describe("the rows", () => {
  const shown = (own: Setter, targets: Target[], all = true) =>
    linesOf(own, targets, all).map(({ key, depth }) => `${"-".repeat(depth)}${key}`);

  it("are the tree of teams with their people", () => {
    expect(shown(setter("all", null), [])).toEqual([
      "company",
      "-team-1",
      "--team-2",
      "---team-3",
      "----person-10",
      "--team-4",
      "---person-11",
    ]);
    expect(shown(setter("all", null), [], false)).toEqual(["company"]);
    // what hangs on a team without a target moves up
    const below = [target("month", "2026-01-01", 1, { team_id: 3 })];
    expect(shown(setter("all", null), below, false)).toEqual(["company", "-team-3"]);
  });

  it("are for who sets nothing those that have a target", () => {
    const targets = [
      target("month", "2026-01-01", 1, { team_id: 3 }),
      target("month", "2026-01-01", 1, { user_id: 12 }),
    ];
    expect(shown(setter(null, 3), targets)).toEqual(["company", "-team-3", "--person-12"]);
  });
});

describe("a cell", () => {
  const months = columnsOf(2026, "month");
  const quarter = columnsOf(2026, "quarter")[3];
  const book = bookOf([
    target("month", "2026-10-01", 100),
    target("month", "2026-11-01", 200),
    target("month", "2026-12-01", 300),
    target("quarter", "2026-01-01", 1_000),
    target("quarter", "2026-04-01", 1_000),
    target("quarter", "2026-07-01", 1_000),
  ]);

  it("has its target, else the sum of its parts", () => {
    if (!quarter || !months[10]) throw new Error("a year has them");
    expect(held(book, "company", months[10], true)).toMatchObject({ parts: 200, summed: false });
    expect(held(book, "company", quarter, true)).toMatchObject({ parts: 600, summed: true });
    expect(held(book, "company", yearColumn(2026), true)).toMatchObject({ parts: 3_600 });
    expect(held(book, "company", quarter, false)).toBeNull();
    expect(held(book, "team-3", quarter, true)).toBeNull();
  });

  it("has no sum where a part lacks", () => {
    const less = bookOf([target("month", "2026-10-01", 100), target("month", "2026-11-01", 200)]);
    if (!quarter) throw new Error("a year has four");
    expect(held(less, "company", quarter, true)).toBeNull();
  });
});

describe("what is typed", () => {
  it("is read in parts of the unit, and never rounded", () => {
    expect(readTyped("120万", "amount")).toBe(120_000_000);
    expect(readTyped("1,234.56", "amount")).toBe(123_456);
    expect(readTyped("1.234", "amount")).toBeUndefined();
    expect(readTyped("35", "ratio")).toBe(3_500);
    expect(readTyped("92.5 %", "ratio")).toBe(9_250);
    expect(readTyped("12", "count")).toBe(12);
    expect(readTyped("12.5", "count")).toBeUndefined();
    expect(readTyped("33.125", "days")).toBe(33_125);
    expect(readTyped("", "amount")).toBeNull();
    expect(readTyped("-1", "amount")).toBeUndefined();
    expect(readTyped("viel", "amount")).toBeUndefined();
  });

  it("is what is shown to be typed again", () => {
    for (const [unit, parts] of [
      ["amount", 123_456],
      ["ratio", 9_250],
      ["count", 12],
      ["days", 33_125],
    ] as const) {
      expect(readTyped(typed(parts, unit), unit)).toBe(parts);
    }
  });
});

describe("metrics", () => {
  const metric = (own: object) => own as Metric;
  it("can have a target where more or less is better", () => {
    const names = targetable([
      metric({ name: "tickets_opened", direction: "none", kind: "simple" }),
      metric({ name: "dwell_mean", direction: "down", kind: "simple" }),
      metric({ name: "cycle_compression", direction: "up", kind: "derived" }),
      metric({ name: "won_amount", direction: "up", kind: "simple" }),
    ]).map(({ name }) => name);
    expect(names).toEqual(["won_amount", "dwell_mean"]);
  });

  it("add up where they count or sum what happened", () => {
    const simple = (formula: string, time_role = "event") =>
      addsUp(metric({ kind: "simple", formula, time_role }));
    expect(simple("sum(coalesce(amount, 0)) where outcome = 'won'")).toBe(true);
    expect(simple("count(*)")).toBe(true);
    expect(simple("count(DISTINCT account_id)")).toBe(false);
    expect(simple("sum(amount)", "snapshot")).toBe(false);
    expect(simple("exact_quantile(cycle_days, 0.5)")).toBe(false);
    expect(addsUp(metric({ kind: "ratio", formula: "sum(a) / sum(b)" }))).toBe(false);
  });
});
