import { useQuery } from "@tanstack/react-query";
import { Button, Skeleton } from "antd";
import { type ReactNode, useState } from "react";
import { type Labels, type ListQuery, listQuery, type Rec } from "@/lib/api/records";
import type { Entity } from "@/lib/resources";
import { useTexts } from "@/locales/i18n";
import { useOverlay } from "./navigation";
import { type Card, TwoLines } from "./ResourceCards";
import { FailureState } from "./States";

const FIRST = 20;
const MOST = 100;

type Props<T extends Rec> = {
  entity: Entity;
  query: ListQuery;
  card: (row: T, labels: Labels) => Card;
  empty: string;
  onOpen?: (row: T) => void;
  action?: ReactNode;
};

/** Records that belong to another one, as two lines each. */
export function RelatedList<T extends Rec>({
  entity,
  query,
  card,
  empty,
  onOpen,
  action,
}: Props<T>) {
  const { t } = useTexts();
  const { openRecord } = useOverlay();
  const [limit, setLimit] = useState(FIRST);
  const found = useQuery(listQuery<T>(entity, { ...query, limit }));
  if (found.error) return <FailureState error={found.error} onRetry={() => found.refetch()} />;
  if (!found.data) return <Skeleton active paragraph={{ rows: 3 }} title={false} />;
  const { rows, labels, next } = found.data;
  return (
    <>
      {action && <div className="related-action">{action}</div>}
      {rows.length === 0 && <p className="quiet">{empty}</p>}
      <ul className="record-cards flat" data-testid={`related-${entity}`}>
        {rows.map((row) => (
          <li key={row.id} data-testid="row" data-id={row.id}>
            <TwoLines
              card={card(row, labels)}
              onOpen={() => (onOpen ? onOpen(row) : openRecord({ entity, id: row.id }))}
            />
          </li>
        ))}
      </ul>
      {next && limit < MOST && (
        <Button block loading={found.isFetching} onClick={() => setLimit(MOST)}>
          {t("part.loadMore")}
        </Button>
      )}
    </>
  );
}
