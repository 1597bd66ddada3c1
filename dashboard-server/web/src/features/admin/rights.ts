/** The rights of a role as a table: for each kind of records what may be done, and on whose. */
import type { Entity } from "@/lib/resources";
import type { Action, Grant, Rights, Scope } from "@/lib/session";

export const ACTIONS: readonly Action[] = [
  "read",
  "create",
  "update",
  "delete",
  "export",
  "claim",
  "assign",
];
export const SCOPES: readonly Scope[] = ["own", "team", "team_tree", "all"];
export const VISIBILITIES = ["amounts", "margin", "full_phone"] as const;

/** All that is not named. */
export const OTHERS = "*";

/** The kinds of records, by what they are for. */
export const GROUPS: { key: string; entities: (Entity | typeof OTHERS)[] }[] = [
  {
    key: "customers",
    entities: ["account", "account_tag", "contact", "interaction", "pool_move", "private_note"],
  },
  { key: "deals", entities: ["opportunity", "stage_change", "quote", "quote_line"] },
  {
    key: "money",
    entities: [
      "contract",
      "payment_plan",
      "payment_request",
      "invoice_application",
      "receipt",
      "receipt_allocation",
    ],
  },
  { key: "delivery", entities: ["order", "order_line", "delivery"] },
  { key: "desk", entities: ["ticket", "todo", "attachment"] },
  {
    key: "catalogue",
    entities: ["product", "price_list", "price_list_item", "tag", "routing_rule"],
  },
  {
    key: "firm",
    entities: [
      "user",
      "team",
      "role",
      "pipeline",
      "stage",
      "setting",
      "handover",
      "month_close",
      "target",
      "schedule",
      "schedule_run",
      "subscription",
      "dispatch",
      OTHERS,
    ],
  },
];

/** Which actions mean anything for a kind of records: claims are of what lies in the pool. */
export function offers(entity: string, action: Action): boolean {
  if (action === "claim") return ["account", "opportunity", OTHERS].includes(entity);
  return true;
}

/** What holds for a kind of records, by itself or by what is said of all others. */
export function grantOf(rights: Rights, entity: string): Grant | null {
  return rights.grants[entity] ?? rights.grants[OTHERS] ?? null;
}

/** Whether a kind of records has a line of its own. */
export function named(rights: Rights, entity: string): boolean {
  return rights.grants[entity] !== undefined;
}

const ordered = (actions: Action[]): Action[] =>
  ACTIONS.filter((action) => actions.includes(action));

/** The rights with an action allowed or not. Nothing is done with what one may not read. */
export function withAction(
  rights: Rights,
  entity: string,
  action: Action,
  allowed: boolean,
): Rights {
  const grant = grantOf(rights, entity) ?? { actions: [], scope: "own" as Scope };
  let actions = grant.actions.filter((one) => one !== action);
  if (allowed) actions = [...actions, action, "read"];
  else if (action === "read") actions = [];
  return withGrant(rights, entity, { ...grant, actions: ordered(actions) });
}

export function withScope(rights: Rights, entity: string, scope: Scope): Rights {
  const grant = grantOf(rights, entity);
  return grant ? withGrant(rights, entity, { ...grant, scope }) : rights;
}

/** Nothing allowed is no line, unless one is needed over what is said of all others. */
function withGrant(rights: Rights, entity: string, grant: Grant): Rights {
  const grants = { ...rights.grants };
  const needed = entity !== OTHERS && grants[OTHERS] !== undefined;
  if (grant.actions.length > 0 || needed) grants[entity] = grant;
  else delete grants[entity];
  return { ...rights, grants };
}

export function withVisibility(rights: Rights, what: string, seen: boolean): Rights {
  const others = rights.visibility.filter((one) => one !== what);
  const next = seen ? [...others, what] : others;
  return { ...rights, visibility: VISIBILITIES.filter((one) => next.includes(one)) };
}

/** How many kinds of records may be changed, for a line about the role. */
export function summary(rights: Rights): { reads: number; changes: number; scopes: Scope[] } {
  const entities = GROUPS.flatMap((group) => group.entities).filter((one) => one !== OTHERS);
  const grants = entities.flatMap((entity) => grantOf(rights, entity) ?? []);
  return {
    reads: grants.filter(({ actions }) => actions.includes("read")).length,
    changes: grants.filter(({ actions }) => actions.includes("update")).length,
    scopes: SCOPES.filter((scope) => grantOf(rights, "opportunity")?.scope === scope),
  };
}
