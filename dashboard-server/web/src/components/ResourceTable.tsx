import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, Skeleton } from "antd";
import { type ReactNode, useMemo, useState } from "react";
import { ApiError } from "@/lib/api/client";
import { joinLabels, type Labels, type ListQuery, pagesQuery, type Rec } from "@/lib/api/records";
import { usePhone } from "@/lib/media";
import type { Entity } from "@/lib/resources";
import { isListed } from "@/lib/subscribing";
import { useTexts } from "@/locales/i18n";
import { type BulkAction, BulkBar } from "./BulkBar";
import { ExportButton } from "./ExportButton";
import { FilterChips, type FilterSpec } from "./FilterChips";
import { ListSearch } from "./ListSearch";
import { queryOf, useListState } from "./listState";
import { type Card, ResourceCards, SortSelect } from "./ResourceCards";
import { ResourceRows, seenColumns } from "./ResourceRows";
import { FailureState, StaleNote } from "./States";
import { SubscribeList } from "./SubscribeButton";

export type Column<T extends Rec> = {
  /** The field that the list is sorted by, and the key. */
  field: string;
  title?: ReactNode;
  width?: number;
  align?: "left" | "right" | "center";
  sortable?: boolean;
  /** Not shown until it is asked for. */
  hidden?: boolean;
  render: (row: T, labels: Labels) => ReactNode;
};

type Props<T extends Rec> = {
  entity: Entity;
  columns: Column<T>[];
  /** The two lines that a row is on a phone. */
  card: (row: T, labels: Labels) => Card;
  filters?: FilterSpec[];
  /** The page's own conditions, beside those of the address. */
  base?: ListQuery;
  bulk?: BulkAction<T>[];
  onOpen: (row: T) => void;
  /** What stands where there is no record at all. */
  empty: ReactNode;
  /** Beside the search: tabs, buttons. */
  tools?: ReactNode;
  searchable?: boolean;
};

/**
 * A list of records: search, filters, order and page in the address; a table that draws only the
 * rows in sight, on a phone two-line cards.
 */
export function ResourceTable<T extends Rec>({
  entity,
  columns,
  card,
  filters = [],
  base = {},
  bulk = [],
  onOpen,
  empty,
  tools,
  searchable = true,
}: Props<T>) {
  const { t } = useTexts();
  const phone = usePhone();
  const { state, change } = useListState();
  const query = queryOf(state, base);
  const found = useInfiniteQuery(pagesQuery<T>(entity, query));
  const pages = found.data?.pages;
  const rows = useMemo(() => pages?.flatMap((page) => page.rows) ?? [], [pages]);
  const count = pages?.[0]?.count;
  const labels = useMemo(() => joinLabels(pages?.map((page) => page.labels) ?? []), [pages]);
  const [selected, setSelected] = useState<Map<number, T>>(new Map());
  const narrowed = state.search !== "" || state.filters.length > 0;
  const more = () => {
    if (found.hasNextPage && !found.isFetchingNextPage) void found.fetchNextPage();
  };
  const sort = state.sort ?? base.sort ?? null;
  const sorts = columns.filter(({ sortable }) => sortable).map(({ field }) => field);
  const onSort = (next: string | null) => change({ sort: next });

  return (
    <section className="resource" data-testid={`list-${entity}`} aria-busy={found.isFetching}>
      <div className="resource-bar">
        {searchable && (
          <ListSearch value={state.search} onChange={(search) => change({ search }, true)} />
        )}
        <FilterChips
          entity={entity}
          specs={filters}
          filters={state.filters}
          onChange={(next) => change({ filters: next })}
        />
        <div className="resource-tools">
          {count !== undefined && (count > 0 || narrowed) && (
            <span className="resource-count quiet figures" aria-live="polite">
              <span data-testid="list-count" data-count={count}>
                {t("part.count", { count })}
              </span>
            </span>
          )}
          {tools}
          {phone && sorts.length > 0 && (
            <SortSelect entity={entity} sorts={sorts} sort={sort} onSort={onSort} />
          )}
          {!phone && <ExportButton entity={entity} query={query} disabled={rows.length === 0} />}
          {isListed(entity) && (
            <SubscribeList
              entity={entity}
              query={query}
              columns={() => seenColumns(entity, columns)}
              bare={phone}
            />
          )}
        </div>
      </div>
      {found.error && pages && <StaleNote error={found.error} onRetry={() => found.refetch()} />}
      {found.error && !pages ? (
        <FailureState
          error={found.error}
          onRetry={found.error instanceof ApiError ? undefined : () => found.refetch()}
        />
      ) : !pages ? (
        <Skeleton active paragraph={{ rows: 8 }} title={false} className="resource-loading" />
      ) : rows.length === 0 ? (
        narrowed ? (
          <div className="resource-none">
            <p className="quiet">{t("part.noMatch")}</p>
            <Button onClick={() => change({ search: "", filters: [] })}>
              {t("part.clearFilters")}
            </Button>
          </div>
        ) : (
          empty
        )
      ) : phone ? (
        <ResourceCards
          rows={rows}
          labels={labels}
          card={card}
          stale={found.isPlaceholderData}
          more={found.hasNextPage}
          loading={found.isFetchingNextPage}
          onOpen={onOpen}
          onEnd={more}
        />
      ) : (
        <ResourceRows
          entity={entity}
          rows={rows}
          labels={labels}
          columns={columns}
          sort={sort}
          stale={found.isPlaceholderData}
          selected={bulk.length > 0 ? selected : null}
          onSelect={setSelected}
          onSort={onSort}
          onOpen={onOpen}
          onEnd={more}
        />
      )}
      {!phone && rows.length > 0 && found.hasNextPage && (
        <div className="resource-foot quiet small">
          <span data-testid="list-shown">
            {t("part.shown", { shown: rows.length, count: count ?? rows.length })}
          </span>
          <Button
            type="link"
            size="small"
            loading={found.isFetchingNextPage}
            onClick={more}
            data-testid="list-more"
          >
            {t("part.loadMore")}
          </Button>
        </div>
      )}
      {selected.size > 0 && (
        <BulkBar
          rows={[...selected.values()]}
          actions={bulk}
          onDone={() => setSelected(new Map())}
        />
      )}
    </section>
  );
}
