/** Fields of forms, and how their values go from the record to the form and back. */
import type { ReactNode } from "react";
import type { Filter, Json, Rec } from "@/lib/api/records";
import type { Entity } from "@/lib/resources";
import { isScaled, stored, written } from "@/lib/units";

export type FieldKind =
  | "text"
  | "long"
  | "phone"
  | "password"
  | "integer"
  | "money"
  | "price"
  | "share"
  | "quantity"
  | "day"
  | "moment"
  | "choice"
  | "tags"
  | "reference"
  | "flag"
  | "object";

export type Option = { value: string; label: string };

/** What an input of a form is given. */
export type InputProps = {
  id?: string;
  value?: Json;
  onChange?: (value: Json | undefined) => void;
};

export type Field = {
  name: string;
  /** Text where it is left out. */
  kind?: FieldKind;
  label?: string;
  required?: boolean;
  /** Of a choice; the words of the record's field where it is left out. */
  options?: Option[];
  /** What a reference refers to; what its name says where it is left out. */
  entity?: Entity;
  /** Of a reference: only records that meet these. */
  where?: Filter[];
  /** Of a reference to an account: those of one's last contacts are offered beside the search. */
  recent?: boolean;
  help?: ReactNode;
  placeholder?: string;
  /** A value from history, and where it comes from. */
  suggestion?: { value: Json; source: string } | null;
  maxLength?: number;
  autoFocus?: boolean;
  /** Its input, where those of its kind do not do. */
  input?: (props: InputProps) => ReactNode;
  /** What is wrong with a value, in the reader's language. */
  check?: (value: Json | undefined) => string | null;
};

export type Values = { [name: string]: Json | undefined };

/** A record's value as its field shows it. */
export function shown(kind: FieldKind | undefined, value: Json | undefined): Json | undefined {
  if (value === null) return undefined;
  if (kind && isScaled(kind) && typeof value === "number") return written(value, kind);
  return value;
}

/** What a field holds as the record keeps it; nothing is null. */
export function kept(kind: FieldKind | undefined, value: Json | undefined): Json {
  if (value === undefined || value === null) return null;
  if (typeof value === "string") {
    const text = kind === "password" ? value : value.trim();
    return text === "" ? null : text;
  }
  if (kind && isScaled(kind) && typeof value === "number") return stored(value, kind);
  return value;
}

/** The values that a form begins with: the record's, else those suggested by history. */
export function initialValues(fields: Field[], record: Values | undefined): Values {
  return Object.fromEntries(
    fields.map(({ name, kind, suggestion }) => {
      const own = record?.[name];
      return [name, shown(kind, own === undefined || own === null ? suggestion?.value : own)];
    }),
  );
}

/** What is to be sent: everything that is filled for a new record, what differs for a known one. */
export function submitted(fields: Field[], values: Values, record: Rec | undefined): Values {
  const sent: Values = {};
  for (const { name, kind } of fields) {
    const value = kept(kind, values[name]);
    if (record) {
      if (!same(value, record[name] ?? null)) sent[name] = value;
    } else if (value !== null) {
      sent[name] = value;
    }
  }
  return sent;
}

export function same(a: Json | undefined, b: Json | undefined): boolean {
  return (a ?? null) === (b ?? null) || JSON.stringify(a) === JSON.stringify(b);
}

/** The fields that two people changed differently from one version of a record. */
export function conflicts(sent: Values, before: Rec, current: Rec): string[] {
  return Object.keys(sent).filter(
    (name) => !same(current[name], before[name]) && !same(current[name], sent[name]),
  );
}

/** The most fields that must, and may, be asked for in one form. */
export const MOST_REQUIRED = 8;
export const MOST_OPTIONAL = 12;

/** Required fields first, the others apart. */
export function arranged(fields: Field[]): { first: Field[]; optional: Field[] } {
  const first = fields.filter(({ required }) => required);
  const optional = fields.filter(({ required }) => !required);
  return { first, optional };
}
