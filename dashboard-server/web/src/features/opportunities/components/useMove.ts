import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useCallback } from "react";
import { useSearchParams } from "react-router";
import { useTellProblem } from "@/components/States";
import { refreshRecords } from "@/lib/api/records";
import { missingOf } from "@/lib/problem";
import { useTexts } from "@/locales/i18n";
import { moveDeal } from "../api";
import { moved } from "../board";
import { type Pending, readPending, writePending } from "../criteria";
import type { Board, Opportunity, Stage } from "../types";

/** The move that waits for what is missing, in the address, so that it outlives the forms it leads to. */
export function usePending() {
  const [params, setParams] = useSearchParams();
  const set = useCallback(
    (pending: Pending | null) =>
      setParams((now) => {
        const next = new URLSearchParams(now);
        if (pending) next.set("move", writePending(pending));
        else next.delete("move");
        return next;
      }),
    [setParams],
  );
  return { pending: readPending(params.get("move")), setPending: set };
}

export function stageName(stage: { name_zh: string; name_en: string }, lang: string): string {
  return lang === "en" ? stage.name_en : stage.name_zh;
}

/** Moves a deal at once; where something is missing it goes back, and that is asked for. */
export function useMove() {
  const { t, lang } = useTexts();
  const { message } = App.useApp();
  const client = useQueryClient();
  const tell = useTellProblem();
  const { setPending } = usePending();
  return useMutation({
    mutationFn: ({ deal, stage }: { deal: Opportunity; stage: Stage }) => moveDeal(deal, stage.id),
    onMutate: async ({ deal, stage }) => {
      const boards = { queryKey: ["records", "opportunity", "board"] };
      await client.cancelQueries(boards);
      const before = client.getQueriesData<Board>(boards);
      client.setQueriesData<Board>(boards, (board) => board && moved(board, deal.id, stage.id));
      return before;
    },
    onSuccess: (_done, { stage }) => {
      const name = stageName(stage, lang);
      void message.success(t(stage.after_winning ? "deal.won" : "deal.moved", { stage: name }));
      void refreshRecords(client);
    },
    onError: (error, { deal, stage }, before) => {
      for (const [key, board] of before ?? []) client.setQueryData(key, board);
      if (missingOf(error)) {
        setPending({ opportunityId: deal.id, stageId: stage.id });
        return;
      }
      const { sentence, detail } = tell(error);
      void message.error(`${t("deal.cannotMove")}: ${sentence}${detail ? ` ${detail}` : ""}`);
      void refreshRecords(client);
    },
  });
}
