/** The settings of the firm that a page can change: each by its key, with what holds without it. */

export type NumberSetting = {
  /** Its place in the value, as `due_working_hours.low`. */
  path: string;
  standard: number;
  least: number;
  greatest: number;
  unit: "working_days" | "days" | "months" | "hours" | "megabytes" | "accounts";
};

export type SettingGroup = { key: "pool" | "tickets" | "attachments"; numbers: NumberSetting[] };

const MEGABYTE = 1024 * 1024;

export const SETTINGS: SettingGroup[] = [
  {
    key: "pool",
    numbers: [
      { path: "contact_working_days", standard: 7, least: 1, greatest: 365, unit: "working_days" },
      { path: "warning_working_days", standard: 2, least: 0, greatest: 365, unit: "working_days" },
      { path: "cooldown_days", standard: 15, least: 0, greatest: 3650, unit: "days" },
      { path: "grace_days", standard: 30, least: 0, greatest: 3650, unit: "days" },
      { path: "most_returns_a_day", standard: 10, least: 1, greatest: 100_000, unit: "accounts" },
      { path: "order_months", standard: 12, least: 0, greatest: 120, unit: "months" },
    ],
  },
  {
    key: "tickets",
    numbers: [
      { path: "due_working_hours.urgent", standard: 4, least: 1, greatest: 2000, unit: "hours" },
      { path: "due_working_hours.high", standard: 8, least: 1, greatest: 2000, unit: "hours" },
      { path: "due_working_hours.normal", standard: 24, least: 1, greatest: 2000, unit: "hours" },
      { path: "due_working_hours.low", standard: 40, least: 1, greatest: 2000, unit: "hours" },
    ],
  },
  {
    key: "attachments",
    numbers: [{ path: "most_bytes", standard: 50, least: 1, greatest: 2048, unit: "megabytes" }],
  },
];

type Value = { [name: string]: unknown };

/** A number of a setting as people read it; what holds without it where it is not set. */
export function settingNumber(value: unknown, { path, standard, unit }: NumberSetting): number {
  let found: unknown = value;
  for (const name of path.split(".")) found = (found as Value | null | undefined)?.[name];
  if (typeof found !== "number") return standard;
  return unit === "megabytes" ? Math.round(found / MEGABYTE) : found;
}

/** The value of a setting with those numbers; what else stands in it stays. */
export function settingValue(
  value: unknown,
  group: SettingGroup,
  numbers: { [path: string]: number },
): Value {
  const next = structuredClone((value ?? {}) as Value);
  for (const { path, unit } of group.numbers) {
    const given = numbers[path];
    if (given === undefined) continue;
    const names = path.split(".");
    const last = names.pop() ?? path;
    let place = next;
    for (const name of names) {
      place[name] = (place[name] as Value | undefined) ?? {};
      place = place[name] as Value;
    }
    place[last] = unit === "megabytes" ? given * MEGABYTE : given;
  }
  return next;
}

/** The working days of each level of accounts, where they differ from the others'. */
export function levelsOf(value: unknown): [string, number][] {
  const levels = (value as Value | null | undefined)?.contact_working_days_by_level;
  return Object.entries((levels ?? {}) as Record<string, number>);
}

export function withLevels(value: Value, levels: [string, number | null][]): Value {
  const kept = levels.filter(
    (level): level is [string, number] => level[0].trim() !== "" && level[1] !== null,
  );
  return {
    ...value,
    contact_working_days_by_level: Object.fromEntries(
      kept.map(([level, days]) => [level.trim(), days]),
    ),
  };
}
