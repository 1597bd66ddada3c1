import { CheckCircleFilled, DownloadOutlined } from "@ant-design/icons";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { Alert, Button, Drawer, Skeleton, Tag } from "antd";
import { useEffect, useMemo, useState } from "react";
import { postExport } from "@/lib/api/client";
import type { Dimension, DrillResult, Metric, Row, Status } from "@/lib/api/types";
import { withCondition } from "@/lib/conditions";
import { full, numberOf, pick, short, unitOf } from "@/lib/format";
import { usePhone } from "@/lib/media";
import { conditionText, dimensionName, rangeText } from "@/lib/numbers";
import type { Range } from "@/lib/period";
import { useTexts } from "@/locales/i18n";
import { PAGE, recordsQuery } from "../api/records";
import { numberQuery, type PageState, type Records } from "../state";
import { Definition } from "./Definition";
import { RecordCards, RecordTable } from "./RecordList";
import { Why } from "./Why";

type Props = {
  records: Records;
  page: PageState;
  days: Range;
  /** The moment that the data are looked at; null for now. */
  asOf: string | null;
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
  asOf,
  metric,
  dimensions,
  status,
  onOrder,
  onClose,
}: Props) {
  const { t, lang } = useTexts();
  const phone = usePhone();
  const range = records.period ?? days;
  // Closing leads back to the number that was opened.
  const [opener] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      setTimeout(() => {
        if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
      });
    },
    [opener],
  );
  const where = useMemo(
    () => records.where.reduce(withCondition, page.where),
    [records.where, page.where],
  );
  const query = numberQuery(metric.name, where, range, asOf);
  const found = useInfiniteQuery(recordsQuery(query, metric.name, records.order, status.set));
  const pages = found.data?.pages ?? [];
  const head = pages[0];
  const rows = pages.flatMap((one) => one.records.rows);
  const List = phone ? RecordCards : RecordTable;
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
        <Tag>
          {metric.time_role === "snapshot"
            ? t("records.asOf", { day: range.to })
            : t("records.days", { range: rangeText(range) })}
        </Tag>
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
        <div className={found.isPlaceholderData ? "records-body stale" : "records-body"}>
          <Proof metric={metric} records={head.records} number={head.number?.total ?? null} />
          {head.records.count === 0 ? (
            <p className="quiet">{t("records.none")}</p>
          ) : (
            <>
              <List
                metric={metric}
                rows={rows}
                columns={head.records.columns}
                zone={status.zone}
                order={records.order}
                onOrder={onOrder}
                onEnd={() => {
                  if (found.hasNextPage && !found.isFetchingNextPage) void found.fetchNextPage();
                }}
              />
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
