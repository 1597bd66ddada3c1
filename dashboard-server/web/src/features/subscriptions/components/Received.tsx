import { useQuery } from "@tanstack/react-query";
import { Skeleton } from "antd";
import { useState } from "react";
import { Ago } from "@/components/Cells";
import { useOverlay } from "@/components/navigation";
import { EmptyState, FailureState, StaleNote } from "@/components/States";
import { listQuery } from "@/lib/api/records";
import { useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { receivedQuery } from "../api";
import { received } from "../receipts";
import type { Subscription } from "../types";
import { LeaveButton } from "./actions";
import { StateTag, Why } from "./Receipts";

const MOST = 100;

/** What others have sent to one, each with the way out. */
export function Received() {
  const { t } = useTexts();
  const me = useMe();
  const { openRecord } = useOverlay();
  const [left, setLeft] = useState<number[]>([]);
  const found = useQuery(receivedQuery);
  const own = useQuery(listQuery<Subscription>("subscription", { view: "mine", limit: MOST }));
  const error = found.error ?? own.error;
  const retry = () => {
    void found.refetch();
    void own.refetch();
  };
  if (error && !(found.data && own.data)) return <FailureState error={error} onRetry={retry} />;
  if (!found.data || !own.data) return <Skeleton active paragraph={{ rows: 6 }} title={false} />;
  const mine = new Set(
    own.data.rows.filter((row) => row.owner_id === me.user_id).map(({ id }) => id),
  );
  const rows = received(found.data.rows, mine);
  const { labels } = found.data;
  if (rows.length === 0) {
    return (
      <EmptyState title={t("subscriptions.empty.received")}>
        {t("subscriptions.emptyNote.received")}
      </EmptyState>
    );
  }
  return (
    <section className="card" data-testid="received">
      {error && <StaleNote error={error} onRetry={retry} />}
      <ul className="plain-list">
        {rows.map((copy) => {
          const name = labels.subscription?.[String(copy.subscription_id)]?.label;
          return (
            <li key={copy.subscription_id}>
              <button
                type="button"
                className="receipt grow"
                onClick={() => openRecord({ entity: "dispatch", id: copy.id })}
              >
                <span className="receipt-head">
                  <span className="strong clip">
                    {name ?? copy.subject ?? t("entity.subscription")}
                  </span>
                </span>
                <span className="receipt-head">
                  <StateTag state={copy.state} />
                  <span className="quiet small">
                    <Ago value={copy.sent_at ?? copy.planned_at} />
                  </span>
                </span>
                <Why copy={copy} />
              </button>
              {left.includes(copy.subscription_id) ? (
                <span className="quiet">{t("subscriptions.left")}</span>
              ) : (
                <LeaveButton
                  id={copy.subscription_id}
                  small
                  onLeft={() => setLeft((now) => [...now, copy.subscription_id])}
                />
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
