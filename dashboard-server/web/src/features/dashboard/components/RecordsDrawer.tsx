import { CheckCircleFilled, DownloadOutlined } from "@ant-design/icons";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { Alert, Button, Drawer, Select, Skeleton, Table, Tag } from "antd";
import { useMemo } from "react";
import { postExport } from "@/lib/api/client";
import type { Dimension, DrillColumn, DrillResult, Metric, Row, Status } from "@/lib/api/types";
import { cell, full, isNumeric, numberOf, pick, short, unitOf } from "@/lib/format";
import { usePhone } from "@/lib/media";
import type { Range } from "@/lib/period";
import { useTexts } from "@/locales/i18n";
import { PAGE, recordsQuery } from "../api/records";
import { numberQuery, orderOf, type PageState, type Records, withCondition } from "../state";
import { conditionText, dimensionName, memberName, rangeText } from "../words";
import { Definition } from "./Definition";
import { Why } from "./Why";

type Props = {
  records: Records;
  page: PageState;
  days: Range;
  metric: Metric;
  dimensions: Dimension[];
  status: Status;
  onOrder: (order: string | null) => void;
  onClose: () => void;
};

/** The records behind one number, held against it. */
export function RecordsDrawer({
  records,
  page,
  days,
  metric,
  dimensions,
  status,
  onOrder,
  onClose,
}: Props) {
  const { t, lang } = useTexts();
  const phone = usePhone();
  const range = records.period ?? days;
  const where = useMemo(
    () => records.where.reduce(withCondition, page.where),
    [records.where, page.where],
  );
  const query = numberQuery(metric.name, where, range);
  const found = useInfiniteQuery(recordsQuery(query, metric.name, records.order, status.set));
  const pages = found.data?.pages ?? [];
  const head = pages[0];
  const rows = pages.flatMap((one) => one.records.rows);
  const columns = head?.records.columns ?? [];
  const name = pick(metric.label, lang);

  return (
    <Drawer
      open
      size={phone ? "100%" : 720}
      onClose={onClose}
      keyboard
      destroyOnHidden
      data-testid="records"
      className="records"
      title={
        <span className="records-title">
          {t("records.title", { name })}
          <Definition
            metric={metric}
            n={head ? head.records.count : null}
            completeTo={status.complete_to}
            zone={status.zone}
            versions={head?.records.versions}
          />
        </span>
      }
      footer={
        <Export
          query={query}
          metric={metric.name}
          order={records.order}
          disabled={!head || head.records.count === 0}
        />
      }
    >
      <div className="records-where">
        <Tag>{t("records.days", { range: rangeText(range) })}</Tag>
        {where.map((condition) => (
          <Tag key={condition.dimension}>
            <span className="chip-name">
              {dimensionName(dimensions, condition.dimension, lang)}
            </span>{" "}
            {conditionText(condition, t, lang)}
          </Tag>
        ))}
      </div>
      {found.error ? (
        <Alert
          type="error"
          showIcon
          title={t("state.failed")}
          description={<Why problem={found.error} />}
          action={<Button onClick={() => found.refetch()}>{t("state.retry")}</Button>}
        />
      ) : !head ? (
        <Skeleton active paragraph={{ rows: 8 }} />
      ) : (
        <div className={found.isPlaceholderData ? "stale" : ""}>
          <Proof metric={metric} records={head.records} number={head.number?.total ?? null} />
          {head.records.count === 0 ? (
            <p className="quiet">{t("records.none")}</p>
          ) : (
            <>
              {phone ? (
                <Cards
                  rows={rows}
                  columns={columns}
                  zone={status.zone}
                  order={records.order}
                  onOrder={onOrder}
                />
              ) : (
                <Grid
                  rows={rows}
                  columns={columns}
                  zone={status.zone}
                  order={records.order}
                  onOrder={onOrder}
                />
              )}
              <div className="records-more">
                <span className="quiet small" data-testid="records-shown">
                  {t("records.shown", {
                    shown: rows.length.toLocaleString("en-US"),
                    count: head.records.count.toLocaleString("en-US"),
                  })}
                </span>
                {found.hasNextPage && (
                  <Button
                    size={phone ? "middle" : "small"}
                    loading={found.isFetchingNextPage}
                    data-testid="records-more"
                    onClick={() => found.fetchNextPage()}
                  >
                    {t("records.more", { count: Math.min(PAGE, head.records.count - rows.length) })}
                  </Button>
                )}
              </div>
            </>
          )}
        </div>
      )}
    </Drawer>
  );
}

/** The count, sum and value of the records against the number as the page has it. */
function Proof({
  metric,
  records,
  number,
}: {
  metric: Metric;
  records: DrillResult;
  number: Row | null;
}) {
  const { t, lang } = useTexts();
  const unit = unitOf(metric);
  const shown = numberOf(number?.[metric.name]);
  const n = numberOf(number?.[`${metric.name}_n`]) ?? 0;
  const sum = numberOf(records.sum);
  const value = recomputed(records, shown);
  const equal = number === null || (n === records.count && close(value, shown));
  const isSum = unit === "amount" && close(sum, value);
  return (
    <div className="proof">
      <div className="proof-line">
        <strong data-testid="records-count" data-count={records.count}>
          {t("records.count", {
            count: records.count,
            formatted: records.count.toLocaleString("en-US"),
          })}
        </strong>
        {isSum ? (
          <span data-testid="records-sum" title={full(sum, "amount", lang)}>
            {t("records.sum", { value: short(sum, "amount", lang) })}
          </span>
        ) : (
          value !== null &&
          unit !== "count" && (
            <span data-testid="records-value" title={full(value, unit, lang)}>
              {t("records.value", { value: short(value, unit, lang) })}
            </span>
          )
        )}
        {equal && number !== null && (
          <span className="equal" data-testid="records-equal">
            <CheckCircleFilled /> {t("records.equal")} {short(shown, unit, lang)}
          </span>
        )}
      </div>
      {!equal && (
        <Alert
          type="warning"
          showIcon
          data-testid="records-differ"
          title={t("records.differs", {
            value: full(shown, unit, lang),
            n: n.toLocaleString("en-US"),
          })}
        />
      )}
    </div>
  );
}

