/** What one can subscribe to, and how the state of a page becomes it. */
import { address } from "./api/client";
import {
  type Filter,
  type ListQuery,
  listParameters,
  readFilter,
  writeFilter,
} from "./api/records";
import type { Condition } from "./api/types";
import { writeCondition } from "./conditions";
import type { Compare, Preset, Range } from "./period";
import { type Entity, isEntity } from "./resources";

export const KINDS = ["monthly_report", "dashboard", "list", "threshold"] as const;
export type Kind = (typeof KINDS)[number];

export type ReportContent = Record<string, never>;
export type BoardContent = {
  metrics: string[];
  /** The one that is split; the first without it. */
  metric?: string | null;
  by?: string | null;
  where?: Condition[];
  span: string;
  compare?: Compare;
  link?: string | null;
};
export type ListContent = {
  resource: string;
  query?: string;
  columns?: string[];
  when_empty?: boolean;
  link?: string | null;
};
export type ThresholdContent = {
  metric: string;
  where?: Condition[];
  span: string;
  comparison: "above" | "below";
  /** Not there while it is being typed. */
  limit: number | null;
  margin?: number;
  told?: "crosses" | "is_beyond";
  quiet_hours?: number;
  link?: string | null;
};
export type Content = ReportContent | BoardContent | ListContent | ThresholdContent;

/** A subscription as a page suggests it, before anything of it is kept. */
export type Draft = { name: string } & (
  | { kind: "monthly_report"; content: ReportContent }
  | { kind: "dashboard"; content: BoardContent }
  | { kind: "list"; content: ListContent }
  | { kind: "threshold"; content: ThresholdContent }
);

/** The lists that people subscribe to, and the page of each with all of its records. */
export const LISTS = {
  account: "/accounts?view=all",
  opportunity: "/opportunities?view=table&who=team",
  quote: "/quotes?who=all",
  contract: "/contracts?who=all",
  receipt: "/contracts/receipts",
  payment_request: "/contracts/requests",
  invoice_application: "/contracts/invoices",
  ticket: "/tickets?kind=all",
} as const satisfies Partial<Record<Entity, string>>;
export type Listed = keyof typeof LISTS;

export function isListed(entity: string): entity is Listed {
  return Object.hasOwn(LISTS, entity);
}

/** A period as a span that moves on, or as days that stay. */
export function spanOf(period: Preset | Range): string {
  return typeof period === "string" ? period : `${period.from}..${period.to}`;
}

/** Where the page of a subscribed dashboard is. */
export function boardLink({ where = [], span, compare, metric, by }: BoardContent): string {
  return address("/dashboard", {
    where: where.map(writeCondition),
    period: span,
    compare: compare === "previous" ? null : compare,
    metric,
    by,
  });
}

/** Where the records behind a watched number are. */
export function thresholdLink({ where = [], span, metric }: ThresholdContent): string {
  return address("/dashboard", {
    where: where.map(writeCondition),
    period: span,
    metric,
    records: metric,
  });
}

/** What the dashboard shows, as it stands in a mail. */
export function boardContent(page: Omit<BoardContent, "link">): BoardContent {
  return { ...page, link: boardLink(page) };
}

/** A number, watched from its better side: a rate that should be high is told of when it is low. */
export function thresholdContent(
  { name, direction }: { name: string; direction: string },
  where: Condition[],
  span: string,
): ThresholdContent {
  const content: ThresholdContent = {
    metric: name,
    where,
    span,
    comparison: direction === "down" ? "above" : "below",
    limit: null,
    margin: 0,
    told: "crosses",
    quiet_hours: 24,
  };
  return { ...content, link: thresholdLink(content) };
}

/** What belongs to the reader of a page and not to what it shows. */
const OWN = ["lang", "open", "tab", "new", "for", "draft"];

/** What a list is asked for, and the page that asked. */
export function listContent(
  resource: Listed,
  query: ListQuery,
  columns: string[],
  page: { pathname: string; search: string },
): ListContent {
  const params = new URLSearchParams(page.search);
  for (const name of OWN) params.delete(name);
  const { view, search, sort, filter } = listParameters(query);
  return {
    resource,
    query: address("", { view, search, sort, filter }).slice(1),
    columns,
    when_empty: false,
    link: address(page.pathname, {}) + (params.size > 0 ? `?${params}` : ""),
  };
}

export type AskedList = {
  view: string | null;
  search: string;
  sort: string | null;
  filters: Filter[];
};

/** What the query of a subscribed list says. */
export function readAsked(query: string | undefined): AskedList {
  const params = new URLSearchParams(query ?? "");
  return {
    view: params.get("view"),
    search: params.get("search") ?? "",
    sort: params.get("sort"),
    filters: params.getAll("filter").flatMap((text) => readFilter(text) ?? []),
  };
}

/** The content with another query; its page is then the whole list with those conditions. */
export function withAsked(content: ListContent, asked: AskedList): ListContent {
  const { view, search, sort, filters } = asked;
  const filter = filters.map(writeFilter);
  const [path = "", base] = (isListed(content.resource) ? LISTS[content.resource] : "/today").split(
    "?",
  );
  const own = Object.fromEntries(new URLSearchParams(base));
  return {
    ...content,
    query: address("", { view, search, sort, filter }).slice(1),
    link: address(path, {
      ...own,
      ...(view === "mine" ? MINE[content.resource] : {}),
      q: search,
      filter,
      sort,
    }),
  };
}

/** How a page is told that it is about one's own records. */
const MINE: Record<string, Record<string, string>> = {
  account: { view: "mine" },
  opportunity: { who: "mine" },
  quote: { who: "mine" },
  contract: { who: "mine" },
};

/** The whole list of a resource. */
export function wholeList(resource: Listed): ListContent {
  const empty = { view: null, search: "", sort: null, filters: [] };
  return withAsked({ resource, query: "", columns: [], when_empty: false, link: null }, empty);
}

/** A draft as it stands in an address. */
export function writeDraft(draft: Draft): string {
  return JSON.stringify(draft);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The draft of an address, null where there is none that can be used. */
export function readDraft(text: string | null): Draft | null {
  let draft: unknown = null;
  try {
    draft = JSON.parse(text ?? "null");
  } catch {
    return null;
  }
  if (!isObject(draft) || typeof draft.name !== "string" || !isObject(draft.content)) return null;
  const { kind, content } = draft;
  const fits =
    kind === "monthly_report" ||
    (kind === "dashboard" && Array.isArray(content.metrics) && typeof content.span === "string") ||
    (kind === "list" && typeof content.resource === "string" && isEntity(content.resource)) ||
    (kind === "threshold" &&
      typeof content.metric === "string" &&
      typeof content.span === "string");
  return fits ? (draft as Draft) : null;
}
