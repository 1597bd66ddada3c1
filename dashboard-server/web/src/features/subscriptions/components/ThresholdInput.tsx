import { useQuery } from "@tanstack/react-query";
import { InputNumber, Segmented, Select } from "antd";
import { useDeferredValue } from "react";
import type { Condition } from "@/lib/api/types";
import { short, unitOf } from "@/lib/format";
import { grouped, typedNumber } from "@/lib/numberInput";
import { parseRange } from "@/lib/period";
import { useMe } from "@/lib/session";
import type { ThresholdContent } from "@/lib/subscribing";
import { useTexts } from "@/locales/i18n";
import { valueNowQuery } from "../api";
import { complete } from "../content";
import { keptLimit, shownLimit } from "../units";
import { Labeled } from "./Labeled";
import {
  ConditionsInput,
  SpanSelect,
  useDimensions,
  useMetricOptions,
  useRegistry,
} from "./NumberParts";

const A_DAY = 24;
const LONGEST_QUIET = 8_760;

/** A number and the limit that it is told at. */
export function ThresholdInput({
  value,
  onChange,
}: {
  value: ThresholdContent;
  onChange: (content: ThresholdContent) => void;
}) {
  const { t, lang } = useTexts();
  const options = useMetricOptions();
  const { metrics } = useRegistry();
  const metric = metrics.find(({ name }) => name === value.metric);
  const unit = metric ? unitOf(metric) : "";
  const dimensions = useDimensions(value.metric);
  const where: Condition[] = value.where ?? [];
  const asked = useDeferredValue(value);
  const now = useQuery(valueNowQuery({ ...asked, where: complete(asked.where) }, lang));
  const change = (patch: Partial<ThresholdContent>) => onChange({ ...value, ...patch });
  return (
    <div className="content-input" data-testid="content-threshold">
      <Labeled label={t("subscriptions.content.metric")}>
        <Select<string>
          className="wide"
          value={value.metric || undefined}
          aria-label={t("subscriptions.content.metric")}
          data-testid="content-metric"
          showSearch={{ optionFilterProp: "label" }}
          onChange={(name) => {
            const chosen = metrics.find((one) => one.name === name);
            change({
              metric: name,
              limit: null,
              margin: 0,
              comparison: chosen?.direction === "down" ? "above" : "below",
            });
          }}
          options={options}
        />
      </Labeled>
      <div className="content-pair">
        <Labeled label={t("subscriptions.content.told")}>
          <Segmented<"above" | "below">
            block
            value={value.comparison}
            data-testid="content-side"
            onChange={(comparison) => change({ comparison })}
            options={(["above", "below"] as const).map((side) => ({
              value: side,
              label: t(`subscriptions.content.side.${side}`),
            }))}
          />
        </Labeled>
        <Labeled
          label={t("subscriptions.content.limit")}
          note={
            now.data !== undefined &&
            now.data !== null && (
              <span className={now.isPlaceholderData ? "stale" : undefined} data-testid="limit-now">
                {t("subscriptions.content.limitNow", { value: short(now.data, unit, lang) })}
              </span>
            )
          }
        >
          <Measure
            value={value.limit}
            unit={unit}
            label={t("subscriptions.content.limit")}
            testId="content-limit"
            onChange={(limit) => change({ limit })}
          />
        </Labeled>
      </div>
      <Labeled label={t("subscriptions.content.where")}>
        <ConditionsInput
          value={where}
          dimensions={dimensions}
          onChange={(next) => change({ where: next })}
        />
      </Labeled>
      <Labeled
        label={t("subscriptions.content.span")}
        note={parseRange(value.span) && t("subscriptions.content.fixed")}
      >
        <SpanSelect value={value.span} onChange={(span) => change({ span })} />
      </Labeled>
      <Select
        className="wide"
        value={value.told ?? "crosses"}
        aria-label={t("subscriptions.content.told")}
        onChange={(told) => change({ told })}
        options={(["crosses", "is_beyond"] as const).map((told) => ({
          value: told,
          label: t(`subscriptions.content.${told}`),
        }))}
      />
      <div className="content-pair">
        <Labeled
          label={t("subscriptions.content.margin")}
          note={t("subscriptions.content.marginNote")}
        >
          <Measure
            value={value.margin ?? 0}
            unit={unit}
            least={0}
            label={t("subscriptions.content.margin")}
            onChange={(margin) => change({ margin: margin ?? 0 })}
          />
        </Labeled>
        <Labeled label={t("subscriptions.content.quiet")}>
          <InputNumber
            className="wide"
            min={0}
            max={LONGEST_QUIET}
            precision={0}
            controls={false}
            value={value.quiet_hours ?? A_DAY}
            suffix={t("subscriptions.content.hours")}
            aria-label={t("subscriptions.content.quiet")}
            onChange={(hours) => change({ quiet_hours: hours ?? A_DAY })}
          />
        </Labeled>
      </div>
    </div>
  );
}

/** A number in the unit of its metric. */
function Measure({
  value,
  unit,
  least,
  label,
  testId,
  onChange,
}: {
  value: number | null;
  unit: string;
  least?: number;
  label: string;
  testId?: string;
  onChange: (value: number | null) => void;
}) {
  const { t } = useTexts();
  const { currency } = useMe().company;
  const suffix: Record<string, string> = {
    ratio: "%",
    amount: currency,
    days: t("subscriptions.content.days"),
    hours: t("subscriptions.content.hours"),
    business_hours: t("subscriptions.content.hours"),
  };
  return (
    <InputNumber<number | string>
      className="wide"
      inputMode="decimal"
      controls={false}
      min={least}
      value={shownLimit(value, unit)}
      suffix={suffix[unit]}
      aria-label={label}
      data-testid={testId}
      onChange={(next) => onChange(typeof next === "number" ? keptLimit(next, unit) : null)}
      formatter={(shown, { userTyping, input }) =>
        userTyping ? input : grouped(shown === undefined ? "" : String(shown), false)
      }
      parser={typedNumber}
    />
  );
}
