import { useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useState } from "react";
import { ApiError } from "@/lib/api/client";
import { type BulkResult, type Rec, refreshRecords } from "@/lib/api/records";
import { useTexts } from "@/locales/i18n";
import { useTellProblem } from "./States";

export type BulkAction<T extends Rec> = {
  key: string;
  label: string;
  danger?: boolean;
  /** Does it to the records; null where the one who was asked for more stepped back. */
  run: (rows: T[]) => Promise<BulkResult[] | null>;
};

/** What can be done with the records that are selected; each is told apart. */
export function BulkBar<T extends Rec>({
  rows,
  actions,
  onDone,
}: {
  rows: T[];
  actions: BulkAction<T>[];
  onDone: () => void;
}) {
  const { t } = useTexts();
  const { notification } = App.useApp();
  const client = useQueryClient();
  const tell = useTellProblem();
  const [running, setRunning] = useState<string | null>(null);
  const run = async (action: BulkAction<T>) => {
    setRunning(action.key);
    try {
      const results = await action.run(rows);
      if (results === null) return;
      const failed = results.filter(({ problem }) => problem);
      const nameOf = (id: number) => {
        const row = rows.find((one) => one.id === id);
        return String(row?.number ?? row?.name ?? `#${id}`);
      };
      notification[failed.length > 0 ? "warning" : "success"]({
        title: t("part.bulkDone", { count: results.length - failed.length }),
        duration: failed.length > 0 ? 0 : 4,
        description:
          failed.length > 0 ? (
            <div data-testid="bulk-failed">
              {t("part.bulkFailed", { count: failed.length })}
              <ul className="bulk-failed">
                {failed.map(({ id, problem }) => (
                  <li key={id}>
                    {nameOf(id)}: {problem && tell(new ApiError(problem)).sentence}
                  </li>
                ))}
              </ul>
            </div>
          ) : undefined,
      });
      onDone();
    } catch (error) {
      const { sentence, detail } = tell(error);
      notification.error({ title: sentence, description: detail ?? undefined });
    } finally {
      setRunning(null);
      void refreshRecords(client);
    }
  };
  return (
    <section className="bulk" aria-label={t("part.selected", { count: rows.length })}>
      <strong>{t("part.selected", { count: rows.length })}</strong>
      {actions.map((action) => (
        <Button
          key={action.key}
          size="small"
          danger={action.danger}
          loading={running === action.key}
          disabled={running !== null}
          data-testid={`bulk-${action.key}`}
          onClick={() => void run(action)}
        >
          {action.label}
        </Button>
      ))}
      <Button size="small" type="text" onClick={onDone}>
        {t("part.selectNone")}
      </Button>
    </section>
  );
}
