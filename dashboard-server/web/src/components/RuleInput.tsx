import { useQuery } from "@tanstack/react-query";
import { Button, Input, Select, Skeleton, TimePicker } from "antd";
import dayjs from "dayjs";
import { useDeferredValue, useState } from "react";
import { ruleMomentsQuery } from "@/lib/api/rules";
import { usePhone } from "@/lib/media";
import { faultsOf, tellFault } from "@/lib/problem";
import {
  FIRST_RULE,
  LAST_PLACE,
  MOVES,
  placeText,
  RULE_KINDS,
  type Rule,
  type RuleKind,
  readRule,
  WEEKDAYS,
  withKind,
  writeRule,
} from "@/lib/rule";
import { useMe } from "@/lib/session";
import { plannedTime } from "@/lib/when";
import { useTexts } from "@/locales/i18n";
import { useTellProblem } from "./States";

type Props = {
  id?: string;
  value?: string | null;
  onChange?: (rule: string | null) => void;
  zone?: string | null;
  /** Whether it may be left to when the report is made: then it is null. */
  withReport?: boolean;
};

/** When something is due, chosen without knowing how it is written, and when that would be. */
export function RuleInput({ id, value, onChange, zone = null, withReport = false }: Props) {
  const { t, lang } = useTexts();
  const [rule, setRule] = useState<Rule>(() => readRule(value) ?? FIRST_RULE);
  const byReport = withReport && !value;
  const change = (patch: Partial<Rule>) => {
    const next = { ...rule, ...patch };
    setRule(next);
    onChange?.(writeRule(next));
  };
  const choose = (kind: RuleKind | "report") => {
    if (kind === "report") return onChange?.(null);
    const next = withKind(rule, kind);
    setRule(next);
    onChange?.(writeRule(next));
  };
  const { kind } = rule;
  return (
    <div className="rule-input" data-testid="rule">
      <div className="rule-line">
        <Select<RuleKind | "report">
          id={id}
          className="grow"
          value={byReport ? "report" : kind}
          aria-label={t("rules.label")}
          data-testid="rule-kind"
          onChange={choose}
          options={[...(withReport ? (["report"] as const) : []), ...RULE_KINDS].map((one) => ({
            value: one,
            label: t(`rules.kinds.${one}`),
          }))}
        />
        {!byReport && kind !== "cron" && (
          <TimeOfDay value={rule.time} onChange={(time) => change({ time })} />
        )}
      </div>
      {!byReport && kind === "weekly" && (
        <fieldset className="rule-days" aria-label={t("rules.days")}>
          {WEEKDAYS.map((day) => {
            const on = rule.days.includes(day);
            // A week without a day is no rule.
            const alone = on && rule.days.length === 1;
            return (
              <Button
                key={day}
                type={on ? "primary" : "default"}
                aria-pressed={on}
                data-testid={`rule-${day}`}
                onClick={() =>
                  alone ||
                  change({
                    days: on ? rule.days.filter((one) => one !== day) : [...rule.days, day],
                  })
                }
              >
                {t(`rules.weekday.${day}`)}
              </Button>
            );
          })}
        </fieldset>
      )}
      {!byReport && (kind === "working-day" || kind === "monthly") && (
        <Select<number>
          className="wide"
          value={rule.place}
          aria-label={t("rules.day")}
          data-testid="rule-place"
          showSearch={{ optionFilterProp: "label" }}
          onChange={(place) => change({ place })}
          options={places(LAST_PLACE[kind]).map((place) => ({
            value: place,
            label: placeText(kind, place, t, lang).trim(),
          }))}
        />
      )}
      {!byReport && (kind === "weekly" || kind === "monthly") && (
        <Select
          className="wide"
          value={rule.move}
          aria-label={t("rules.restDay")}
          data-testid="rule-move"
          prefix={<span className="quiet">{t("rules.restDay")}</span>}
          onChange={(move) => change({ move })}
          options={MOVES.map((move) => ({ value: move, label: t(`rules.moves.${move}`) }))}
        />
      )}
      {!byReport && kind === "cron" && (
        <>
          <Input
            value={rule.cron}
            className="figures"
            maxLength={190}
            aria-label={t("rules.expression")}
            placeholder={t("rules.expression")}
            data-testid="rule-cron"
            onChange={(event) => change({ cron: event.target.value })}
          />
          <span className="quiet small">{t("rules.expressionNote")}</span>
        </>
      )}
      {byReport ? (
        <span className="quiet small">{t("rules.report")}</span>
      ) : (
        <RuleMoments rule={value ?? writeRule(rule)} zone={zone} />
      )}
    </div>
  );
}

