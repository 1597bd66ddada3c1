/** The shapes of the HTTP API under the names that the app uses; `npm run api` makes them. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Text = Schemas["Label"];
export type Operator = Schemas["Op"];
export type Period = Schemas["Period"];
/** A condition with everything said, as the app writes it. */
export type Condition = Required<Schemas["Condition"]>;
export type Query = Schemas["Query"];

export type Cell = string | number | boolean | null | undefined;
/** Values by name; the document leaves open which names there are. */
export type Row = Record<string, Cell>;

export type QueryResult = Omit<Schemas["QueryResult"], "rows" | "total" | "rest"> & {
  rows: Row[];
  total: Row;
  rest?: Row | null;
};
export type DrillRequest = Schemas["DrillRequest"];
export type DrillColumn = Schemas["RecordColumn"];
export type DrillResult = Omit<Schemas["DrillResult"], "rows"> & { rows: Row[] };
export type DriversRequest = Schemas["DriversRequest"];
export type Segment = Omit<Schemas["Segment"], "where" | "except"> & { where: Row; except?: Row[] };
export type DriversResult = Omit<Schemas["DriversResult"], "segments" | "rest"> & {
  segments: Segment[];
  rest: Segment;
};
export type ExportRequest = Schemas["ExportRequest"];

export type BatchItem = Schemas["BatchItem"];
export type BatchAnswer = Omit<Schemas["BatchResult"], "result"> & {
  result?: QueryResult | DrillResult | null;
};
export type Problem = Schemas["Problem"];

export type Metric = Schemas["Metric"];
export type Dimension = Schemas["Dimension"];
export type Registry = Schemas["Registry"];
export type Status = Schemas["Status"] & { writes?: number };
export type Values = Schemas["Values"];
