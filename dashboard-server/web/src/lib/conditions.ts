/** Conditions of queries: as text, and put together. */
import type { Condition } from "./api/types";

const SPECIAL = /[,"]|\.\.|^\s|\s$/;

function quoted(value: string): string {
  return SPECIAL.test(value) || value === "" ? `"${value.replaceAll('"', '""')}"` : value;
}

/**
 * A condition as on the command line: `region=华东,华南`, `region!=华东`, `region is null`,
 * `closed_at=2026-01-01..2026-03-31`.
 */
export function writeCondition({ dimension, op, values }: Condition): string {
  if (op === "is_null") return `${dimension} is null`;
  if (op === "between") return `${dimension}=${values.join("..")}`;
  return `${dimension}${op === "not_in" ? "!=" : "="}${values.map(quoted).join(",")}`;
}

/** The condition that such a text means, null where it means none. */
export function readCondition(text: string): Condition | null {
  const none = /^(.+?)\s+is null\s*$/i.exec(text)?.[1];
  if (none && !none.includes("=")) return { dimension: none, op: "is_null", values: [] };
  const found = /^([^=!]+)(!?=)(.+)$/s.exec(text);
  if (!found) return null;
  const [, dimension = "", sign, rest = ""] = found;
  const op = sign === "!=" ? "not_in" : "in";
  const [from, to, more] = rest.split("..");
  if (
    op === "in" &&
    !rest.includes('"') &&
    !rest.includes(",") &&
    from &&
    to &&
    more === undefined
  ) {
    return { dimension, op: "between", values: [from, to] };
  }
  const values: string[] = [];
  const item = /\s*(?:"((?:[^"]|"")*)"\s*|([^",]*))(,|$)/sy;
  for (;;) {
    const match = item.exec(rest);
    if (!match) return null;
    values.push(match[1] !== undefined ? match[1].replaceAll('""', '"') : (match[2] ?? "").trim());
    if (match[3] === "") break;
  }
  return { dimension, op, values };
}

/** Sets a dimension's condition, or takes it away where it has no values. */
export function withCondition(where: Condition[], condition: Condition): Condition[] {
  const empty = condition.op !== "is_null" && condition.values.length === 0;
  const index = where.findIndex((other) => other.dimension === condition.dimension);
  if (index < 0) return empty ? where : [...where, condition];
  return where.flatMap((other, at) => (at === index ? (empty ? [] : condition) : other));
}
