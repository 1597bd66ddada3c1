/** The shapes of the HTTP API that the app uses. */

export type Text = { zh: string; en: string };

export type Operator = "in" | "not_in" | "between" | "is_null";
export type Condition = { dimension: string; op: Operator; values: string[] };
export type Period = { from: string; to: string };

export type Query = {
  metrics: string[];
  by?: string[];
  where?: Condition[];
  period?: Period | null;
  compare?: string | null;
  order?: string | null;
  limit?: number | null;
};

export type Cell = string | number | boolean | null | undefined;
export type Row = Record<string, Cell>;

export type QueryResult = {
  as_of: string;
  versions: Record<string, number>;
  columns: { name: string; kind: string; unit?: string | null }[];
  rows: Row[];
  total: Row;
  rest?: Row | null;
};

export type DrillRequest = {
  query: Query;
  metric?: string | null;
  cursor?: string | null;
  limit?: number;
  order?: string | null;
};

export type DrillColumn = { name: string; kind: string; unit?: string | null; label: Text };

export type DrillResult = {
  as_of: string;
  versions: Record<string, number>;
  columns: DrillColumn[];
  rows: Row[];
  count: number;
  /** What the records add to the number, and for rates and means what they divide it by. */
  sum?: number | null;
  weight?: number | null;
  value?: number | null;
  next_cursor?: string | null;
};

export type Problem = {
  type?: string;
  title: string;
  status: number;
  detail?: string;
  suggestions?: string[];
};

export type BatchItem = { id: string; query: Query } | { id: string; drill: DrillRequest };
export type BatchAnswer<T = unknown> = { id: string; result?: T; problem?: Problem };

export type Unit = "ratio" | "amount" | "count" | "days" | "hours";
export type Direction = "up" | "down" | "none";

export type Metric = {
  name: string;
  label: Text;
  description: Text;
  formula: string;
  kind: string;
  unit: string;
  direction: string;
  entity?: string;
  dimensions: string[];
};

export type Dimension = { name: string; label: Text; kind: string };
export type Registry = { metrics: Metric[]; dimensions: Dimension[] };

export type Status = {
  company?: string | null;
  zone: string;
  set?: number | null;
  published_at?: string | null;
  complete_to?: string | null;
  first_day?: string | null;
  last_day?: string | null;
  versions?: Record<string, number>;
};