/** The days of a month, first those from its beginning, then those from its end. */
function places(most: number): number[] {
  const counts = Array.from({ length: most }, (_, index) => index + 1);
  return [...counts, ...counts.map((count) => -count)];
}

/** A time of day; on a phone with the phone's own picker. */
function TimeOfDay({ value, onChange }: { value: string; onChange: (time: string) => void }) {
  const { t } = useTexts();
  const phone = usePhone();
  const common = { "aria-label": t("rules.time"), "data-testid": "rule-time" };
  if (phone) {
    return (
      <Input
        {...common}
        type="time"
        className="rule-time"
        value={value}
        onChange={(event) => event.target.value && onChange(event.target.value)}
      />
    );
  }
  return (
    <TimePicker
      {...common}
      className="rule-time"
      format="HH:mm"
      minuteStep={5}
      allowClear={false}
      needConfirm={false}
      value={dayjs(`2000-01-01T${value}`)}
      onChange={(time) => time && onChange(time.format("HH:mm"))}
    />
  );
}

/** When a rule is due next, as the server reckons it; or why it is none. */
export function RuleMoments({ rule, zone }: { rule: string; zone: string | null }) {
  const { t, lang } = useTexts();
  const { company } = useMe();
  const tell = useTellProblem();
  const asked = useDeferredValue(rule);
  const found = useQuery(ruleMomentsQuery(asked, zone));
  if (found.error) {
    const faults = faultsOf(found.error).map(({ message }) => tellFault(message, t));
    return (
      <span className="rule-wrong small" role="alert" data-testid="rule-wrong">
        {faults.length > 0 ? faults.join("; ") : tell(found.error).sentence}
      </span>
    );
  }
  if (!found.data) return <Skeleton.Input active size="small" />;
  const { next } = found.data;
  const shown = zone || company.zone;
  return (
    <div
      className={found.isPlaceholderData ? "rule-next small stale" : "rule-next small"}
      data-testid="rule-next"
    >
      {next.length === 0 ? (
        <span className="rule-wrong">{t("rules.never")}</span>
      ) : (
        <>
          <span className="quiet">
            {t("rules.next")}
            {zone && zone !== company.zone && ` (${t("rules.inZone", { zone })})`}
          </span>
          <ol>
            {next.map((moment) => (
              <li key={moment} className="figures">
                <time dateTime={moment}>{plannedTime(moment, shown, new Date(), lang)}</time>
              </li>
            ))}
          </ol>
        </>
      )}
    </div>
  );
}

/** The time zone of a rule; the company's where none is chosen. */
export function ZoneSelect({
  id,
  value,
  onChange,
}: {
  id?: string;
  value?: string | null;
  onChange?: (zone: string | null) => void;
}) {
  const { t } = useTexts();
  const { zone } = useMe().company;
  const [zones] = useState(() => Intl.supportedValuesOf("timeZone"));
  return (
    <Select<string>
      id={id}
      className="wide"
      allowClear
      showSearch={{ optionFilterProp: "label" }}
      value={value ?? undefined}
      placeholder={t("rules.companyZone", { zone })}
      data-testid="field-zone"
      onChange={(next) => onChange?.(next ?? null)}
      options={[...new Set([...(value ? [value] : []), ...zones])].map((one) => ({
        value: one,
        label: one,
      }))}
    />
  );
}
