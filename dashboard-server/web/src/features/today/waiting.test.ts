import { expect, test } from "vitest";
import type { Me } from "@/lib/session";
import { queuesOf } from "./waiting";

function me(grants: Me["rights"]["grants"], visibility = ["amounts"]): Me {
  return {
    user_id: 7,
    username: "li",
    name: "Li",
    role: { code: "x", name_zh: "x", name_en: "x" },
    team_id: null,
    team: null,
    language: "zh",
    rights: { grants, visibility },
    pool_capacity: null,
    daily_claims: null,
    must_change_password: false,
    csrf_token: null,
    expires_at: null,
    company: { name: null, zone: "Asia/Shanghai", currency: "CNY" },
  };
}
const keys = (who: Me) => queuesOf(who, "2026-11-25").map(({ key }) => key);

test("each role has the queues that it works through", () => {
  const own = { actions: ["create", "read", "update"] as const, scope: "own" as const };
  const rep = me({
    quote: { ...own, actions: [...own.actions] },
    ticket: { ...own, actions: ["update"] },
  });
  expect(keys(rep)).toEqual([]);
  const lead = me({ quote: { actions: ["read", "assign"], scope: "team" } });
  expect(keys(lead)).toEqual(["approvals"]);
  const director = me({ opportunity: { actions: ["read", "export"], scope: "all" } });
  expect(keys(director)).toEqual(["closing"]);
  expect(keys(me({ opportunity: { actions: ["read"], scope: "all" } }))).toEqual([]);
  const finance = me({
    invoice_application: { actions: ["assign"], scope: "all" },
    receipt: { actions: ["create"], scope: "all" },
  });
  expect(keys(finance)).toEqual(["invoices", "overdue"]);
  const engineer = me({ ticket: { actions: ["read", "update"], scope: "all" } });
  expect(keys(engineer)).toEqual(["tickets", "unassigned"]);
});

test("who sees no amounts is not asked for money", () => {
  expect(keys(me({ receipt: { actions: ["create"], scope: "all" } }, []))).toEqual([]);
});

test("money is overdue from the day after it was due", () => {
  const [queue] = queuesOf(me({ receipt: { actions: ["create"], scope: "all" } }), "2026-11-25");
  expect(queue?.query.filters?.[1]).toEqual({
    field: "due_on",
    op: "below",
    values: ["2026-11-25"],
  });
});
