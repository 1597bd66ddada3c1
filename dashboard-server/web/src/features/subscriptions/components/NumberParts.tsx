/** What contents about numbers have in common: metrics, conditions, time. */
import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Select } from "antd";
import { registryQuery, statusQuery, valuesQuery } from "@/lib/api/queries";
import type { Condition, Dimension, Metric } from "@/lib/api/types";
import { pick } from "@/lib/format";
import {
  conditionText,
  dimensionName,
  dimensionOptions,
  memberName,
  rangeText,
} from "@/lib/numbers";
import { PRESETS, parseRange } from "@/lib/period";
import { useTexts } from "@/locales/i18n";

const NOTHING: { metrics: Metric[]; dimensions: Dimension[] } = { metrics: [], dimensions: [] };

/** The metrics and dimensions that there are; none until they are known. */
export function useRegistry() {
  const status = useQuery(statusQuery);
  const set = status.data?.set;
  const found = useQuery({ ...registryQuery(set), enabled: set !== undefined && set !== null });
  // With nothing published there is nothing to wait for.
  const ready = found.data !== undefined || (status.data !== undefined && !set);
  return { ...(found.data ?? NOTHING), set, ready };
}

export function useMetricOptions() {
  const { lang } = useTexts();
  const { metrics } = useRegistry();
  return metrics.map((metric) => ({ value: metric.name, label: pick(metric.label, lang) }));
}

/** A span of time in words. */
export function useSpanText(): (span: string) => string {
  const { t } = useTexts();
  return (span) => {
    const fixed = parseRange(span);
    return fixed ? rangeText(fixed) : t(`period.${span}`, { defaultValue: span });
  };
}

export function SpanSelect({
  value,
  onChange,
}: {
  value: string;
  onChange: (span: string) => void;
}) {
  const { t } = useTexts();
  const text = useSpanText();
  const spans: string[] = [...(parseRange(value) ? [value] : []), ...PRESETS];
  return (
    <Select<string>
      className="wide"
      value={value}
      aria-label={t("subscriptions.content.span")}
      data-testid="content-span"
      onChange={onChange}
      options={spans.map((span) => ({ value: span, label: text(span) }))}
    />
  );
}

/** The dimensions that a metric can be asked by. */
export function useDimensions(metric: string | undefined): Dimension[] {
  const { metrics, dimensions } = useRegistry();
  const own = metrics.find(({ name }) => name === metric)?.dimensions ?? [];
  return dimensions.filter(
    ({ name, kind }) => kind !== "time" && (own.length > 0 ? own.includes(name) : true),
  );
}

/** Conditions, each with a dimension and its values. */
export function ConditionsInput({
  value,
  dimensions,
  onChange,
}: {
  value: Condition[];
  dimensions: Dimension[];
  onChange: (where: Condition[]) => void;
}) {
  const { t, lang } = useTexts();
  const { dimensions: all } = useRegistry();
  const put = (index: number, condition: Condition) =>
    onChange(value.map((one, at) => (at === index ? condition : one)));
  return (
    <div className="conditions" data-testid="content-where">
      {value.map((condition, index) => (
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: the same dimension may stand twice
          key={index}
          className="condition"
        >
          {condition.op === "in" ? (
            <>
              <Select<string>
                className="condition-name"
                showSearch={{ optionFilterProp: "label" }}
                value={condition.dimension || undefined}
                placeholder={t("subscriptions.content.dimension")}
                aria-label={t("subscriptions.content.dimension")}
                onChange={(dimension) => put(index, { dimension, op: "in", values: [] })}
                options={dimensionOptions(all, dimensions, lang)}
              />
              <MembersSelect
                dimension={condition.dimension}
                value={condition.values}
                onChange={(values) => put(index, { ...condition, values })}
              />
            </>
          ) : (
            <span className="grow">
              {dimensionName(all, condition.dimension, lang)} {conditionText(condition, t, lang)}
            </span>
          )}
          <Button
            type="text"
            icon={<DeleteOutlined />}
            aria-label={t("subscriptions.content.removeWhere")}
            onClick={() => onChange(value.filter((_, at) => at !== index))}
          />
        </div>
      ))}
      <Button
        size="small"
        type="dashed"
        icon={<PlusOutlined />}
        data-testid="content-add-where"
        onClick={() => onChange([...value, { dimension: "", op: "in", values: [] }])}
      >
        {t("subscriptions.content.addWhere")}
      </Button>
    </div>
  );
}

function MembersSelect({
  dimension,
  value,
  onChange,
}: {
  dimension: string;
  value: string[];
  onChange: (values: string[]) => void;
}) {
  const { t } = useTexts();
  const { set } = useRegistry();
  const found = useQuery(valuesQuery(dimension, set));
  return (
    <Select<string[]>
      mode="multiple"
      className="grow"
      maxTagCount="responsive"
      disabled={!dimension}
      loading={found.isFetching}
      value={value}
      placeholder={t("subscriptions.content.values")}
      aria-label={t("subscriptions.content.values")}
      onChange={onChange}
      showSearch={{ optionFilterProp: "label" }}
      options={[...new Set([...value, ...(found.data?.values ?? [])])].map((one) => ({
        value: one,
        label: memberName(dimension, one, t),
      }))}
    />
  );
}
