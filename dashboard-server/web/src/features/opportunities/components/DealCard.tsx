import { SwapOutlined } from "@ant-design/icons";
import { Button, Dropdown } from "antd";
import { type DragEvent, memo, useState } from "react";
import { Amount, UserName } from "@/components/Cells";
import { type Labels, labelOf } from "@/lib/api/records";
import { useMe } from "@/lib/session";
import { daysUntil, shortDay } from "@/lib/when";
import { useTexts } from "@/locales/i18n";
import { dwellOf } from "../board";
import type { BoardDeal, Stage } from "../types";
import { DwellMark } from "./DwellMark";
import { stageName } from "./useMove";

type Props = {
  deal: BoardDeal;
  stage: Stage;
  /** Where it may go. */
  stages: Stage[];
  labels: Labels;
  showOwner: boolean;
  dragged: boolean;
  /** Amounts are seen by the reader. */
  amounts: boolean;
  onOpen: (deal: BoardDeal) => void;
  onMove: (deal: BoardDeal, stage: Stage) => void;
  onDragStart: (event: DragEvent, deal: BoardDeal) => void;
  onDragEnd: () => void;
  movable: boolean;
};

/** A deal on the board: what it is, for whom, how much, how long it has stood here. */
export const DealCard = memo(function DealCard({
  deal,
  stage,
  stages,
  labels,
  showOwner,
  dragged,
  amounts,
  onOpen,
  onMove,
  onDragStart,
  onDragEnd,
  movable,
}: Props) {
  const { t, lang } = useTexts();
  const me = useMe();
  const [menu, setMenu] = useState(false);
  const now = new Date();
  const dwell = dwellOf(deal.working_days_in_stage, stage.expected_days);
  const late =
    deal.expected_close_on && deal.outcome === "open"
      ? -daysUntil(deal.expected_close_on, me.company.zone, now)
      : 0;
  const pick = (key: string) => {
    const to = stages.find(({ id }) => String(id) === key);
    if (to) onMove(deal, to);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the buttons in it do the same by key
    <div
      className={dragged ? "deal dragged" : "deal"}
      draggable={movable}
      data-testid="deal"
      data-id={deal.id}
      onDragStart={(event) => onDragStart(event, deal)}
      onDragEnd={onDragEnd}
      onContextMenu={(event) => {
        if (!movable) return;
        event.preventDefault();
        setMenu(true);
      }}
    >
      <div className="deal-line">
        <button
          type="button"
          className="deal-name"
          title={deal.name}
          data-deal={deal.id}
          onClick={() => onOpen(deal)}
          onKeyDown={(event) => {
            if (event.key !== "m" || !movable) return;
            event.preventDefault();
            setMenu(true);
          }}
        >
          {deal.name}
        </button>
        {movable && (
          <Dropdown
            trigger={["click"]}
            open={menu}
            onOpenChange={setMenu}
            placement="bottomRight"
            menu={{
              items: stages
                .filter(({ id }) => id !== stage.id)
                .map((to) => ({
                  key: String(to.id),
                  label: t("deal.moveTo", { stage: stageName(to, lang) }),
                })),
              onClick: ({ key, domEvent }) => {
                domEvent.stopPropagation();
                setMenu(false);
                pick(key);
              },
            }}
          >
            <Button
              type="text"
              size="small"
              className="deal-move"
              icon={<SwapOutlined />}
              aria-label={t("deal.moveOf", { name: deal.name })}
            />
          </Dropdown>
        )}
      </div>
      <div className="deal-account quiet small clip">
        {labelOf(labels, "account", deal.account_id, lang)}
      </div>
      <div className="deal-line">
        <span className="deal-amount">
          {!amounts ? null : typeof deal.amount === "number" ? (
            <Amount fen={deal.amount} />
          ) : (
            <span className="quiet small">{t("deal.noAmount")}</span>
          )}
        </span>
        {dwell && <DwellMark dwell={dwell} />}
      </div>
      {(showOwner || deal.expected_close_on) && (
        <div className="deal-line quiet small">
          <span className="clip">
            {showOwner && <UserName id={deal.owner_id} labels={labels} />}
          </span>
          {deal.expected_close_on && (
            <span
              className={late > 0 ? "due past" : undefined}
              title={late > 0 ? t("deal.overdueClose", { count: late }) : t("deal.expected")}
            >
              {late > 0 && <span aria-hidden="true">! </span>}
              {shortDay(deal.expected_close_on, me.company.zone, now)}
            </span>
          )}
        </div>
      )}
    </div>
  );
});
