import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Button, Tooltip } from "antd";
import { type DragEvent, useCallback, useMemo, useRef, useState } from "react";
import { useKeys } from "@/components/keyboard";
import { joinLabels, type Labels } from "@/lib/api/records";
import { whole } from "@/lib/format";
import { useMe } from "@/lib/session";
import { fullMoney, shortMoney } from "@/lib/units";
import { useTexts } from "@/locales/i18n";
import { type BoardQuery, columnQuery } from "../api";
import type { Board, BoardColumn, BoardDeal, Stage } from "../types";
import { DealCard } from "./DealCard";
import { stageName } from "./useMove";

type Props = {
  board: Board;
  /** What the board was asked for. */
  query: BoardQuery;
  stale: boolean;
  mine: boolean;
  movable: boolean;
  onOpen: (deal: BoardDeal) => void;
  onMove: (deal: BoardDeal, stage: Stage) => void;
};

const STEPS: Record<string, [number, number]> = {
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  k: [0, -1],
  j: [0, 1],
  h: [-1, 0],
  l: [1, 0],
};

/** The card that a step leads to: another of its column, or the one beside it in the next that has any. */
function neighbour(box: HTMLElement, from: HTMLElement | null, step: [number, number]) {
  const columns = [...box.querySelectorAll(".board-column")].map((column) => [
    ...column.querySelectorAll<HTMLElement>("[data-deal]"),
  ]);
  const [sideways, down] = step;
  let to = columns.findIndex((cards) => from !== null && cards.includes(from));
  if (to < 0 || !from) return columns.find((cards) => cards.length > 0)?.[0];
  const row = columns[to]?.indexOf(from) ?? 0;
  to += sideways;
  while (sideways !== 0 && columns[to]?.length === 0) to += sideways;
  const cards = columns[to];
  return cards?.[Math.min(Math.max(row + down, 0), cards.length - 1)];
}

/** Deals by stage. Cards are dragged, moved by their menu, or by key: arrows go about, m moves. */
export function DealBoard({ board, query, stale, mine, movable, onOpen, onMove }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const dragging = useRef<BoardDeal | null>(null);
  const [dragged, setDragged] = useState<number | null>(null);
  const [over, setOver] = useState<number | null>(null);
  const stages = useMemo(() => board.columns.map(({ stage }) => stage), [board.columns]);
  const there = useMemo(
    () => new Set(board.columns.flatMap(({ rows }) => rows.map(({ id }) => id))),
    [board.columns],
  );

  const start = useCallback((event: DragEvent, deal: BoardDeal) => {
    dragging.current = deal;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", deal.name);
    setDragged(deal.id);
  }, []);
  const stop = useCallback(() => {
    dragging.current = null;
    setDragged(null);
    setOver(null);
  }, []);
  const drop = (stage: Stage) => {
    const deal = dragging.current;
    stop();
    if (deal && deal.stage_id !== stage.id) onMove(deal, stage);
  };
  useKeys((key) => {
    const step = STEPS[key];
    // A drawer over the board has the keys.
    if (!step || !box.current || document.querySelector(".ant-drawer-open")) return false;
    const at = document.activeElement;
    const from = at instanceof HTMLElement && at.dataset.deal !== undefined ? at : null;
    // Arrows scroll the page until a card is gone to.
    if (!from && key.startsWith("Arrow")) return false;
    const next = neighbour(box.current, from, step);
    next?.focus();
    return next !== undefined;
  });

  return (
    <div className={stale ? "board stale" : "board"} ref={box} data-testid="board">
      {board.columns.map((column) => (
        <ColumnOfDeals
          key={column.stage.id}
          column={column}
          labels={board.labels}
          query={query}
          there={there}
          over={over === column.stage.id}
          dragged={dragged}
          stages={stages}
          mine={mine}
          movable={movable}
          onOpen={onOpen}
          onMove={onMove}
          onDragStart={start}
          onDragEnd={stop}
          onDragOver={(event) => {
            if (!dragging.current) return;
            event.preventDefault();
            event.dataTransfer.dropEffect = "move";
            if (over !== column.stage.id) setOver(column.stage.id);
          }}
          onDragLeave={() => setOver(null)}
          onDrop={() => drop(column.stage)}
        />
      ))}
    </div>
  );
}

