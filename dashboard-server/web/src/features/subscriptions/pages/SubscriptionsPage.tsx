import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Segmented, Skeleton } from "antd";
import { useEffect } from "react";
import { useSearchParams } from "react-router";
import { useOverlay } from "@/components/navigation";
import { PermissionState } from "@/components/States";
import { listQuery } from "@/lib/api/records";
import { scopeOf, useMay, useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { receivedQuery } from "../api";
import { DispatchList } from "../components/DispatchList";
import { Received } from "../components/Received";
import { SubscriptionList } from "../components/SubscriptionList";
import type { Subscription } from "../types";
import "../subscriptions.css";

const VIEWS = ["mine", "received", "all", "receipts"] as const;
type View = (typeof VIEWS)[number];

/** What one has subscribed to, what others send to one, and what became of it. */
export function SubscriptionsPage() {
  const { t } = useTexts();
  const { rights } = useMe();
  const may = useMay();
  const { openForm } = useOverlay();
  const [params, setParams] = useSearchParams();
  useEffect(() => {
    document.title = `${t("nav.subscriptions")} · Millrace`;
  }, [t]);
  const everybody = scopeOf(rights, "subscription", "read") === "all";
  const seen: Record<View, boolean> = {
    mine: may("subscription", "read"),
    received: may("dispatch", "read"),
    all: everybody,
    receipts: may("dispatch", "read"),
  };
  const views = VIEWS.filter((one) => seen[one]);
  const asked = views.find((one) => one === params.get("view"));
  // Who comes from a mail of somebody else's finds what it belongs to.
  const waits = asked === undefined && seen.mine && seen.received;
  const own = useQuery({
    ...listQuery<Subscription>("subscription", { view: "mine", limit: 1 }),
    enabled: waits,
  });
  const got = useQuery({ ...receivedQuery, enabled: waits });
  const gets = own.data?.rows.length === 0 && (got.data?.rows.length ?? 0) > 0;
  const view = asked ?? (gets ? "received" : views[0]);
  const pending = waits && (own.isPending || got.isPending);
  if (!view) return <PermissionState />;
  const create = may("subscription", "create") && (
    <Button
      type="primary"
      icon={<PlusOutlined />}
      data-testid="new-subscription"
      onClick={() => openForm("subscription")}
    >
      {t("subscriptions.create")}
    </Button>
  );
  return (
    <main className="work-page" data-testid="subscriptions">
      <header className="page-head">
        <h1>{t("subscriptions.title")}</h1>
        <Segmented<View>
          className="views"
          value={view}
          aria-label={t("subscriptions.viewsLabel")}
          onChange={(next) => setParams({ view: next })}
          options={views.map((value) => ({
            value,
            label: <span data-testid={`view-${value}`}>{t(`subscriptions.views.${value}`)}</span>,
          }))}
        />
        <span className="end">{create}</span>
      </header>
      {pending && <Skeleton active paragraph={{ rows: 6 }} title={false} />}
      {view === "mine" && !pending && <SubscriptionList key="mine" mine create={create} />}
      {view === "all" && <SubscriptionList key="all" mine={false} create={create} />}
      {view === "received" && !pending && <Received />}
      {view === "receipts" && <DispatchList />}
    </main>
  );
}
