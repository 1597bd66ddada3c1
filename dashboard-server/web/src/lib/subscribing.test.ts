import { expect, test } from "vitest";
import type { Condition } from "./api/types";
import {
  boardContent,
  type Draft,
  listContent,
  readAsked,
  readDraft,
  spanOf,
  thresholdContent,
  wholeList,
  withAsked,
  writeDraft,
} from "./subscribing";

const where: Condition[] = [
  { dimension: "region", op: "in", values: ["华东", "A, B"] },
  { dimension: "team", op: "is_null", values: [] },
];

test("a span moves on where the page's period does", () => {
  expect(spanOf("last_month")).toBe("last_month");
  expect(spanOf({ from: "2026-01-01", to: "2026-03-31" })).toBe("2026-01-01..2026-03-31");
});

test("a dashboard is taken as the page shows it, and its link opens it again", () => {
  const content = boardContent({
    metrics: ["won_amount", "win_rate"],
    metric: "win_rate",
    by: "region",
    where,
    span: "this_quarter",
    compare: "year_ago",
  });
  const link = new URL(content.link ?? "", "http://app");
  expect(link.pathname).toBe("/dashboard");
  expect(link.searchParams.getAll("where")).toEqual(['region=华东,"A, B"', "team is null"]);
  expect(link.searchParams.get("period")).toBe("this_quarter");
  expect(link.searchParams.get("compare")).toBe("year_ago");
  expect(link.searchParams.get("metric")).toBe("win_rate");
  expect(link.searchParams.get("by")).toBe("region");
});

test("what the page compares with by itself is not said in its link", () => {
  const content = boardContent({
    metrics: ["won_amount"],
    span: "this_month",
    compare: "previous",
  });
  expect(content.link).toBe("/dashboard?period=this_month");
});

test("a number is watched on the side that is worse", () => {
  expect(thresholdContent({ name: "win_rate", direction: "up" }, [], "this_month")).toMatchObject({
    metric: "win_rate",
    comparison: "below",
    limit: null,
    link: "/dashboard?period=this_month&metric=win_rate&records=win_rate",
  });
  expect(
    thresholdContent({ name: "overdue_amount", direction: "down" }, where, "this_month"),
  ).toMatchObject({ comparison: "above", where });
});

const page = {
  pathname: "/opportunities",
  search: "?view=table&filter=outcome:in:open&lang=en&open=opportunity:3&new=subscription&draft=x",
};

test("a list is asked for what its page asks for, whatever is open over it", () => {
  const content = listContent(
    "opportunity",
    {
      view: "mine",
      search: "阀门 A&B",
      sort: "-amount",
      limit: 100,
      count: true,
      filters: [
        { field: "outcome", op: "in", values: ["open"] },
        { field: "competitor", op: "in", values: ["A, B"] },
      ],
    },
    ["name", "amount"],
    page,
  );
  expect(content).toMatchObject({ resource: "opportunity", columns: ["name", "amount"] });
  const asked = new URLSearchParams(content.query);
  expect([...asked.keys()]).toEqual(["view", "search", "sort", "filter", "filter"]);
  expect(asked.get("search")).toBe("阀门 A&B");
  expect(asked.getAll("filter")).toEqual(["outcome:in:open", 'competitor:in:"A, B"']);
  expect(content.link).toBe("/opportunities?view=table&filter=outcome%3Ain%3Aopen");
  expect(readAsked(content.query)).toEqual({
    view: "mine",
    search: "阀门 A&B",
    sort: "-amount",
    filters: [
      { field: "outcome", op: "in", values: ["open"] },
      { field: "competitor", op: "in", values: ["A, B"] },
    ],
  });
});

test("a list without conditions is asked for nothing", () => {
  expect(listContent("ticket", {}, [], { pathname: "/tickets", search: "" })).toMatchObject({
    query: "",
    link: "/tickets",
  });
});

test("other conditions of a list are in its query and in its link", () => {
  const asked = {
    view: "mine",
    search: "泵",
    sort: "name",
    filters: [{ field: "status", op: "in" as const, values: ["active"] }],
  };
  const content = withAsked(wholeList("account"), asked);
  expect(readAsked(content.query)).toEqual(asked);
  const link = new URL(content.link ?? "", "http://app");
  expect(link.pathname).toBe("/accounts");
  expect(Object.fromEntries(link.searchParams)).toEqual({
    view: "mine",
    q: "泵",
    filter: "status:in:active",
    sort: "name",
  });
  expect(wholeList("account").link).toBe("/accounts?view=all");
});

test("a draft comes out of an address as it went in", () => {
  const draft: Draft = {
    name: "赢单率",
    kind: "threshold",
    content: thresholdContent({ name: "win_rate", direction: "up" }, where, "this_month"),
  };
  const search = new URLSearchParams({ draft: writeDraft(draft) }).toString();
  expect(readDraft(new URLSearchParams(search).get("draft"))).toEqual(draft);
});

test.each([
  null,
  "",
  "{",
  "[]",
  '{"name": "a", "kind": "other", "content": {}}',
  '{"name": "a", "kind": "dashboard", "content": {}}',
  '{"name": "a", "kind": "list", "content": {"resource": "nothing"}}',
  '{"name": "a", "kind": "threshold", "content": {"metric": "win_rate"}}',
  '{"kind": "monthly_report", "content": {}}',
])("%j is no draft", (text) => {
  expect(readDraft(text)).toBeNull();
});
