import { useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useDeferredValue, useState } from "react";
import { type Filter, listQuery, type Rec, recordQuery } from "@/lib/api/records";
import { type Entity, RESOURCES } from "@/lib/resources";
import { useTexts } from "@/locales/i18n";

/** Resources that are few: all of them are offered, and looked through here. */
const FEW: readonly Entity[] = ["team", "role", "stage", "pipeline", "price_list", "tag"];
const MOST = 20;

type Props = {
  entity: Entity;
  value?: number | null;
  onChange?: (id: number | null, record?: Rec) => void;
  /** Only records that meet these. */
  filters?: Filter[];
  id?: string;
  placeholder?: string;
  allowClear?: boolean;
  disabled?: boolean;
  autoFocus?: boolean;
  /** The first records are offered at once. */
  defaultOpen?: boolean;
  "data-testid"?: string;
  "aria-label"?: string;
};

/** Chooses a record by typing what it is called. */
export function RecordSelect({
  entity,
  value,
  onChange,
  filters,
  allowClear = true,
  ...rest
}: Props) {
  const { t, lang } = useTexts();
  const [typed, setTyped] = useState("");
  const [open, setOpen] = useState(rest.defaultOpen ?? false);
  const search = useDeferredValue(typed.trim());
  const few = FEW.includes(entity);
  const found = useQuery({
    ...listQuery(entity, {
      filters,
      search: few ? null : search || null,
      limit: few ? 100 : MOST,
    }),
    enabled: open || few,
    staleTime: 30_000,
  });
  const chosen = useQuery({
    ...recordQuery(entity, value ?? 0),
    enabled: typeof value === "number" && !found.data?.rows.some(({ id }) => id === value),
    staleTime: 5 * 60_000,
  });
  const name = (record: Rec): string => {
    const own = lang === "en" ? record.name_en : record.name_zh;
    const title = own || record[RESOURCES[entity].title];
    return title ? String(title) : t("part.unnamed");
  };
  const rows = [...(found.data?.rows ?? [])];
  if (chosen.data && !rows.some(({ id }) => id === chosen.data.record.id)) {
    rows.unshift(chosen.data.record);
  }
  return (
    <Select<number>
      {...rest}
      className="wide"
      showSearch={{
        filterOption: few
          ? (input, option) =>
              String(option?.label ?? "")
                .toLowerCase()
                .includes(input.toLowerCase())
          : false,
        onSearch: setTyped,
      }}
      value={value ?? undefined}
      allowClear={allowClear}
      loading={found.isFetching}
      onOpenChange={setOpen}
      notFoundContent={found.isFetching ? t("palette.searching") : undefined}
      onChange={(id) =>
        onChange?.(
          id ?? null,
          rows.find((row) => row.id === id),
        )
      }
      options={rows.map((record) => ({
        value: record.id,
        label: name(record),
        number: typeof record.number === "string" ? record.number : "",
      }))}
      optionRender={({ data, label }) => (
        <span className="option-line">
          <span className="clip">{label}</span>
          {data.number && <span className="quiet small">{data.number}</span>}
        </span>
      )}
    />
  );
}
