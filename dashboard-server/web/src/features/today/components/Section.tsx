import { Button } from "antd";
import { type ReactNode, useState } from "react";
import { useTexts } from "@/locales/i18n";

const FIRST = 8;

/** A list of what is due, the most urgent first; the rest on demand. */
export function Section<T>({
  title,
  note,
  rows,
  count = rows.length,
  tone,
  testId,
  action,
  children,
}: {
  title: string;
  note?: string;
  rows: T[];
  /** How many there are, where not all are here. */
  count?: number;
  tone?: "warning";
  testId: string;
  action?: ReactNode;
  children: (row: T) => ReactNode;
}) {
  const { t } = useTexts();
  const [all, setAll] = useState(false);
  if (rows.length === 0 && !action) return null;
  const shown = all ? rows : rows.slice(0, FIRST);
  return (
    <section className="card due-section" data-testid={testId}>
      <div className="due-head">
        <h2>
          {title} <span className={tone === "warning" ? "count warn" : "count"}>{count}</span>
        </h2>
        {note && <span className="quiet small">{note}</span>}
        {action}
      </div>
      <ul className="plain-list">{shown.map(children)}</ul>
      {rows.length > FIRST && (
        <Button type="link" size="small" onClick={() => setAll(!all)}>
          {all ? t("today.fewer") : t("today.more", { count: rows.length - FIRST })}
        </Button>
      )}
    </section>
  );
}
