import { Button, DatePicker, InputNumber, Select } from "antd";
import dayjs from "dayjs";
import { useState } from "react";
import type { Filter } from "@/lib/api/records";
import { type Entity, referenceOf } from "@/lib/resources";
import { useMe } from "@/lib/session";
import { stored, written } from "@/lib/units";
import { momentOf } from "@/lib/when";
import { useTexts } from "@/locales/i18n";
import type { FilterSpec } from "./FilterChips";
import { RecordSelect } from "./RecordSelect";
import { choiceOptions, fieldName } from "./words";

type EditorProps = {
  entity: Entity;
  specs: FilterSpec[];
  field: string;
  filters: Filter[];
  onApply: (field: string, filters: Filter[]) => void;
  onCancel: () => void;
};

/** Chooses a field and what it is filtered by. */
export function FilterEditor({
  entity,
  specs,
  field: given,
  filters,
  onApply,
  onCancel,
}: EditorProps) {
  const { t } = useTexts();
  const { zone } = useMe().company;
  const [field, setField] = useState(given || specs[0]?.field || "");
  const spec = specs.find((one) => one.field === field);
  const own = filters.filter((filter) => filter.field === field);
  const [values, setValues] = useState<string[]>(own.find(({ op }) => op === "in")?.values ?? []);
  const bound = (op: Filter["op"]) => own.find((filter) => filter.op === op)?.values[0] ?? "";
  const [from, setFrom] = useState(bound("at_least"));
  const [to, setTo] = useState(bound("at_most") || bound("below"));
  const ranged = spec && ["day", "moment", "money", "number"].includes(spec.kind);
  const apply = () => {
    if (!spec) return;
    if (!ranged) {
      onApply(field, values.length > 0 ? [{ field, op: "in", values }] : []);
      return;
    }
    const next: Filter[] = [];
    if (from) next.push({ field, op: "at_least", values: [from] });
    if (to) next.push({ field, op: spec.kind === "moment" ? "below" : "at_most", values: [to] });
    onApply(field, next);
  };
  return (
    <form
      className="editor"
      onSubmit={(event) => {
        event.preventDefault();
        // It may stand within a form, which is not sent by it.
        event.stopPropagation();
        apply();
      }}
    >
      {!given && (
        <Select
          value={field}
          data-testid="filter-field"
          aria-label={t("part.addFilter")}
          onChange={(next) => {
            setField(next);
            setValues([]);
            setFrom("");
            setTo("");
          }}
          options={specs.map((one) => ({
            value: one.field,
            label: one.label ?? fieldName(entity, one.field, t),
          }))}
        />
      )}
      {spec?.kind === "choice" && (
        <Select
          mode="multiple"
          autoFocus
          value={values}
          onChange={setValues}
          data-testid="filter-values"
          aria-label={t("part.value")}
          options={spec.options ?? choiceOptions(entity, field, t)}
        />
      )}
      {spec?.kind === "flag" && (
        <Select
          value={values[0]}
          onChange={(value) => setValues([value])}
          aria-label={t("part.value")}
          options={[
            { value: "true", label: t("part.yes") },
            { value: "false", label: t("part.no") },
          ]}
        />
      )}
      {spec?.kind === "text" && (
        <Select
          mode="tags"
          autoFocus
          value={values}
          onChange={setValues}
          data-testid="filter-values"
          aria-label={t("part.value")}
          tokenSeparators={[",", "，", "、"]}
          options={spec.options}
        />
      )}
      {spec?.kind === "reference" && (
        <RecordSelect
          entity={referenceOf(entity, field) ?? "user"}
          autoFocus
          value={values[0] ? Number(values[0]) : null}
          onChange={(id) => setValues(id === null ? [] : [String(id)])}
          aria-label={t("part.value")}
        />
      )}
      {spec && (spec.kind === "day" || spec.kind === "moment") && (
        <DatePicker.RangePicker
          allowEmpty={[true, true]}
          value={[from ? dayjs(from.slice(0, 10)) : null, to ? dayjs(to.slice(0, 10)) : null]}
          onChange={(range) => {
            const [first, last] = range ?? [null, null];
            const day = (one: dayjs.Dayjs | null) => one?.format("YYYY-MM-DD") ?? "";
            if (spec.kind === "day") {
              setFrom(day(first));
              setTo(day(last));
            } else {
              setFrom(first ? momentOf(day(first), "00:00", zone) : "");
              setTo(last ? momentOf(day(last.add(1, "day")), "00:00", zone) : "");
            }
          }}
        />
      )}
      {spec && (spec.kind === "money" || spec.kind === "number") && (
        <div className="editor-range">
          {(
            [
              [from, setFrom, "part.atLeast"],
              [to, setTo, "part.atMost"],
            ] as const
          ).map(([value, set, label]) => (
            <InputNumber
              key={label}
              controls={false}
              placeholder={t(label)}
              value={
                value === ""
                  ? null
                  : spec.kind === "money"
                    ? written(Number(value), "money")
                    : Number(value)
              }
              onChange={(next) =>
                set(
                  next === null ? "" : String(spec.kind === "money" ? stored(next, "money") : next),
                )
              }
            />
          ))}
        </div>
      )}
      <div className="editor-actions">
        <Button size="small" onClick={onCancel}>
          {t("part.cancel")}
        </Button>
        <Button size="small" type="primary" htmlType="submit" data-testid="filter-apply">
          {t("part.apply")}
        </Button>
      </div>
    </form>
  );
}
