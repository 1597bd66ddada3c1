import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { Ago, Amount } from "@/components/Cells";
import { HeadNumbers } from "@/components/Facts";
import { StatusMark } from "@/components/StatusMark";
import { get } from "@/lib/api/client";
import { statusQuery } from "@/lib/api/queries";
import { type Filter, integerOf, listQuery, type Rec } from "@/lib/api/records";
import type { Cell } from "@/lib/api/types";
import { numberOf } from "@/lib/format";
import { useMay } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import type { Account } from "../api";

const MOST = 100;

/** What is open with an account, added up from its records. */
export function AccountNumbers({ filters, account }: { filters: Filter[]; account: Account }) {
  const { t } = useTexts();
  const may = useMay();
  const deals = useQuery({
    ...listQuery("opportunity", { filters, limit: MOST }),
    enabled: may("opportunity", "read"),
  });
  const dues = useQuery({
    ...listQuery("payment_plan", {
      filters: [...filters, { field: "status", op: "in", values: ["due", "partly_paid"] }],
      limit: MOST,
    }),
    enabled: may("payment_plan", "read"),
  });
  const met = useQuery({
    ...listQuery("interaction", { filters, sort: "-at", limit: 1 }),
    enabled: may("interaction", "read"),
  });
  const status = useQuery(statusQuery);
  const set = status.data?.set ?? null;
  // An account that never ordered has none.
  const health = useQuery({
    queryKey: ["health", "standing", set, account.number],
    queryFn: ({ signal }) => get("/api/health/account", { account: account.number }, signal),
    enabled: set !== null,
    retry: false,
  });
  const sum = (rows: Rec[], field: string) =>
    rows.reduce((total, row) => total + (integerOf(row, field) ?? 0), 0);
  const open = deals.data?.rows.filter(({ outcome }) => outcome === "open") ?? [];
  const won = deals.data?.rows.filter(({ outcome }) => outcome === "won") ?? [];
  const items = [];
  if (deals.data) {
    const more = deals.data.next ? "≥ " : "";
    items.push(
      {
        key: "open",
        label: t("accounts.openDeals", { count: open.length }),
        value: (
          <>
            {more}
            <Amount fen={sum(open, "amount")} />
          </>
        ),
      },
      {
        key: "won",
        label: t("accounts.wonDeals", { count: won.length }),
        value: (
          <>
            {more}
            <Amount fen={sum(won, "amount")} />
          </>
        ),
      },
    );
  }
  if (dues.data) {
    const { rows } = dues.data;
    items.push({
      key: "due",
      label: t("accounts.receivable"),
      value: <Amount fen={sum(rows, "amount") - sum(rows, "received_amount")} />,
      note: t("accounts.receivableNote"),
    });
  }
  if (health.data) {
    const { scored } = health.data.now;
    items.push({
      key: "health",
      label: t("health.title"),
      value: (
        <Link to={`/health?health=${encodeURIComponent(account.number)}`} data-testid="health">
          <StatusMark status={String(scored.status)} score={numberOf(scored.score as Cell)} />
        </Link>
      ),
    });
  }
  items.push({
    key: "met",
    label: t("accounts.lastContact"),
    value: met.data?.rows[0] ? <Ago value={met.data.rows[0].at} /> : "–",
  });
  return <HeadNumbers key={account.id} items={items} />;
}
