import { Button, Tooltip } from "antd";
import { type DragEvent, type KeyboardEvent, useCallback, useMemo, useRef, useState } from "react";
import { whole } from "@/lib/format";
import { useMe } from "@/lib/session";
import { fullMoney, shortMoney } from "@/lib/units";
import { useTexts } from "@/locales/i18n";
import type { Board, BoardColumn, BoardDeal, Stage } from "../types";
import { DealCard } from "./DealCard";
import { stageName } from "./useMove";

type Props = {
  board: Board;
  stale: boolean;
  mine: boolean;
  movable: boolean;
  onOpen: (deal: BoardDeal) => void;
  onMove: (deal: BoardDeal, stage: Stage) => void;
  onMore: (stage: Stage) => void;
};

/** Deals by stage. Cards are dragged, moved by their menu, or by key: arrows go about, m moves. */
export function DealBoard({ board, stale, mine, movable, onOpen, onMove, onMore }: Props) {
  const { t, lang } = useTexts();
  const me = useMe();
  const box = useRef<HTMLDivElement>(null);
  const dragging = useRef<BoardDeal | null>(null);
  const [dragged, setDragged] = useState<number | null>(null);
  const [over, setOver] = useState<number | null>(null);
  const stages = useMemo(() => board.columns.map(({ stage }) => stage), [board.columns]);
  const amounts = me.rights.visibility.includes("amounts");

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
  const walk = (event: KeyboardEvent) => {
    const step = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[
      event.key
    ];
    const id = event.target instanceof HTMLElement ? event.target.dataset.deal : undefined;
    if (!step || id === undefined) return;
    const [sideways = 0, down = 0] = step;
    const from = board.columns.findIndex(({ rows }) => rows.some((row) => String(row.id) === id));
    const row = board.columns[from]?.rows.findIndex((one) => String(one.id) === id) ?? 0;
    let to = from + sideways;
    while (sideways !== 0 && board.columns[to]?.rows.length === 0) to += sideways;
    const rows = board.columns[to]?.rows;
    const next = rows?.[Math.min(Math.max(row + down, 0), rows.length - 1)];
    if (!next) return;
    event.preventDefault();
    box.current?.querySelector<HTMLElement>(`[data-deal="${next.id}"]`)?.focus();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrows go from card to card, which are buttons
    <div className={stale ? "board stale" : "board"} ref={box} data-testid="board" onKeyDown={walk}>
      {board.columns.map((column) => (
        // biome-ignore lint/a11y/useSemanticElements: a column is no form
        <div
          key={column.stage.id}
          role="group"
          className={over === column.stage.id ? "board-column over" : "board-column"}
          aria-label={t("deal.columnLabel", {
            stage: stageName(column.stage, lang),
            count: column.count,
          })}
          data-testid={`column-${column.stage.code}`}
          onDragOver={(event) => {
            if (!dragging.current) return;
            event.preventDefault();
            event.dataTransfer.dropEffect = "move";
            if (over !== column.stage.id) setOver(column.stage.id);
          }}
          onDragLeave={(event) => {
            if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(null);
          }}
          onDrop={(event) => {
            event.preventDefault();
            drop(column.stage);
          }}
        >
          <ColumnHead column={column} amounts={amounts} />
          <div className="board-cards">
            {column.rows.map((deal) => (
              <DealCard
                key={deal.id}
                deal={deal}
                stage={column.stage}
                stages={stages}
                labels={board.labels}
                showOwner={!mine}
                dragged={dragged === deal.id}
                amounts={amounts}
                movable={movable}
                onOpen={onOpen}
                onMove={onMove}
                onDragStart={start}
                onDragEnd={stop}
              />
            ))}
            {column.rows.length === 0 && (
              <p className="board-none quiet small">
                {t(dragged === null ? "deal.emptyColumn" : "deal.dropHere")}
              </p>
            )}
            {column.count > column.rows.length && (
              <Button type="link" size="small" block onClick={() => onMore(column.stage)}>
                {t("deal.more", { count: column.count - column.rows.length })}
              </Button>
            )}
          </div>
        </div>
      ))}
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
