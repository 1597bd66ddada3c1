import { useSearchParams } from "react-router";
import { type Chosen, type HealthStatus, STATUSES, TIERS } from "./api";

/** What a list of accounts can be ordered by, the greatest need first. */
export const ORDERS = ["-amount_at_risk", "score", "-amount_12_months", "last_order_at"] as const;
export type Order = (typeof ORDERS)[number];

export const VIEWS = ["ranking", "groups", "taken", "proof", "rules"] as const;
export type View = (typeof VIEWS)[number];

export type Page = {
  view: View;
  chosen: Chosen;
  order: Order;
  /** Only the accounts that one looks after oneself. */
  mine: boolean;
  /** The account whose standing is open. */
  account: string | null;
};

/** Who looks at the page, and whether it is their work to look after customers. */
export type Self = { user_id: number; looksAfter: boolean };

/** The page that an address means. */
export function readPage(params: URLSearchParams, amounts: boolean, me: Self): Page {
  const some = (name: string, known: readonly string[]) =>
    params.getAll(name).filter((value) => known.includes(value));
  const order = ORDERS.find((one) => one === params.get("sort"));
  const of = params.get("of");
  const mine = of === "mine" || (of === null && me.looksAfter);
  return {
    mine,
    view: VIEWS.find((one) => one === params.get("view")) ?? "ranking",
    chosen: {
      status: some("status", STATUSES) as HealthStatus[],
      tier: some("tier", TIERS),
      region: params.getAll("region"),
      owner: params.getAll("owner"),
      manager: mine ? [`user-${me.user_id}`] : params.getAll("manager"),
    },
    order: order ?? (amounts ? "-amount_at_risk" : "score"),
    account: params.get("health"),
  };
}

/** The page in the address, and the way to change parts of it. */
export function useHealthPage(amounts: boolean, me: Self) {
  const [params, setParams] = useSearchParams();
  const set = (values: Record<string, string[] | string | null>, replace = false) =>
    setParams(
      (now) => {
        const changed = new URLSearchParams(now);
        for (const [name, value] of Object.entries(values)) {
          changed.delete(name);
          const all = value === null ? [] : Array.isArray(value) ? value : [value];
          for (const one of all) changed.append(name, one);
        }
        return changed;
      },
      { replace },
    );
  return { page: readPage(params, amounts, me), set };
}
