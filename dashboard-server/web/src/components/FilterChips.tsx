import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Drawer, Popover, Tag } from "antd";
import { type ReactNode, useState } from "react";
import { type Filter, listQuery } from "@/lib/api/records";
import { usePhone } from "@/lib/media";
import { type Entity, RESOURCES, referenceOf } from "@/lib/resources";
import { written } from "@/lib/units";
import { useTexts } from "@/locales/i18n";
import { FilterEditor } from "./FilterEditor";
import { withFilter } from "./listState";
import { fieldName } from "./words";

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
    <FilterEditor
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
export function FilterText({
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
