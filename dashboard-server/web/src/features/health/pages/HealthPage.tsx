import { useQuery } from "@tanstack/react-query";
import { Segmented, Skeleton } from "antd";
import { EmptyState, FailureState } from "@/components/States";
import { ApiError } from "@/lib/api/client";
import { statusQuery } from "@/lib/api/queries";
import { instant } from "@/lib/format";
import { scopeOf, useMay, useMe, useSeesAmounts } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { Groups } from "../components/Groups";
import { Notices } from "../components/Notices";
import { Proofs } from "../components/Proofs";
import { Ranking } from "../components/Ranking";
import { RulesEditor } from "../components/RulesEditor";
import { StandingDrawer } from "../components/StandingDrawer";
import { Taken } from "../components/Taken";
import { useHealthPage, VIEWS, type View } from "../state";
import "../health.css";

/** How the customers fare: whom to call first, why, and whether the scores deserve trust. */
export function HealthPage() {
  const { t } = useTexts();
  const me = useMe();
  const amounts = useSeesAmounts();
  const looksAfter = me.role.code === "customer_success";
  const { page, set } = useHealthPage(amounts, { user_id: me.user_id, looksAfter });
  const status = useQuery(statusQuery);
  const may = useMay();
  const seesAll = scopeOf(me.rights, "account", "read") === "all";
  const shown: Record<View, boolean> = {
    ranking: true,
    groups: true,
    taken: may("todo", "read"),
    proof: seesAll,
    rules: seesAll && may("setting", "update"),
  };
  const views = VIEWS.filter((one) => shown[one]);
  const view = shown[page.view] ? page.view : "ranking";
  const published = status.data?.set ?? null;
  const nothing =
    (status.data && published === null) ||
    (status.error instanceof ApiError && status.error.code === "nothing-published");
  return (
    <main className="work-page health">
      <header className="page-head">
        <h1>{t("health.title")}</h1>
        {views.length > 1 && (
          <Segmented<View>
            value={view}
            aria-label={t("health.view")}
            data-testid="health-views"
            onChange={(next) => set({ view: next === "ranking" ? null : next })}
            options={views.map((value) => ({ value, label: t(`health.views.${value}`) }))}
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
      ) : view === "groups" ? (
        <Groups published={published} onOpen={(health) => set({ health })} />
      ) : view === "taken" ? (
        <Taken published={published} onOpen={(health) => set({ health })} />
      ) : view === "rules" ? (
        <RulesEditor published={published} />
      ) : (
        <>
          {may("todo", "update") && <Notices onOpen={(health) => set({ health })} />}
          <Ranking page={page} set={set} published={published} zone={status.data.zone} />
        </>
      )}
      {page.account && (
        <StandingDrawer
          key={page.account}
          account={page.account}
          published={published}
          onOpen={(health) => set({ health })}
          onClose={() => set({ health: null })}
        />
      )}
    </main>
  );
}
