import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button } from "antd";
import { useState } from "react";
import { Ago, Amount, RecordLink } from "@/components/Cells";
import { useTellProblem } from "@/components/States";
import { refreshRecords } from "@/lib/api/records";
import { useMay } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { idleQuery, shelveIdle } from "../api";
import type { Opportunity } from "../types";

/** Deals that nothing has moved for long: shelved with one tap each. */
export function IdleProposals() {
  const { t } = useTexts();
  const may = useMay();
  const client = useQueryClient();
  const { message } = App.useApp();
  const tell = useTellProblem();
  const [shown, setShown] = useState(false);
  const idle = useQuery({ ...idleQuery, enabled: may("opportunity", "update") });
  const shelve = useMutation({
    mutationFn: (deal: Opportunity) => shelveIdle(deal),
    onSuccess: (_done, { name }) => message.success(t("deal.idle.shelved", { name })),
    onError: (error) => message.error(tell(error).sentence),
    onSettled: () => refreshRecords(client),
  });
  const rows = idle.data?.rows ?? [];
  if (rows.length === 0) return null;
  return (
    <Alert
      type="info"
      className="idle"
      data-testid="idle"
      title={t("deal.idle.title", { count: rows.length })}
      action={
        <Button size="small" onClick={() => setShown(!shown)} aria-expanded={shown}>
          {t(shown ? "deal.idle.hide" : "deal.idle.show")}
        </Button>
      }
      description={
        shown && (
          <>
            <ul className="plain-list idle-list">
              {rows.map((deal) => (
                <li key={deal.id}>
                  <span className="grow">
                    <RecordLink entity="opportunity" id={deal.id}>
                      {deal.name}
                    </RecordLink>
                    <span className="quiet small idle-since">
                      {t("deal.idle.since")} <Ago value={deal.last_moved_at} />
                    </span>
                  </span>
                  {deal.amount !== undefined && <Amount fen={deal.amount} />}
                  <Button
                    size="small"
                    loading={shelve.isPending && shelve.variables.id === deal.id}
                    onClick={() => shelve.mutate(deal)}
                  >
                    {t("deal.idle.shelve")}
                  </Button>
                </li>
              ))}
            </ul>
            <p className="quiet small">{t("deal.idle.note")}</p>
          </>
        )
      }
    />
  );
}
