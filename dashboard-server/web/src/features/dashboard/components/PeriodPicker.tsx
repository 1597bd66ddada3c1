import { CalendarOutlined, DownOutlined } from "@ant-design/icons";
import { Button, DatePicker, Popover, Select } from "antd";
import dayjs from "dayjs";
import { useState } from "react";
import { rangeText } from "@/lib/numbers";
import {
  type Anchor,
  type Compare,
  PRESETS,
  type Preset,
  presetRange,
  type Range,
  rangeOf,
} from "@/lib/period";
import { useTexts } from "@/locales/i18n";

type PeriodProps = {
  value: Preset | Range;
  anchor: Anchor;
  onChange: (period: Preset | Range) => void;
};

export function PeriodPicker({ value, anchor, onChange }: PeriodProps) {
  const { t } = useTexts();
  const [open, setOpen] = useState(false);
  const range = rangeOf(value, anchor);
  const choose = (period: Preset | Range) => {
    setOpen(false);
    onChange(period);
  };
  const name = typeof value === "string" ? t(`period.${value}`) : t("period.custom");
  return (
    <Popover
      trigger="click"
      placement="bottomRight"
      open={open}
      onOpenChange={setOpen}
      destroyOnHidden
      content={
        <div className="periods">
          {PRESETS.map((preset) => (
            <button
              type="button"
              key={preset}
              className={preset === value ? "period chosen" : "period"}
              data-testid={`period-${preset}`}
              onClick={() => choose(preset)}
            >
              <span>{t(`period.${preset}`)}</span>
              <span className="quiet">{rangeText(presetRange(preset, anchor))}</span>
            </button>
          ))}
          <CustomPeriod range={range} onChange={choose} />
          {anchor.closed && (
            <div className="quiet small">{t("period.history", { day: anchor.day })}</div>
          )}
        </div>
      }
    >
      <Button size="small" icon={<CalendarOutlined />} data-testid="period">
        {name} <span className="quiet period-range">{rangeText(range)}</span>
        <DownOutlined className="tiny" />
      </Button>
    </Popover>
  );
}

function CustomPeriod({ range, onChange }: { range: Range; onChange: (range: Range) => void }) {
  const { t } = useTexts();
  const [from, setFrom] = useState(range.from);
  const [to, setTo] = useState(range.to);
  return (
    <div className="period-custom">
      <DatePicker
        size="small"
        allowClear={false}
        value={dayjs(from)}
        aria-label={`${t("period.custom")} 1`}
        onChange={(day) => day && setFrom(day.format("YYYY-MM-DD"))}
      />
      <span className="quiet">–</span>
      <DatePicker
        size="small"
        allowClear={false}
        value={dayjs(to)}
        aria-label={`${t("period.custom")} 2`}
        onChange={(day) => day && setTo(day.format("YYYY-MM-DD"))}
      />
      <Button
        size="small"
        type="primary"
        disabled={from > to}
        onClick={() => onChange({ from, to })}
      >
        {t("filter.apply")}
      </Button>
    </div>
  );
}

type AsOfProps = {
  /** The day, null for now. */
  value: string | null;
  first: string | null;
  last: string;
  onChange: (day: string | null) => void;
};

/** The day at whose end the data are looked at. */
export function AsOfPicker({ value, first, last, onChange }: AsOfProps) {
  const { t } = useTexts();
  const within = (day: string) => (!first || day >= first) && day <= last;
  return (
    <DatePicker
      size="small"
      className="as-of"
      value={value ? dayjs(value) : null}
      placeholder={t("asOf.pick")}
      aria-label={t("asOf.label")}
      data-testid="as-of"
      prefix={<span className="quiet">{t("asOf.label")}</span>}
      disabledDate={(day) => !within(day.format("YYYY-MM-DD"))}
      onChange={(day) => onChange(day ? day.format("YYYY-MM-DD") : null)}
    />
  );
}

type CompareProps = {
  value: Compare;
  compared: Range | null;
  onChange: (compare: Compare) => void;
};

export function ComparePicker({ value, compared, onChange }: CompareProps) {
  const { t } = useTexts();
  const options: Compare[] = ["previous", "year_ago", "none"];
  return (
    <Select
      size="small"
      value={value}
      aria-label={t("compare.label")}
      data-testid="compare"
      title={compared ? t("compare.with", { range: rangeText(compared) }) : undefined}
      popupMatchSelectWidth={false}
      prefix={<span className="quiet">{t("compare.label")}</span>}
      onChange={onChange}
      options={options.map((option) => ({ value: option, label: t(`compare.${option}`) }))}
    />
  );
}