type ColumnProps = Pick<Props, "query" | "mine" | "movable" | "onOpen" | "onMove"> & {
  column: BoardColumn;
  labels: Labels;
  /** The deals of the board's first part: what of the rest moved up into it is not shown twice. */
  there: Set<number>;
  over: boolean;
  dragged: number | null;
  stages: Stage[];
  onDragStart: (event: DragEvent, deal: BoardDeal) => void;
  onDragEnd: () => void;
  onDragOver: (event: DragEvent) => void;
  onDragLeave: () => void;
  onDrop: () => void;
};

/** A stage with its deals; those behind the first ones come when they are asked for. */
function ColumnOfDeals({
  column,
  labels,
  query,
  there,
  over,
  dragged,
  stages,
  mine,
  movable,
  onOpen,
  onMove,
  onDragStart,
  onDragEnd,
  onDragOver,
  onDragLeave,
  onDrop,
}: ColumnProps) {
  const { t, lang } = useTexts();
  const amounts = useMe().rights.visibility.includes("amounts");
  const { stage, count, next } = column;
  const [wanted, setWanted] = useState(false);
  const rest = useInfiniteQuery({
    ...columnQuery(query, stage.id, next),
    placeholderData: keepPreviousData,
    enabled: wanted && typeof next === "string",
  });
  const parts = wanted && next ? (rest.data?.pages ?? []) : [];
  const rows = [
    ...column.rows,
    ...parts
      .flatMap(({ columns }) => columns[0]?.rows ?? [])
      .filter(({ id, stage_id }) => stage_id === stage.id && !there.has(id)),
  ];
  const known = joinLabels([labels, ...parts.map((part) => part.labels)]);
  const left = count - rows.length;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a column is no form
    <div
      role="group"
      className={over ? "board-column over" : "board-column"}
      aria-label={t("deal.columnLabel", { stage: stageName(stage, lang), count })}
      data-testid={`column-${stage.code}`}
      onDragOver={onDragOver}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) onDragLeave();
      }}
      onDrop={(event) => {
        event.preventDefault();
        onDrop();
      }}
    >
      <ColumnHead column={column} amounts={amounts} />
      <div className="board-cards">
        {rows.map((deal) => (
          <DealCard
            key={deal.id}
            deal={deal}
            stage={stage}
            stages={stages}
            labels={known}
            showOwner={!mine}
            dragged={dragged === deal.id}
            amounts={amounts}
            movable={movable}
            onOpen={onOpen}
            onMove={onMove}
            onDragStart={onDragStart}
            onDragEnd={onDragEnd}
          />
        ))}
        {rows.length === 0 && (
          <p className="board-none quiet small">
            {t(dragged === null ? "deal.emptyColumn" : "deal.dropHere")}
          </p>
        )}
        {left > 0 && (!wanted || rest.hasNextPage || rest.isFetching) && (
          <Button
            type="link"
            size="small"
            block
            loading={rest.isFetching && wanted}
            data-testid="column-more"
            onClick={() => (wanted ? void rest.fetchNextPage() : setWanted(true))}
          >
            {t("deal.more", { count: left })}
          </Button>
        )}
      </div>
    </div>
  );
}

function ColumnHead({ column, amounts }: { column: BoardColumn; amounts: boolean }) {
  const { t, lang } = useTexts();
  const { currency } = useMe().company;
  const { stage, count, amount, weighted_amount: weighted } = column;
  return (
    <header className={stage.after_winning ? "board-head won" : "board-head"}>
      <div className="deal-line">
        <strong className="clip">{stageName(stage, lang)}</strong>
        <span className="figures quiet" data-testid="column-count">
          {whole(count)}
        </span>
      </div>
      {amounts && (
        <div className="deal-line quiet small">
          <span className="figures" title={fullMoney(amount ?? 0, currency)}>
            {shortMoney(amount ?? 0, lang)}
          </span>
          {!stage.after_winning && (
            <Tooltip title={`${t("deal.weightedNote")}: ${fullMoney(weighted ?? 0, currency)}`}>
              <span className="figures">
                {t("deal.weighted", { value: shortMoney(weighted ?? 0, lang) })}
              </span>
            </Tooltip>
          )}
        </div>
      )}
    </header>
  );
}
