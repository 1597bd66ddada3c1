/** Contents of subscriptions: what a new one begins with, what is wrong with one, what is kept. */
import type { TFunction } from "i18next";
import type { Condition } from "@/lib/api/types";
import type { Entity } from "@/lib/resources";
import {
  type BoardContent,
  boardContent,
  boardLink,
  type Content,
  type Draft,
  type Kind,
  LISTS,
  type Listed,
  type ThresholdContent,
  thresholdContent,
  thresholdLink,
  wholeList,
} from "@/lib/subscribing";

/** The numbers that a new dashboard has. */
const NUMBERS = ["won_amount", "win_rate", "order_amount"];
const WATCHED = { name: "overdue_amount", direction: "down" };

/** When a new one comes: a report when it is made. */
const RULES: Record<Kind, string | null> = {
  monthly_report: null,
  dashboard: "weekly mon 08:30 next",
  list: "working-days 08:30",
  threshold: "working-days 08:30",
};

export function firstRule(kind: Kind): string | null {
  return RULES[kind];
}

/** What is suggested where no page has said anything. */
export function firstDraft(kind: Kind, lists: Listed[], t: TFunction): Draft {
  const name = (more: object = {}) => t(`subscriptions.named.${kind}`, { ...more });
  switch (kind) {
    case "monthly_report":
      return { kind, name: name(), content: {} };
    case "dashboard": {
      const content = boardContent({
        metrics: NUMBERS,
        metric: null,
        by: null,
        where: [],
        span: "last_month",
        compare: "previous",
      });
      return { kind, name: name(), content };
    }
    case "list": {
      const resource = lists.find((entity) => entity === "opportunity") ?? lists[0] ?? "ticket";
      const content = wholeList(resource);
      return { kind, name: name({ name: t(`entity.${resource}`) }), content };
    }
    case "threshold": {
      const content = thresholdContent(WATCHED, [], "this_month");
      return { kind, name: t("subscriptions.named.alert"), content };
    }
  }
}

/** The conditions that say something. */
export function complete(where: Condition[] | undefined): Condition[] {
  return (where ?? []).filter(
    ({ dimension, op, values }) => dimension && (op === "is_null" || values.length > 0),
  );
}

/** What keeps a content from being used, in the reader's language. */
export function faultOf(kind: Kind, content: Content, t: TFunction): string | null {
  if (kind === "dashboard" && (content as BoardContent).metrics.length === 0) {
    return t("subscriptions.content.metricsMissing");
  }
  if (kind === "threshold") {
    const { metric, limit } = content as ThresholdContent;
    if (!metric) return t("subscriptions.content.metricsMissing");
    if (limit === null || limit === undefined) return t("subscriptions.content.limitMissing");
  }
  return null;
}

/** A content as it is kept: without what says nothing, and with the way to its page. */
export function finished(kind: Kind, content: Content): Content {
  switch (kind) {
    case "monthly_report":
      return {};
    case "dashboard": {
      const board = content as BoardContent;
      const whole = { ...board, where: complete(board.where) };
      return { ...whole, link: boardLink(whole) };
    }
    case "list":
      return content;
    case "threshold": {
      const watched = content as ThresholdContent;
      const whole = { ...watched, where: complete(watched.where) };
      return { ...whole, link: thresholdLink(whole) };
    }
  }
}

/** The lists that somebody may read, for a subscription to one of them. */
export function readableLists(may: (entity: Entity, action: "read") => boolean): Listed[] {
  return (Object.keys(LISTS) as Listed[]).filter((entity) => may(entity, "read"));
}
