import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, DatePicker, Drawer, Input, InputNumber, Popover, Select, Tag } from "antd";
import dayjs from "dayjs";
import { type ReactNode, useState } from "react";
import { type Filter, listQuery } from "@/lib/api/records";
import { usePhone } from "@/lib/media";
import { type Entity, RESOURCES, referenceOf } from "@/lib/resources";
import { useMe } from "@/lib/session";
import { stored, written } from "@/lib/units";
import { momentOf } from "@/lib/when";
import { useTexts } from "@/locales/i18n";
import { withFilter } from "./listState";
import { RecordSelect } from "./RecordSelect";
import { choiceOptions, fieldName } from "./words";

export type FilterSpec = {
  field: string;
  kind: "choice" | "reference" | "text" | "day" | "moment" | "money" | "number" | "flag";
  label?: string;
  options?: { value: string; label: string }[];
};

type Props = {
  entity: Entity;
  specs: FilterSpec[];
  filters: Filter[];
  onChange: (filters: Filter[]) => void;
};

/** The filters of a list as chips, and the way to add one. */
export function FilterChips({ entity, specs, filters, onChange }: Props) {
  const { t } = useTexts();
  const phone = usePhone();
  const [editing, setEditing] = useState<string | null>(null);
  const fields = [...new Set(filters.map(({ field }) => field))];
  const nameOf = (field: string) =>
    specs.find((spec) => spec.field === field)?.label ?? fieldName(entity, field, t);
  const editor = (field: string) => (
    <Editor
      key={field}
      entity={entity}
      specs={specs}
      field={field}
      filters={filters}
      onCancel={() => setEditing(null)}
      onApply={(name, next) => {
        setEditing(null);
        onChange(withFilter(filters, name, next));
      }}
    />
  );
  const over = (field: string, trigger: ReactNode) =>
    phone ? (
      <span key={field}>{trigger}</span>
    ) : (
      <Popover
        key={field}
        trigger="click"
        placement="bottomLeft"
        open={editing === field}
        onOpenChange={(shown) => setEditing(shown ? field : null)}
        content={editor(field)}
        destroyOnHidden
      >
        {trigger}
      </Popover>
    );
  const press = (field: string) => (phone ? { onClick: () => setEditing(field) } : {});
  return (
    <div className="chips">
      {fields.map((field) =>
        over(
          field,
          <Tag
            color="processing"
            className="chip"
            closable
            data-testid={`filter-${field}`}
            onClose={(event) => {
              event.preventDefault();
              event.stopPropagation();
              onChange(withFilter(filters, field, []));
            }}
          >
            <button type="button" className="chip-text" {...press(field)}>
              <span className="chip-name">{nameOf(field)}</span>{" "}
              <FilterText
                entity={entity}
                spec={specs.find((spec) => spec.field === field)}
                filters={filters.filter((filter) => filter.field === field)}
              />
            </button>
          </Tag>,
        ),
      )}
      {specs.length > 0 &&
        over(
          "",
          <Button
            size="small"
            type="dashed"
            icon={<PlusOutlined />}
            data-testid="filter-add"
            {...press("")}
          >
            {t("part.addFilter")}
          </Button>,
        )}
      {phone && (
        <Drawer
          placement="bottom"
          size="auto"
          open={editing !== null}
          title={t("part.addFilter")}
          onClose={() => setEditing(null)}
          destroyOnHidden
        >
          {editing !== null && editor(editing)}
        </Drawer>
      )}
    </div>
  );
}

/** What a field is filtered by, as people read it. */
function FilterText({
  entity,
  spec,
  filters,
}: {
  entity: Entity;
  spec: FilterSpec | undefined;
  filters: Filter[];
}) {
  const { t, lang } = useTexts();
  const reference = spec?.kind === "reference" ? referenceOf(entity, spec.field) : null;
  const ids = reference ? filters.flatMap(({ values }) => values) : [];
  const named = useQuery({
    ...listQuery(reference ?? "user", {
      filters: [{ field: "id", op: "in", values: ids }],
      limit: 100,
    }),
    enabled: ids.length > 0,
    staleTime: 5 * 60_000,
  });
  const word = (value: string): string => {
    if (reference) {
      const record = named.data?.rows.find(({ id }) => String(id) === value);
      const own = lang === "en" ? record?.name_en : record?.name_zh;
      return String(own ?? record?.[RESOURCES[reference].title] ?? `#${value}`);
    }
    if (spec?.kind === "choice") {
      const option = spec.options?.find((one) => one.value === value);
      return option?.label ?? t(`choice.${entity}.${spec.field}.${value}`, { defaultValue: value });
    }
    if (spec?.kind === "money") return written(Number(value), "money").toLocaleString("en-US");
    if (spec?.kind === "flag") return t(value === "true" ? "part.yes" : "part.no");
    return value.slice(0, 10);
  };
  const parts = filters.map(({ op, values }) => {
    const words = values.map(word).join(lang === "zh" ? "、" : ", ");
    switch (op) {
      case "is_null":
        return t("part.emptyValue");
      case "is_set":
        return t("part.anyValue");
      case "at_least":
        return `≥ ${words}`;
      case "at_most":
        return `≤ ${words}`;
      case "below":
        return `< ${words}`;
      case "not_in":
        return `≠ ${words}`;
      default:
        return words;
    }
  });
  return <>{parts.join(" ")}</>;
}

type EditorProps = {
  entity: Entity;
  specs: FilterSpec[];
  field: string;
  filters: Filter[];
  onApply: (field: string, filters: Filter[]) => void;
  onCancel: () => void;
};

function Editor({ entity, specs, field: given, filters, onApply, onCancel }: EditorProps) {
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

/** The words that a list is searched by; sent when there is a pause. */
export function ListSearch({
  value,
  onChange,
}: {
  value: string;
  onChange: (value: string) => void;
}) {
  const { t } = useTexts();
  const [typed, setTyped] = useState(value);
  const [last, setLast] = useState(value);
  if (value !== last) {
    setLast(value);
    setTyped(value);
  }
  const [timer, setTimer] = useState<number | undefined>();
  const take = (text: string, wait: number) => {
    window.clearTimeout(timer);
    setTimer(
      window.setTimeout(() => {
        setLast(text.trim());
        onChange(text.trim());
      }, wait),
    );
  };
  return (
    <Input.Search
      className="list-search"
      allowClear
      value={typed}
      placeholder={t("part.searchHere")}
      aria-label={t("part.searchHere")}
      data-testid="list-search"
      onChange={(event) => {
        setTyped(event.target.value);
        take(event.target.value, 250);
      }}
      onSearch={(text) => take(text, 0)}
    />
  );
}
