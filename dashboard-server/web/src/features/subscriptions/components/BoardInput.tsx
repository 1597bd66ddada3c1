import { Select } from "antd";
import type { Condition } from "@/lib/api/types";
import { dimensionOptions, metricName } from "@/lib/numbers";
import { parseRange } from "@/lib/period";
import type { BoardContent } from "@/lib/subscribing";
import { useTexts } from "@/locales/i18n";
import { Labeled } from "./Labeled";
import {
  ConditionsInput,
  SpanSelect,
  useDimensions,
  useMetricOptions,
  useRegistry,
} from "./NumberParts";

/** So many numbers stand in one mail at most. */
const MOST_METRICS = 24;

const COMPARED = ["previous", "year_ago", "none"] as const;

/** Which numbers a mail has, and by what one of them is split. */
export function BoardInput({
  value,
  onChange,
}: {
  value: BoardContent;
  onChange: (content: BoardContent) => void;
}) {
  const { t, lang } = useTexts();
  const options = useMetricOptions();
  const { metrics, dimensions } = useRegistry();
  const split = value.metric ?? value.metrics[0];
  const groups = useDimensions(split);
  const where: Condition[] = value.where ?? [];
  const change = (patch: Partial<BoardContent>) => onChange({ ...value, ...patch });
  return (
    <div className="content-input" data-testid="content-dashboard">
      <Labeled label={t("subscriptions.content.metrics")}>
        <Select<string[]>
          mode="multiple"
          className="wide"
          value={value.metrics}
          maxCount={MOST_METRICS}
          aria-label={t("subscriptions.content.metrics")}
          data-testid="content-metrics"
          showSearch={{ optionFilterProp: "label" }}
          onChange={(next) =>
            change({
              metrics: next,
              metric: value.metric && next.includes(value.metric) ? value.metric : null,
            })
          }
          options={options}
        />
      </Labeled>
      <Labeled label={t("subscriptions.content.split")}>
        <div className="content-pair">
          <Select<string>
            value={split}
            aria-label={t("subscriptions.content.splitMetric")}
            onChange={(metric) => change({ metric })}
            options={value.metrics.map((name) => ({
              value: name,
              label: metricName(metrics, name, lang),
            }))}
          />
          <Select<string>
            allowClear
            showSearch={{ optionFilterProp: "label" }}
            value={value.by ?? undefined}
            prefix={<span className="quiet">{t("subscriptions.content.by")}</span>}
            aria-label={t("subscriptions.content.by")}
            data-testid="content-by"
            onChange={(by) => change({ by: by ?? null })}
            options={dimensionOptions(dimensions, groups, lang)}
          />
        </div>
      </Labeled>
      <Labeled label={t("subscriptions.content.where")}>
        <ConditionsInput
          value={where}
          dimensions={dimensions.filter(({ kind }) => kind !== "time")}
          onChange={(next) => change({ where: next })}
        />
      </Labeled>
      <div className="content-pair">
        <Labeled
          label={t("subscriptions.content.span")}
          note={parseRange(value.span) && t("subscriptions.content.fixed")}
        >
          <SpanSelect value={value.span} onChange={(span) => change({ span })} />
        </Labeled>
        <Labeled label={t("subscriptions.content.compare")}>
          <Select
            className="wide"
            value={value.compare ?? "previous"}
            aria-label={t("subscriptions.content.compare")}
            onChange={(compare) => change({ compare })}
            options={COMPARED.map((one) => ({ value: one, label: t(`compare.${one}`) }))}
          />
        </Labeled>
      </div>
    </div>
  );
}
