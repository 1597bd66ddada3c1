import { Select, Table } from "antd";
import { useEffect, useMemo, useRef, useState } from "react";
import { LakeLink } from "@/components/LakeLink";
import type { DrillColumn, Metric, Row } from "@/lib/api/types";
import { useTexts } from "@/locales/i18n";
import { type Arranged, arranged, columnName, columnWidth, isRight, recordText } from "../records";
import { orderOf } from "../state";

type Props = {
  metric: Metric;
  rows: Row[];
  columns: DrillColumn[];
  zone: string;
  order: string | null;
  onOrder: (order: string | null) => void;
  /** The last record came into sight. */
  onEnd: () => void;
};

/** The columns of a card's second line that say most. */
const FIRST = ["outcome", "stage", "next_stage", "kind", "owner", "team"];
const HEADER_PX = 37;
const NEAR_PX = 200;
/** Widths are taken from this many records, so that columns stay as they are when more come. */
const SAMPLE = 100;

/** Columns that name a record. */
function isId({ name }: DrillColumn): boolean {
  return name.endsWith("_id") || name === "number";
}

function useText(metric: Metric, zone: string) {
  const { t, lang } = useTexts();
  return (row: Row, column: DrillColumn) =>
    recordText(row[column.name], column, metric, zone, t, lang);
}

/** The height that a part of the page has. */
function useHeight() {
  const element = useRef<HTMLDivElement>(null);
  const [height, setHeight] = useState(0);
  useEffect(() => {
    if (!element.current) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setHeight(Math.floor(entry.contentRect.height));
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return { element, height };
}

/** Records as a table that draws only the rows in sight. */
export function RecordTable({ metric, rows, columns, zone, order, onOrder, onEnd }: Props) {
  const { lang } = useTexts();
  const text = useText(metric, zone);
  const { element, height } = useHeight();
  const { ordered } = arranged(columns, metric);
  const by = orderOf(order);
  const data = useMemo(() => rows.map((row, key) => ({ ...row, key })), [rows]);
  const sample = rows.slice(0, SAMPLE);
  const widths = ordered.map((column) =>
    columnWidth(
      columnName(column, lang),
      sample.map((row) => text(row, column).text),
    ),
  );
  return (
    <div className="records-table" ref={element}>
      {height > 0 && (
        <Table<Row & { key: number }>
          size="small"
          virtual
          rowKey="key"
          dataSource={data}
          pagination={false}
          scroll={{
            x: widths.reduce((sum, width) => sum + width, 0),
            y: Math.max(200, height - HEADER_PX),
          }}
          showSorterTooltip={false}
          onScroll={({ currentTarget }) => {
            const { scrollTop, clientHeight, scrollHeight } = currentTarget;
            if (scrollTop > 0 && scrollTop + clientHeight > scrollHeight - NEAR_PX) onEnd();
          }}
          columns={ordered.map((column, index) => ({
            fixed: index === 0 ? ("start" as const) : undefined,
            key: column.name,
            title: columnName(column, lang),
            width: widths[index],
            align: isRight(column, sample) ? "right" : "left",
            sorter: true,
            sortOrder: by?.column === column.name ? (by.descending ? "descend" : "ascend") : null,
            className: "nowrap",
            render: (_, row) => {
              const { text: written, full } = text(row, column);
              return (
                <LakeLink id={isId(column) ? String(row[column.name] ?? "") : ""}>
                  <span title={full ?? written}>{written}</span>
                </LakeLink>
              );
            },
          }))}
          onChange={(_page, _filters, sorter) => {
            const one = Array.isArray(sorter) ? sorter[0] : sorter;
            const column = String(one?.columnKey ?? "");
            onOrder(one?.order ? (one.order === "descend" ? `-${column}` : column) : null);
          }}
        />
      )}
    </div>
  );
}

/** Two lines a record: what it is and how much, then the rest; a touch shows all of it. */
export function RecordCards({ metric, rows, columns, zone, order, onOrder }: Props) {
  const { t, lang } = useTexts();
  const found = arranged(columns, metric);
  return (
    <>
      <Select
        className="records-sort"
        value={order ?? ""}
        aria-label={t("records.sort")}
        onChange={(chosen) => onOrder(chosen || null)}
        options={[
          { value: "", label: t("records.natural") },
          ...found.ordered.flatMap((column) => {
            const name = columnName(column, lang);
            return [
              { value: `-${column.name}`, label: t("records.descending", { name }) },
              { value: column.name, label: t("records.ascending", { name }) },
            ];
          }),
        ]}
      />
      <ul className="cards">
        {rows.map((row, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: records only ever grow at the end
          <li key={index} data-testid="record">
            <Card row={row} found={found} metric={metric} zone={zone} />
          </li>
        ))}
      </ul>
    </>
  );
}

type CardProps = { row: Row; found: Arranged; metric: Metric; zone: string };

function Card({ row, found, metric, zone }: CardProps) {
  const { lang } = useTexts();
  const text = useText(metric, zone);
  const { ordered, title = ordered[0], figure, time } = found;
  // A stage that is an end says the same as the outcome.
  const texts = (columns: DrillColumn[]) => {
    const found = columns.map((column) => text(row, column).text).filter(Boolean);
    const lower = found.map((one) => one.toLowerCase());
    return found.filter((_, index) => lower.indexOf(lower[index] ?? "") === index);
  };
  // What became of it and whose it is come before numbers of documents.
  const place = ({ name }: DrillColumn) =>
    FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length;
  const others = ordered
    .filter((column) => ![title, figure, time].includes(column) && column.kind === "text")
    .sort((a, b) => place(a) - place(b));
  return (
    <details>
      <summary>
        <span className="card-line">
          <span className="clip">{title && text(row, title).text}</span>
          <strong>{figure && text(row, figure).text}</strong>
        </span>
        <span className="card-line quiet small">
          <span className="clip">{texts(others).join(" · ")}</span>
          <span>{time && text(row, time).text.slice(0, 10)}</span>
        </span>
      </summary>
      <dl className="small">
        {ordered.map((column) => {
          const { text: written, full } = text(row, column);
          return (
            written && (
              <div key={column.name}>
                <dt>{columnName(column, lang)}</dt>
                <dd>
                  <LakeLink id={isId(column) ? String(row[column.name] ?? "") : ""}>
                    {full ? `${written} (${full})` : written}
                  </LakeLink>
                </dd>
              </div>
            )
          );
        })}
      </dl>
    </details>
  );
}
