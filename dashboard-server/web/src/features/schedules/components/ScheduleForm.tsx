import { App } from "antd";
import { useMemo, useState } from "react";
import type { Field, Values } from "@/components/fields";
import { useOverlay } from "@/components/navigation";
import { FormDrawer } from "@/components/RecordDrawer";
import { RecordForm } from "@/components/RecordForm";
import { RuleInput, ZoneSelect } from "@/components/RuleInput";
import { changeRecord, createRecord, type One } from "@/lib/api/records";
import { useTexts } from "@/locales/i18n";
import { NEVER_LEFT_OUT } from "../runs";
import type { Schedule } from "../types";

const BEGINNING: Values = {
  work: "marts",
  rule: "daily 02:00",
  catch_up: "once",
  time_limit_minutes: 120,
  enabled: true,
};

/** What is entered of a schedule: some of it depends on what is done. */
function useFields(typed: Values): Field[] {
  const { t } = useTexts();
  const work = String(typed.work ?? "");
  const zone = typeof typed.zone === "string" ? typed.zone : null;
  const all = typed.catch_up === "all";
  return useMemo(() => {
    const never = NEVER_LEFT_OUT.includes(work);
    const fields: (Field | false)[] = [
      { name: "name", required: true, maxLength: 100, autoFocus: true },
      {
        name: "work",
        kind: "choice",
        required: true,
        help: work && t(`schedules.works.${work}`, { defaultValue: "" }),
      },
      work === "ingest" && {
        name: "mapping",
        required: true,
        maxLength: 400,
        placeholder: "crm.toml",
        help: t("schedules.help.mapping"),
      },
      {
        name: "rule",
        required: true,
        input: ({ id, value, onChange }) => (
          <RuleInput
            id={id}
            zone={zone}
            value={typeof value === "string" ? value : null}
            onChange={(next) => onChange?.(next ?? undefined)}
          />
        ),
      },
      {
        name: "zone",
        input: ({ id, value, onChange }) => (
          <ZoneSelect
            id={id}
            value={typeof value === "string" ? value : null}
            onChange={(next) => onChange?.(next ?? undefined)}
          />
        ),
      },
      // Of what people wait for nothing is left out; there is nothing to choose.
      !never && { name: "catch_up", kind: "choice", help: t("schedules.help.catch_up") },
      !never &&
        all && {
          name: "catch_up_days",
          kind: "integer",
          help: t("schedules.help.catch_up_days"),
        },
      {
        name: "time_limit_minutes",
        kind: "integer",
        help: t("schedules.help.time_limit_minutes"),
      },
    ];
    return fields.filter((field) => field !== false);
  }, [work, zone, all, t]);
}

/** What goes with the fields that are not asked for. */
function settled(values: Values, before: Values): Values {
  const after = { ...before, ...values };
  const work = String(after.work ?? "");
  const never = NEVER_LEFT_OUT.includes(work);
  const catch_up = never ? "all" : after.catch_up;
  return {
    ...values,
    ...(work !== "ingest" && before.mapping ? { mapping: null } : {}),
    ...(catch_up !== before.catch_up ? { catch_up } : {}),
    ...((never || catch_up === "once") && before.catch_up_days ? { catch_up_days: null } : {}),
  };
}

/** The settings of a schedule that is there. */
export function ScheduleSettings({ schedule }: { schedule: Schedule }) {
  const { t } = useTexts();
  const { message } = App.useApp();
  const [typed, setTyped] = useState<Values>(schedule);
  const fields = useFields(typed);
  return (
    <RecordForm<Schedule>
      key={schedule.version}
      entity="schedule"
      fields={fields}
      record={schedule}
      open
      onTyping={setTyped}
      submit={({ values, version }) =>
        changeRecord<Schedule>(
          "schedule",
          { id: schedule.id, version: version ?? schedule.version },
          settled(values, schedule),
        )
      }
      onDone={() => void message.success(t("part.saved"))}
    />
  );
}

/** A new schedule. */
export function ScheduleForm() {
  const { t } = useTexts();
  const { message } = App.useApp();
  const { openRecord, close } = useOverlay();
  const [typed, setTyped] = useState<Values>(BEGINNING);
  const fields = useFields(typed);
  return (
    <FormDrawer title={t("schedules.create")} width={520}>
      <RecordForm<Schedule>
        entity="schedule"
        fields={fields}
        initial={BEGINNING}
        open
        onTyping={setTyped}
        submit={({ values, key }) => createRecord<Schedule>("schedule", settled(values, {}), key)}
        onDone={({ record }: One<Schedule>) => {
          void message.success(t("part.created"));
          openRecord({ entity: "schedule", id: record.id }, { replace: true });
        }}
        onCancel={close}
      />
    </FormDrawer>
  );
}
