/** Columns that many lists have. */
import { Tag } from "antd";
import type { Rec } from "@/lib/api/records";
import { type Entity, referenceOf } from "@/lib/resources";
import { Amount, Choice, Day, Named, UserName } from "./Cells";
import type { Column } from "./ResourceTable";

/** What a text field says. */
export function textColumn<T extends Rec>(
  field: string & keyof T,
  width: number,
  options: Partial<Column<T>> = {},
): Column<T> {
  return { field, width, render: (row) => String(row[field] ?? ""), ...options };
}

/** An amount, for those who see amounts; no column for others. */
export function amountColumn<T extends Rec>(sees: boolean, width = 110): Column<T>[] {
  if (!sees) return [];
  return [
    {
      field: "amount",
      width,
      align: "right",
      sortable: true,
      render: (row) => <Amount fen={row.amount} />,
    },
  ];
}

/** A day, or the day of a moment. */
export function dayColumn<T extends Rec>(field: string & keyof T, width = 100): Column<T> {
  return { field, width, sortable: true, render: (row) => <Day value={row[field]} /> };
}

/** What a reference is called; users as people speak of them. */
export function namedColumn<T extends Rec>(
  entity: Entity,
  field: string & keyof T,
  width: number,
): Column<T> {
  const to = referenceOf(entity, field) ?? entity;
  return {
    field,
    width,
    render: (row, labels) =>
      to === "user" ? (
        <UserName id={row[field]} labels={labels} />
      ) : (
        <Named entity={to} id={row[field]} labels={labels} />
      ),
  };
}

/** A word of a fixed list. */
export function choiceColumn<T extends Rec>(
  entity: Entity,
  field: string & keyof T,
  width: number,
): Column<T> {
  return {
    field,
    width,
    render: (row) => <Choice entity={entity} field={field} value={row[field]} />,
  };
}

/** A word of a fixed list as a tag, in the colour of its meaning. */
export function ChoiceTag({
  entity,
  field,
  value,
  tones = {},
}: {
  entity: Entity;
  field: string;
  value: string;
  tones?: Record<string, string>;
}) {
  return (
    <Tag color={tones[value]}>
      <Choice entity={entity} field={field} value={value} />
    </Tag>
  );
}

export function tagColumn<T extends Rec>(
  entity: Entity,
  field: string & keyof T,
  width: number,
  tones?: Record<string, string>,
): Column<T> {
  return {
    field,
    width,
    render: (row) => (
      <ChoiceTag entity={entity} field={field} value={String(row[field])} tones={tones} />
    ),
  };
}
