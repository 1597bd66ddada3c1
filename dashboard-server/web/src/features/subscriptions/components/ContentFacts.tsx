import { Tag } from "antd";
import { Link } from "react-router";
import { FilterText } from "@/components/FilterChips";
import { fieldName } from "@/components/words";
import type { Condition } from "@/lib/api/types";
import { short, unitOf } from "@/lib/format";
import { conditionText, dimensionName, metricName } from "@/lib/numbers";
import type { Entity } from "@/lib/resources";
import {
  type BoardContent,
  isListed,
  type ListContent,
  readAsked,
  type ThresholdContent,
} from "@/lib/subscribing";
import { useTexts } from "@/locales/i18n";
import { specOf } from "../lists";
import { contentOf, type Subscription } from "../types";
import { useRegistry, useSpanText } from "./NumberParts";
import { usePeople } from "./PeopleSelect";

/** What a subscription is of, line by line. */
export function useContentFacts(subscription: Subscription): [string, React.ReactNode][] {
  const { t, lang } = useTexts();
  const { metrics } = useRegistry();
  const span = useSpanText();
  const content = contentOf(subscription);
  const nameOf = (name: string) => metricName(metrics, name, lang);
  const comma = lang === "zh" ? "、" : ", ";
  switch (subscription.kind) {
    case "monthly_report":
      return [];
    case "dashboard": {
      const own = content as BoardContent;
      const split = own.metric ?? own.metrics[0];
      return [
        [t("subscriptions.content.metrics"), own.metrics.map(nameOf).join(comma)],
        ...(own.by && split
          ? [
              [
                t("subscriptions.content.split"),
                <Split key="split" metric={nameOf(split)} by={own.by} />,
              ] as [string, React.ReactNode],
            ]
          : []),
        [t("subscriptions.content.where"), <Where key="where" where={own.where ?? []} />],
        [t("subscriptions.content.span"), span(own.span)],
        [t("subscriptions.content.compare"), t(`compare.${own.compare ?? "previous"}`)],
      ];
    }
    case "list": {
      const own = content as ListContent;
      const asked = readAsked(own.query);
      const whose = { mine: "whoseMine", pool: "whosePool" }[asked.view ?? ""] ?? "whoseAll";
      return [
        [
          t("subscriptions.content.resource"),
          `${t(`entity.${own.resource}`)} · ${t(`subscriptions.content.${whose}`)}`,
        ],
        [
          t("subscriptions.content.filters"),
          <Asked key="asked" resource={own.resource} query={own.query} />,
        ],
      ];
    }
    case "threshold": {
      const own = content as ThresholdContent;
      const metric = metrics.find(({ name }) => name === own.metric);
      const limit = short(own.limit, metric ? unitOf(metric) : "", lang);
      const side = t(`subscriptions.content.side.${own.comparison}`);
      return [
        [t("subscriptions.content.metric"), `${nameOf(own.metric)} ${side} ${limit}`],
        [t("subscriptions.content.where"), <Where key="where" where={own.where ?? []} />],
        [t("subscriptions.content.span"), span(own.span)],
        [
          t("subscriptions.content.told"),
          `${t(`subscriptions.content.${own.told ?? "crosses"}`)} · ${t(
            "subscriptions.content.quiet",
          )} ${own.quiet_hours ?? 24} ${t("subscriptions.content.hours")}`,
        ],
      ];
    }
  }
}

function Split({ metric, by }: { metric: string; by: string }) {
  const { t, lang } = useTexts();
  const { dimensions } = useRegistry();
  return (
    <>
      {metric} {t("subscriptions.content.by")} {dimensionName(dimensions, by, lang)}
    </>
  );
}

function Where({ where }: { where: Condition[] }) {
  const { t, lang } = useTexts();
  const { dimensions } = useRegistry();
  if (where.length === 0)
    return <span className="quiet">{t("subscriptions.content.noWhere")}</span>;
  return (
    <span className="tags">
      {where.map((condition) => (
        <Tag key={`${condition.dimension} ${condition.op} ${condition.values.join()}`}>
          {dimensionName(dimensions, condition.dimension, lang)} {conditionText(condition, t, lang)}
        </Tag>
      ))}
    </span>
  );
}

/** What a list is narrowed by. */
function Asked({ resource, query }: { resource: string; query: string | undefined }) {
  const { t } = useTexts();
  const asked = readAsked(query);
  const entity = resource as Entity;
  const fields = [...new Set(asked.filters.map(({ field }) => field))];
  if (fields.length === 0 && !asked.search) {
    return <span className="quiet">{t("subscriptions.content.noWhere")}</span>;
  }
  return (
    <span className="tags">
      {asked.search && <Tag>{t("subscriptions.content.searched", { words: asked.search })}</Tag>}
      {isListed(resource) &&
        fields.map((field) => (
          <Tag key={field}>
            {fieldName(entity, field, t)}{" "}
            <FilterText
              entity={entity}
              spec={specOf(entity, field)}
              filters={asked.filters.filter((filter) => filter.field === field)}
            />
          </Tag>
        ))}
    </span>
  );
}

/** The way to what a subscription is of, in the app. */
export function ContentLink({ subscription }: { subscription: Subscription }) {
  const { t } = useTexts();
  const { link } = contentOf(subscription) as { link?: string | null };
  const path = subscription.kind === "monthly_report" ? "/reports" : link;
  if (!path?.startsWith("/") || path.startsWith("//")) return null;
  return (
    <Link to={path} className="record-link">
      {t("subscriptions.openThere")}
    </Link>
  );
}

/** The people of a subscription by name. */
export function People({ ids }: { ids: number[] }) {
  const { t, lang } = useTexts();
  const found = usePeople(ids);
  const names = new Map(found.data?.rows.map((row) => [row.id, String(row.name)]));
  const shown = ids.slice(0, 20).map((id) => names.get(id) ?? `#${id}`);
  return (
    <>
      {shown.join(lang === "zh" ? "、" : ", ")}
      {ids.length > shown.length && ` ${t("subscriptions.morePeople", { count: ids.length })}`}
    </>
  );
}
