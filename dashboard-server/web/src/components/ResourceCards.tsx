import { Button, Select } from "antd";
import { type ReactNode, useEffect, useRef } from "react";
import type { Labels, Rec } from "@/lib/api/records";
import type { Entity } from "@/lib/resources";
import { useTexts } from "@/locales/i18n";
import { fieldName } from "./words";

/** A record in two lines: what it is and its figure; what else and when. */
export type Card = {
  title: ReactNode;
  figure?: ReactNode;
  second?: ReactNode;
  end?: ReactNode;
  /** A button within the thumb's reach, as "claim". */
  action?: ReactNode;
};

type Props<T extends Rec> = {
  rows: T[];
  labels: Labels;
  card: (row: T, labels: Labels) => Card;
  stale: boolean;
  more: boolean;
  loading: boolean;
  onOpen: (row: T) => void;
  onEnd: () => void;
};

export function ResourceCards<T extends Rec>({
  rows,
  labels,
  card,
  stale,
  more,
  loading,
  onOpen,
  onEnd,
}: Props<T>) {
  const { t } = useTexts();
  const end = useRef<HTMLDivElement>(null);
  const latest = useRef(onEnd);
  latest.current = onEnd;
  useEffect(() => {
    if (!end.current) return;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) latest.current();
      },
      { rootMargin: "600px" },
    );
    observer.observe(end.current);
    return () => observer.disconnect();
  }, []);
  return (
    <div className={stale ? "stale" : undefined}>
      <ul className="record-cards">
        {rows.map((row) => (
          <li key={row.id} data-testid="row" data-id={row.id}>
            <TwoLines card={card(row, labels)} onOpen={() => onOpen(row)} />
          </li>
        ))}
      </ul>
      <div ref={end} className="record-cards-end">
        {more && (
          <Button block loading={loading} onClick={onEnd}>
            {t("part.loadMore")}
          </Button>
        )}
      </div>
    </div>
  );
}

/** The order of a list of cards, which has no head to press. */
export function SortSelect({
  entity,
  sorts,
  sort,
  onSort,
}: {
  entity: Entity;
  sorts: string[];
  sort: string | null;
  onSort: (sort: string | null) => void;
}) {
  const { t } = useTexts();
  return (
    <Select
      className="sort-select"
      size="small"
      variant="borderless"
      // What is no choice of a reader is the order that the list has by itself.
      value={sort && sorts.includes(sort.replace(/^-/, "")) ? sort : ""}
      aria-label={t("part.sort")}
      popupMatchSelectWidth={false}
      onChange={(next) => onSort(next || null)}
      options={[
        { value: "", label: t("part.natural") },
        ...sorts.flatMap((field) => {
          const name = fieldName(entity, field, t);
          return [
            { value: `-${field}`, label: t("part.descending", { name }) },
            { value: field, label: t("part.ascending", { name }) },
          ];
        }),
      ]}
    />
  );
}

export function TwoLines({ card, onOpen }: { card: Card; onOpen: () => void }) {
  return (
    <div className="two-lines">
      <button type="button" className="two-lines-open" onClick={onOpen}>
        <span className="line">
          <span className="clip strong">{card.title}</span>
          <span className="figure">{card.figure}</span>
        </span>
        <span className="line quiet small">
          <span className="clip">{card.second}</span>
          <span>{card.end}</span>
        </span>
      </button>
      {card.action}
    </div>
  );
}