/**
 * The number as these records give it: their sum, or that by their weight or count. A quantile
 * cannot be had from sums; the server computes it over the records.
 */
function recomputed(records: DrillResult, shown: number | null): number | null {
  const sum = numberOf(records.sum);
  const weight = numberOf(records.weight);
  if (sum !== null && weight !== null) return weight === 0 ? null : sum / weight;
  const ways = [sum, records.count, sum === null ? null : sum / records.count];
  return ways.find((way) => way !== null && close(way, shown)) ?? numberOf(records.value);
}

function close(a: number | null, b: number | null): boolean {
  if (a === null || b === null) return a === b || (a ?? b) === 0;
  return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
}

type ListProps = {
  rows: Row[];
  columns: DrillColumn[];
  zone: string;
  order: string | null;
  onOrder: (order: string | null) => void;
};

function useCell(zone: string) {
  const { t, lang } = useTexts();
  return (row: Row, column: DrillColumn) => {
    const value = row[column.name];
    if (["stage", "next_stage", "outcome", "kind"].includes(column.name) && value) {
      return memberName(column.name, value, t);
    }
    return cell(value, column, zone, lang);
  };
}

function Grid({ rows, columns, zone, order, onOrder }: ListProps) {
  const { lang } = useTexts();
  const text = useCell(zone);
  const by = orderOf(order);
  const figure = figureOf(columns, rows);
  // What it is and how much it is are seen without scrolling.
  const lead = columns.filter((column, index) => index < 2 && column !== figure);
  const ordered = [...new Set([...lead, ...(figure ? [figure] : []), ...columns])];
  return (
    <Table<Row & { key: number }>
      size="small"
      rowKey="key"
      dataSource={rows.map((row, key) => ({ ...row, key }))}
      pagination={false}
      scroll={{ x: "max-content" }}
      showSorterTooltip={false}
      columns={ordered.map((column, index) => ({
        fixed: index === 0 ? ("start" as const) : undefined,
        key: column.name,
        title: pick(column.label, lang) || column.name,
        align: isNumeric(column, rows[0]?.[column.name]) ? "right" : "left",
        sorter: true,
        sortOrder: by?.column === column.name ? (by.descending ? "descend" : "ascend") : null,
        className: "nowrap",
        render: (_, row) => text(row, column),
      }))}
      onChange={(_page, _filters, sorter) => {
        const one = Array.isArray(sorter) ? sorter[0] : sorter;
        const column = String(one?.columnKey ?? "");
        onOrder(one?.order ? (one.order === "descend" ? `-${column}` : column) : null);
      }}
    />
  );
}

/** The column that says how much a record is. */
function figureOf(columns: DrillColumn[], rows: Row[]): DrillColumn | undefined {
  return (
    columns.findLast((column) => column.unit === "amount" || column.kind === "amount") ??
    columns.findLast((column) => isNumeric(column, rows[0]?.[column.name]))
  );
}

/** Two lines a record: what it is and how much, then the rest. */
function Cards({ rows, columns, zone, order, onOrder }: ListProps) {
  const { t, lang } = useTexts();
  const text = useCell(zone);
  const label = (column: DrillColumn) => pick(column.label, lang) || column.name;
  const title = columns.find((column) => column.name.startsWith("account")) ?? columns[0];
  const figure = figureOf(columns, rows);
  const others = columns.filter((column) => column !== title && column !== figure);
  return (
    <>
      <Select
        className="records-sort"
        value={order ?? ""}
        aria-label={t("records.sort")}
        onChange={(chosen) => onOrder(chosen || null)}
        options={[
          { value: "", label: t("records.natural") },
          ...columns.flatMap((column) => [
            { value: `-${column.name}`, label: t("records.descending", { name: label(column) }) },
            { value: column.name, label: t("records.ascending", { name: label(column) }) },
          ]),
        ]}
      />
      <ul className="cards">
        {rows.map((row, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: records only ever grow at the end
          <li key={index} data-testid="record">
            <div className="card-line">
              <span className="clip">{title && text(row, title)}</span>
              <strong>{figure && text(row, figure)}</strong>
            </div>
            <div className="quiet small two-lines">
              {others
                .map((column) => text(row, column))
                .filter(Boolean)
                .join(" · ")}
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}

function Export({
  query,
  metric,
  order,
  disabled,
}: {
  query: Parameters<typeof postExport>[0]["query"];
  metric: string;
  order: string | null;
  disabled: boolean;
}) {
  const { t, lang } = useTexts();
  const save = useMutation({
    mutationFn: (format: "csv" | "xlsx") => postExport({ query, metric, order, format, lang }),
    onSuccess: ({ name, data }) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(data);
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    },
  });
  return (
    <div className="records-export">
      {save.error && (
        <Alert
          type="error"
          title={t("records.exportFailed")}
          description={<Why problem={save.error} />}
        />
      )}
      {(["csv", "xlsx"] as const).map((format) => (
        <Button
          key={format}
          icon={<DownloadOutlined />}
          disabled={disabled}
          loading={save.isPending && save.variables === format}
          data-testid={`export-${format}`}
          onClick={() => save.mutate(format)}
        >
          {t(`records.${format}`)}
        </Button>
      ))}
    </div>
  );
}
