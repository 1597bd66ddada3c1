import { Tooltip } from "antd";
import type { ReactNode } from "react";
import type { Labels, Rec } from "@/lib/api/records";
import { type Entity, referenceOf } from "@/lib/resources";
import { useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { RecordLink } from "./Cells";
import { fieldName, valueText } from "./words";

/** Which references have a drawer of their own to open. */
const OPENS: readonly Entity[] = [
  "account",
  "opportunity",
  "quote",
  "contract",
  "ticket",
  "order",
  "receipt",
];

/** The fields of a record with their names; those that are empty or hidden are left out. */
export function Facts({
  entity,
  record,
  labels,
  fields,
}: {
  entity: Entity;
  record: Rec;
  labels?: Labels;
  fields: string[];
}) {
  const { t, lang } = useTexts();
  const { zone } = useMe().company;
  const shown = fields.filter((field) => {
    const value = record[field];
    return value !== undefined && value !== null && value !== "";
  });
  return (
    <dl className="facts">
      {shown.map((field) => {
        const value = record[field];
        const reference = referenceOf(entity, field);
        return (
          <div key={field}>
            <dt>{fieldName(entity, field, t)}</dt>
            <dd>
              {reference && OPENS.includes(reference) ? (
                <RecordLink entity={reference} id={value} labels={labels} />
              ) : (
                valueText(entity, field, value, { labels, t, lang, zone })
              )}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

/** What is told of something: a name and a value each. */
export function NamedFacts({ facts }: { facts: [string, ReactNode][] }) {
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The numbers over a record: a name and a value each. */
export function HeadNumbers({
  items,
}: {
  items: { key: string; label: string; value: ReactNode; note?: string }[];
}) {
  return (
    <div className="head-numbers">
      {items.map(({ key, label, value, note }) => (
        <Tooltip key={key} title={note}>
          <div>
            <div className="quiet small">{label}</div>
            <div className="head-number">{value}</div>
          </div>
        </Tooltip>
      ))}
    </div>
  );
}
