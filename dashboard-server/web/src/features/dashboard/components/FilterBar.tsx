import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Drawer, Popover, type RefSelectProps, Select, Tag } from "antd";
import { Fragment, type ReactElement, useEffect, useEffectEvent, useRef, useState } from "react";
import { valuesQuery } from "@/lib/api/queries";
import type { Condition, Dimension } from "@/lib/api/types";
import { withCondition } from "@/lib/conditions";
import { usePhone } from "@/lib/media";
import { conditionText, dimensionName, dimensionOptions, memberName } from "@/lib/numbers";
import { useTexts } from "@/locales/i18n";
import { Why } from "./Why";

type Props = {
  where: Condition[];
  dimensions: Dimension[];
  set: number | null | undefined;
  onChange: (where: Condition[]) => void;
};

/** The page's filters as chips, and the way to add one; `/` opens it. */
export function FilterBar({ where, dimensions, set, onChange }: Props) {
  const { t, lang } = useTexts();
  const [open, setOpen] = useState<string | null>(null);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
      if (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return;
      event.preventDefault();
      setOpen("");
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);

  const phone = usePhone();
  const editor = (dimension: string) => (
    <FilterEditor
      key={dimension}
      dimension={dimension}
      where={where}
      dimensions={dimensions}
      set={set}
      onCancel={() => setOpen(null)}
      onApply={(condition) => {
        setOpen(null);
        onChange(withCondition(where, condition));
      }}
    />
  );
  // Under its chip, or on a phone at the foot of the screen, in the thumb's reach.
  const press = (dimension: string) => (phone ? { onClick: () => setOpen(dimension) } : {});
  const opening = (dimension: string, trigger: ReactElement) =>
    phone ? (
      <Fragment key={dimension}>{trigger}</Fragment>
    ) : (
      <Popover
        key={dimension}
        trigger="click"
        placement="bottomLeft"
        open={open === dimension}
        onOpenChange={(shown) => setOpen(shown ? dimension : null)}
        content={editor(dimension)}
        destroyOnHidden
      >
        {trigger}
      </Popover>
    );

  return (
    <search className="filters" aria-label={t("filter.bar")}>
      {where.map((condition) => {
        const name = dimensionName(dimensions, condition.dimension, lang);
        return opening(
          condition.dimension,
          <Tag
            className="chip"
            color="processing"
            closable={{ "aria-label": t("filter.remove", { name }) }}
            data-testid={`filter-${condition.dimension}`}
            onClose={(event) => {
              event.preventDefault();
              event.stopPropagation();
              onChange(where.filter((other) => other !== condition));
            }}
          >
            <button type="button" className="chip-text" {...press(condition.dimension)}>
              <span className="chip-name">{name}</span> {conditionText(condition, t, lang)}
            </button>
          </Tag>,
        );
      })}
      {opening(
        "",
        <Button
          icon={<PlusOutlined />}
          size="small"
          type="dashed"
          data-testid="add-filter"
          {...press("")}
        >
          {t("filter.add")} <kbd>/</kbd>
        </Button>,
      )}
      {where.length > 1 && (
        <Button type="link" size="small" onClick={() => onChange([])}>
          {t("filter.clear")}
        </Button>
      )}
      {phone && (
        <Drawer
          open={open !== null}
          placement="bottom"
          size="auto"
          closable={false}
          onClose={() => setOpen(null)}
          destroyOnHidden
        >
          {open !== null && editor(open)}
        </Drawer>
      )}
    </search>
  );
}

type EditorProps = {
  dimension: string;
  where: Condition[];
  dimensions: Dimension[];
  set: number | null | undefined;
  onApply: (condition: Condition) => void;
  onCancel: () => void;
};

function FilterEditor({
  dimension: first,
  where,
  dimensions,
  set,
  onApply,
  onCancel,
}: EditorProps) {
  const { t, lang } = useTexts();
  const valuesOf = (name: string) => {
    const now = where.find((condition) => condition.dimension === name);
    return now?.op === "in" ? now.values : [];
  };
  const [dimension, setDimension] = useState(first);
  const [values, setValues] = useState<string[]>(valuesOf(first));
  const found = useQuery(valuesQuery(dimension, set));
  const select = useRef<RefSelectProps>(null);
  useEffect(() => {
    // Only now is the editor on the screen and can take the focus.
    const timer = setTimeout(() => select.current?.focus(), 50);
    return () => clearTimeout(timer);
  }, []);
  const apply = () => onApply({ dimension, op: "in", values });
  // Esc closes the filter at once, not its open list first, and also while the focus has not come yet.
  const cancel = useEffectEvent(onCancel);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || event.isComposing) return;
      event.stopPropagation();
      cancel();
    };
    window.addEventListener("keydown", onKey, true);
    return () => window.removeEventListener("keydown", onKey, true);
  }, []);

  return (
    <div className="editor">
      <Select
        ref={first === "" ? select : undefined}
        defaultOpen={first === ""}
        showSearch={{ optionFilterProp: "label" }}
        aria-label={t("filter.dimension")}
        placeholder={t("filter.dimension")}
        value={dimension || undefined}
        disabled={first !== ""}
        data-testid="filter-dimension"
        onChange={(name: string) => {
          setDimension(name);
          setValues(valuesOf(name));
        }}
        options={dimensionOptions(dimensions, dimensions, lang)}
      />
      <Select
        mode="multiple"
        ref={first === "" ? undefined : select}
        aria-label={t("filter.values")}
        placeholder={t("filter.values")}
        disabled={!dimension}
        loading={found.isFetching}
        maxTagCount={4}
        value={values}
        data-testid="filter-values"
        onChange={setValues}
        options={(found.data?.values ?? []).map((value) => ({
          value,
          label: memberName(dimension, value, t),
        }))}
        showSearch={{ optionFilterProp: "label" }}
      />
      {found.error && (
        <Alert
          type="error"
          title={t("filter.failed")}
          description={<Why problem={found.error} />}
        />
      )}
      <div className="editor-actions">
        <Button size="small" onClick={onCancel}>
          {t("filter.cancel")}
        </Button>
        <Button
          size="small"
          type="primary"
          disabled={!dimension || (values.length === 0 && valuesOf(dimension).length === 0)}
          onClick={apply}
          data-testid="filter-apply"
        >
          {t("filter.apply")}
        </Button>
      </div>
    </div>
  );
}
