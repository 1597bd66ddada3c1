import { useQuery } from "@tanstack/react-query";
import { Segmented, Skeleton } from "antd";
import { EmptyState, FailureState } from "@/components/States";
import { ApiError } from "@/lib/api/client";
import { statusQuery } from "@/lib/api/queries";
import { instant } from "@/lib/format";
import { scopeOf, useMe, useSeesAmounts } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { Proofs } from "../components/Proofs";
import { Ranking } from "../components/Ranking";
import { StandingDrawer } from "../components/StandingDrawer";
import { useHealthPage } from "../state";
import "../health.css";

/** How the customers fare: whom to call first, why, and whether the scores deserve trust. */
export function HealthPage() {
  const { t } = useTexts();
  const me = useMe();
  const amounts = useSeesAmounts();
  const { page, set } = useHealthPage(amounts);
  const status = useQuery(statusQuery);
  const seesAll = scopeOf(me.rights, "account", "read") === "all";
  const view = seesAll ? page.view : "ranking";
  const published = status.data?.set ?? null;
  const nothing =
    (status.data && published === null) ||
    (status.error instanceof ApiError && status.error.code === "nothing-published");
  return (
    <main className="work-page health">
      <header className="page-head">
        <h1>{t("health.title")}</h1>
        {seesAll && (
          <Segmented
            value={view}
            aria-label={t("health.view")}
            onChange={(next) => set({ view: next === "proof" ? "proof" : null })}
            options={[
              { value: "ranking", label: t("health.ranking") },
              { value: "proof", label: t("health.proof") },
            ]}
          />
        )}
        {status.data?.complete_to && (
          <span className="quiet small end">
            {t("fresh.completeTo", {
              time: instant(status.data.complete_to, status.data.zone).slice(5),
            })}
          </span>
        )}
      </header>
      {nothing ? (
        <EmptyState title={t("health.none")}>{t("health.noneText")}</EmptyState>
      ) : status.error ? (
        <FailureState error={status.error} onRetry={() => void status.refetch()} />
      ) : !status.data ? (
        <Skeleton active paragraph={{ rows: 8 }} />
      ) : view === "proof" ? (
        <Proofs set={published} />
      ) : (
        <Ranking page={page} set={set} published={published} zone={status.data.zone} />
      )}
      {page.account && (
        <StandingDrawer
          key={page.account}
          account={page.account}
          published={published}
          onClose={() => set({ health: null })}
        />
      )}
    </main>
  );
}
