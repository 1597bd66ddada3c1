import { useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { type ReactNode, useState } from "react";
import { listQuery } from "@/lib/api/records";
import { readLakeId } from "@/lib/lakeId";
import { useTexts } from "@/locales/i18n";
import { useOverlay } from "./navigation";
import { useTellProblem } from "./States";

/** A record of a number's list, opened where the work is done. Of other systems it is plain text. */
export function LakeLink({ id, children }: { id: string; children: ReactNode }) {
  const { t } = useTexts();
  const { openRecord } = useOverlay();
  const client = useQueryClient();
  const { message } = App.useApp();
  const tell = useTellProblem();
  const [busy, setBusy] = useState(false);
  const known = readLakeId(id);
  if (!known) return children;
  const open = async () => {
    if (known.id !== undefined) return openRecord({ entity: known.entity, id: known.id });
    setBusy(true);
    try {
      const filters = [{ field: "number", op: "in" as const, values: [known.number] }];
      const { rows } = await client.fetchQuery(listQuery(known.entity, { filters, limit: 1 }));
      if (rows[0]) openRecord({ entity: known.entity, id: rows[0].id });
      else void message.warning(t("part.gone"));
    } catch (error) {
      void message.error(tell(error).sentence);
    } finally {
      setBusy(false);
    }
  };
  return (
    <button
      type="button"
      className="link"
      disabled={busy}
      data-testid="lake-link"
      onClick={(event) => {
        event.preventDefault();
        event.stopPropagation();
        void open();
      }}
    >
      {children}
    </button>
  );
}
