import { SettingOutlined } from "@ant-design/icons";
import { Button, Checkbox, Popover, Table, type TableRef } from "antd";
import { type ReactNode, useEffect, useRef, useState } from "react";
import type { Labels, Rec } from "@/lib/api/records";
import type { Entity } from "@/lib/resources";
import { useTexts } from "@/locales/i18n";
import { useKeys } from "./keyboard";
import type { Column } from "./ResourceTable";
import { fieldName } from "./words";

const HEADER_PX = 38;
const NEAR_PX = 600;
const TOOLS_PX = 40;
const LEAST_HEIGHT_PX = 240;
const WIDTH_PX = 140;
/** The share of its width that a column keeps. */
const NARROWEST = 0.75;

type Props<T extends Rec> = {
  entity: Entity;
  rows: T[];
  labels: Labels;
  columns: Column<T>[];
  sort: string | null;
  stale: boolean;
  selected: Map<number, T> | null;
  onSelect: (selected: Map<number, T>) => void;
  onSort: (sort: string | null) => void;
  onOpen: (row: T) => void;
  onEnd: () => void;
};

type Hideable = { field: string; hidden?: boolean };

const placeOf = (entity: Entity) => `millrace.columns.${entity}`;

/** The columns that a reader does not want to see, as remembered in this browser. */
function hiddenColumns(entity: Entity, columns: Hideable[]): string[] {
  const stored = window.localStorage.getItem(placeOf(entity));
  return stored === null
    ? columns.filter((column) => column.hidden).map(({ field }) => field)
    : stored.split(",");
}

/** The columns of a list that a reader sees, in their order. */
export function seenColumns(entity: Entity, columns: Hideable[]): string[] {
  const hidden = hiddenColumns(entity, columns);
  return columns.map(({ field }) => field).filter((field) => !hidden.includes(field));
}

function useColumns(entity: Entity, columns: Hideable[]) {
  const [hidden, setHidden] = useState<string[]>(() => hiddenColumns(entity, columns));
  const choose = (next: string[]) => {
    window.localStorage.setItem(placeOf(entity), next.join(","));
    setHidden(next);
  };
  return { hidden, choose };
}

/** Records as a table that draws only the rows in sight; j and k move, Enter opens. */
export function ResourceRows<T extends Rec>({
  entity,
  rows,
  labels,
  columns,
  sort,
  stale,
  selected,
  onSelect,
  onSort,
  onOpen,
  onEnd,
}: Props<T>) {
  const { t } = useTexts();
  const box = useRef<HTMLDivElement>(null);
  const table = useRef<TableRef>(null);
  const [{ width: room, height }, setSize] = useState({ width: 0, height: 0 });
  const [at, setAt] = useState(-1);
  const { hidden, choose } = useColumns(entity, columns);
  const shown = columns.filter(({ field }) => !hidden.includes(field));
  const descending = sort?.startsWith("-") ?? false;
  const sorted = descending ? sort?.slice(1) : sort;
  const title = (column: Column<T>): ReactNode =>
    column.title ?? fieldName(entity, column.field, t);

  useEffect(() => {
    if (!box.current) return;
    const observer = new ResizeObserver(([entry]) => {
      if (!entry) return;
      const { width, height } = entry.contentRect;
      setSize({ width: Math.floor(width), height: Math.floor(height) });
    });
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);

  const move = (to: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, to));
    setAt(next);
    const row = rows[next];
    if (row) table.current?.scrollTo({ key: row.id });
    if (next > rows.length - 5) onEnd();
  };
  useKeys((key) => {
    const row = rows[at];
    if (key === "j") move(at + 1);
    else if (key === "k") move(at - 1);
    else if (key === "Enter" && row && document.activeElement === document.body) onOpen(row);
    else if (key === "x" && row && selected) toggle(row);
    else return false;
    return true;
  });
  const toggle = (row: T) => {
    const next = new Map(selected);
    if (!next.delete(row.id)) next.set(row.id, row);
    onSelect(next);
  };

  const tools = selected ? 2 * TOOLS_PX : TOOLS_PX;
  const wished = shown.reduce((sum, column) => sum + (column.width ?? WIDTH_PX), 0);
  // Columns give way a little before the table scrolls sideways.
  const scale = Math.min(1, Math.max(NARROWEST, (room - tools) / wished));
  const widthOf = (column: Column<T>) => Math.floor((column.width ?? WIDTH_PX) * scale);
  const width = shown.reduce((sum, column) => sum + widthOf(column), tools);
  return (
    <div className={stale ? "resource-rows stale" : "resource-rows"} ref={box}>
      {height > 0 && (
        <Table<T>
          ref={table}
          size="small"
          virtual
          rowKey="id"
          dataSource={rows}
          pagination={false}
          showSorterTooltip={false}
          scroll={{ x: width, y: Math.max(LEAST_HEIGHT_PX, height - HEADER_PX) }}
          rowClassName={(_row, index) => (index === at ? "at" : "")}
          onRow={(row, index) => ({
            "data-testid": "row",
            "data-id": row.id,
            onClick: () => {
              setAt(index ?? -1);
              onOpen(row);
            },
          })}
          onScroll={({ currentTarget }) => {
            const { scrollTop, clientHeight, scrollHeight } = currentTarget;
            if (scrollTop > 0 && scrollTop + clientHeight > scrollHeight - NEAR_PX) onEnd();
          }}
          rowSelection={
            selected
              ? {
                  columnWidth: TOOLS_PX,
                  preserveSelectedRowKeys: true,
                  selectedRowKeys: [...selected.keys()],
                  onChange: (_keys, chosen) =>
                    onSelect(new Map(chosen.map((row) => [row.id, row]))),
                }
              : undefined
          }
          columns={[
            ...shown.map((column, index) => ({
              key: column.field,
              title: title(column),
              width: widthOf(column),
              align: column.align,
              fixed: index === 0 ? ("start" as const) : undefined,
              sorter: column.sortable ?? false,
              sortOrder:
                sorted === column.field
                  ? descending
                    ? ("descend" as const)
                    : ("ascend" as const)
                  : null,
              className: "nowrap",
              render: (_: unknown, row: T) => column.render(row, labels),
            })),
            {
              key: "columns",
              width: TOOLS_PX,
              align: "center" as const,
              title: (
                <Popover
                  trigger="click"
                  placement="bottomRight"
                  content={
                    <Checkbox.Group
                      className="column-choice"
                      value={shown.map(({ field }) => field)}
                      onChange={(kept) =>
                        choose(
                          columns
                            .map(({ field }) => field)
                            .filter((field) => !kept.includes(field)),
                        )
                      }
                      options={columns.map((column, index) => ({
                        value: column.field,
                        label: title(column),
                        disabled: index === 0,
                      }))}
                    />
                  }
                >
                  <Button
                    type="text"
                    size="small"
                    icon={<SettingOutlined />}
                    aria-label={t("part.columns")}
                  />
                </Popover>
              ),
              render: () => null,
            },
          ]}
          onChange={(_page, _filters, sorter) => {
            const one = Array.isArray(sorter) ? sorter[0] : sorter;
            const field = String(one?.columnKey ?? "");
            onSort(one?.order ? (one.order === "descend" ? `-${field}` : field) : null);
          }}
        />
      )}
    </div>
  );
}
