import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Input, InputNumber, Skeleton } from "antd";
import { useState } from "react";
import { FailureState, Refusal } from "@/components/States";
import { changeRecord, createRecord, refreshRecords } from "@/lib/api/records";
import { useMay } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { type Setting, settingsQuery } from "../api";
import {
  levelsOf,
  SETTINGS,
  type SettingGroup,
  settingNumber,
  settingValue,
  withLevels,
} from "../settings";

/** The numbers that the rules of the firm go by. */
export function Settings() {
  const found = useQuery(settingsQuery);
  if (found.error) return <FailureState error={found.error} onRetry={() => found.refetch()} />;
  if (!found.data) return <Skeleton active paragraph={{ rows: 8 }} className="card" />;
  const { rows } = found.data;
  return (
    <div className="admin-section">
      {SETTINGS.map((group) => {
        const setting = rows.find(({ key }) => key === group.key);
        return (
          <Group key={`${group.key}.${setting?.version ?? 0}`} group={group} setting={setting} />
        );
      })}
    </div>
  );
}

function Group({ group, setting }: { group: SettingGroup; setting: Setting | undefined }) {
  const { t } = useTexts();
  const may = useMay();
  const client = useQueryClient();
  const { message } = App.useApp();
  const [key] = useState(() => crypto.randomUUID());
  const edits = may("setting", setting ? "update" : "create");
  const [numbers, setNumbers] = useState<Record<string, number>>({});
  const [levels, setLevels] = useState<[string, number | null][] | null>(null);
  const shownLevels = levels ?? levelsOf(setting?.value);
  const changed = Object.keys(numbers).length > 0 || levels !== null;
  const save = useMutation({
    mutationFn: () => {
      const value = settingValue(setting?.value, group, numbers);
      const whole = levels === null ? value : withLevels(value, levels);
      return setting
        ? changeRecord<Setting>("setting", setting, { value: whole })
        : createRecord<Setting>("setting", { key: group.key, value: whole }, key);
    },
    onSuccess: () => void message.success(t("admin.settings.saved")),
    onSettled: () => refreshRecords(client),
  });
  const name = (path: string) => t(`admin.settings.names.${path.split(".").at(-1)}`);
  return (
    <section className="card setting" data-testid={`setting-${group.key}`}>
      <h2>{t(`admin.settings.groups.${group.key}`)}</h2>
      <p className="quiet small">{t(`admin.settings.notes.${group.key}`)}</p>
      <div className="setting-numbers">
        {group.numbers.map((number) => (
          <div key={number.path} className="setting-number">
            <span>{name(number.path)}</span>
            <InputNumber
              min={number.least}
              max={number.greatest}
              precision={0}
              controls={false}
              disabled={!edits}
              suffix={t(`admin.settings.units.${number.unit}`)}
              value={numbers[number.path] ?? settingNumber(setting?.value, number)}
              aria-label={name(number.path)}
              onChange={(value) => {
                if (value !== null) setNumbers((now) => ({ ...now, [number.path]: value }));
              }}
            />
            <span className="quiet small">
              {t("admin.settings.standard", { value: number.standard })}
            </span>
          </div>
        ))}
      </div>
      {group.key === "pool" && (
        <>
          <h3>{t("admin.settings.levels")}</h3>
          {shownLevels.length === 0 && (
            <p className="quiet small">{t("admin.settings.noLevels")}</p>
          )}
          {shownLevels.map(([level, days], index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a level is named while it is typed
            <div key={index} className="setting-level">
              <Input
                value={level}
                maxLength={40}
                disabled={!edits}
                placeholder={t("admin.settings.level")}
                aria-label={t("admin.settings.level")}
                onChange={(event) =>
                  setLevels(
                    shownLevels.map((one, at) =>
                      at === index ? [event.target.value, one[1]] : one,
                    ),
                  )
                }
              />
              <InputNumber
                min={1}
                max={365}
                precision={0}
                controls={false}
                disabled={!edits}
                value={days}
                suffix={t("admin.settings.units.working_days")}
                aria-label={`${level} ${name("contact_working_days")}`}
                onChange={(value) =>
                  setLevels(shownLevels.map((one, at) => (at === index ? [one[0], value] : one)))
                }
              />
              {edits && (
                <Button
                  type="text"
                  icon={<DeleteOutlined />}
                  aria-label={t("admin.settings.removeLevel", { level })}
                  onClick={() => setLevels(shownLevels.filter((_, at) => at !== index))}
                />
              )}
            </div>
          ))}
          {edits && (
            <Button
              size="small"
              type="dashed"
              icon={<PlusOutlined />}
              onClick={() => setLevels([...shownLevels, ["", null]])}
            >
              {t("admin.settings.addLevel")}
            </Button>
          )}
        </>
      )}
      {save.error && <Refusal error={save.error} />}
      {edits && (
        <div className="setting-foot">
          <Button
            type="primary"
            disabled={!changed}
            loading={save.isPending}
            onClick={() => save.mutate()}
          >
            {t("admin.settings.save")}
          </Button>
        </div>
      )}
    </section>
  );
}
