import { Alert, Button, Radio } from "antd";
import { useState } from "react";
import type { Labels, Rec } from "@/lib/api/records";
import type { Entity } from "@/lib/resources";
import { useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import type { Values } from "./fields";
import { fieldName, valueText } from "./words";

type Props = {
  entity: Entity;
  title: string;
  /** The fields that both changed. */
  fields: string[];
  mine: Values;
  current: Rec;
  labels?: Labels;
  saving: boolean;
  onSave: (values: Values) => void;
  onCancel: () => void;
};

/** Two people changed a record: both versions side by side, and a choice for every field. */
export function Conflict({
  entity,
  title,
  fields,
  mine,
  current,
  labels,
  saving,
  onSave,
  onCancel,
}: Props) {
  const { t, lang } = useTexts();
  const { zone } = useMe().company;
  const [taken, setTaken] = useState<Record<string, "mine" | "theirs">>({});
  const choice = (field: string) => taken[field] ?? "mine";
  const all = (which: "mine" | "theirs") =>
    setTaken(Object.fromEntries(fields.map((field) => [field, which])));
  const text = (field: string, values: Values) =>
    valueText(entity, field, values[field], { labels, t, lang, zone });
  const save = () =>
    onSave(
      Object.fromEntries(
        Object.entries(mine).filter(
          ([field]) => !fields.includes(field) || choice(field) === "mine",
        ),
      ),
    );
  return (
    <section className="conflict" data-testid="conflict">
      <Alert
        type="warning"
        showIcon
        title={t("conflict.title")}
        description={t("conflict.note", { name: title })}
      />
      <div className="conflict-all">
        <Button size="small" data-testid="take-mine" onClick={() => all("mine")}>
          {t("conflict.takeMine")}
        </Button>
        <Button size="small" data-testid="take-theirs" onClick={() => all("theirs")}>
          {t("conflict.takeTheirs")}
        </Button>
      </div>
      {fields.map((field) => (
        <Radio.Group
          key={field}
          className="conflict-field"
          value={choice(field)}
          onChange={(event) => setTaken({ ...taken, [field]: event.target.value })}
        >
          <div className="quiet small">{fieldName(entity, field, t)}</div>
          <div className="conflict-sides">
            <Radio value="mine">
              <span className="quiet small">{t("conflict.mine")}</span> {text(field, mine)}
            </Radio>
            <Radio value="theirs">
              <span className="quiet small">{t("conflict.theirs")}</span> {text(field, current)}
            </Radio>
          </div>
        </Radio.Group>
      ))}
      <div className="form-foot">
        <Button type="primary" loading={saving} onClick={save}>
          {t("conflict.save")}
        </Button>
        <Button onClick={onCancel}>{t("part.cancel")}</Button>
      </div>
    </section>
  );
}
