import { useQuery } from "@tanstack/react-query";
import { Button, Select } from "antd";
import { useDeferredValue, useState } from "react";
import { type Filter, listQuery, type Rec } from "@/lib/api/records";
import { useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";

const SHOWN = 30;
const MOST = 100;
const ENABLED: Filter = { field: "enabled", op: "in", values: ["true"] };

/** The users of some ids; the first hundred of them. */
export function usePeople(ids: number[]) {
  const values = ids.slice(0, MOST).map(String);
  return useQuery({
    ...listQuery("user", { filters: [{ field: "id", op: "in", values }], limit: MOST }),
    enabled: values.length > 0,
    staleTime: 5 * 60_000,
  });
}

const hasMail = ({ email }: Rec) => typeof email !== "string" || email.trim() !== "";

/** Whom something is sent to. */
export function PeopleSelect({
  id,
  value,
  onChange,
}: {
  id?: string;
  value: number[];
  onChange: (ids: number[]) => void;
}) {
  const { t, lang } = useTexts();
  const me = useMe();
  const [typed, setTyped] = useState("");
  const [open, setOpen] = useState(false);
  const search = useDeferredValue(typed.trim());
  const found = useQuery({
    ...listQuery("user", {
      filters: [ENABLED],
      search: search || null,
      sort: "name",
      limit: SHOWN,
    }),
    enabled: open,
    staleTime: 30_000,
  });
  const team = useQuery({
    ...listQuery("user", {
      filters: [ENABLED, { field: "team_id", op: "in", values: [String(me.team_id)] }],
      limit: MOST,
    }),
    enabled: me.team_id !== null,
    staleTime: 5 * 60_000,
  });
  const chosen = usePeople(value);
  const rows = new Map<number, Rec>();
  for (const row of [...(chosen.data?.rows ?? []), ...(found.data?.rows ?? [])]) {
    if (open || value.includes(row.id)) rows.set(row.id, row);
  }
  const missing = [...rows.values()].filter((row) => value.includes(row.id) && !hasMail(row));
  const add = (ids: number[]) => onChange([...new Set([...value, ...ids])]);
  const others = (team.data?.rows ?? []).filter((row) => !value.includes(row.id));
  return (
    <div className="people">
      <Select<number[]>
        id={id}
        mode="multiple"
        className="wide"
        value={value}
        loading={found.isFetching}
        placeholder={t("subscriptions.choosePeople")}
        aria-label={t("field.recipients")}
        data-testid="field-recipients"
        showSearch={{ filterOption: false, onSearch: setTyped }}
        onOpenChange={setOpen}
        onChange={(next) => {
          setTyped("");
          onChange(next);
        }}
        labelRender={({ value: one, label }) =>
          // Names come after the ids.
          label ?? (typeof one === "number" && chosen.isFetching ? "…" : `#${one}`)
        }
        options={[...rows.values()].map((row) => ({
          value: row.id,
          label: String(row.name),
          note: hasMail(row) ? "" : t("subscriptions.noMail"),
        }))}
        optionRender={({ data, label }) => (
          <span className="option-line">
            <span className="clip">{label}</span>
            {data.note && <span className="quiet small">{data.note}</span>}
          </span>
        )}
      />
      <div className="people-add">
        {!value.includes(me.user_id) && (
          <Button size="small" type="dashed" onClick={() => add([me.user_id])}>
            {t("subscriptions.addMe")}
          </Button>
        )}
        {others.length > 0 && (
          <Button size="small" type="dashed" onClick={() => add(others.map((row) => row.id))}>
            {t("subscriptions.addTeam")}
          </Button>
        )}
        <span className="quiet small">{t("subscriptions.ownRights")}</span>
      </div>
      {missing.length > 0 && (
        <span className="small no-mail" role="status">
          {t("subscriptions.noMailNote", {
            names: missing.map((row) => row.name).join(lang === "zh" ? "、" : ", "),
          })}
        </span>
      )}
    </div>
  );
}
