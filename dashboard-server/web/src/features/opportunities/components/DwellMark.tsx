import { Tooltip } from "antd";
import { useTexts } from "@/locales/i18n";
import type { Dwell } from "../board";

const MARKS = { fine: "", near: "◔", over: "▲" } as const;

/** The working days in a stage against those expected: a colour, and a mark for who sees none. */
export function DwellMark({ dwell }: { dwell: Dwell }) {
  const { t } = useTexts();
  const { days, expected, sense } = dwell;
  const note =
    expected === null ? t("deal.dwellNote", { days }) : t("deal.dwellOfNote", { days, expected });
  const told = sense === "fine" ? note : `${note} · ${t(`deal.${sense}`)}`;
  return (
    <Tooltip title={told}>
      <span className={`dwell ${sense}`}>
        {MARKS[sense] && <span aria-hidden="true">{MARKS[sense]} </span>}
        <span className="figures">
          {expected === null ? t("deal.dwell", { days }) : t("deal.dwellOf", { days, expected })}
        </span>
        <span className="hidden">{sense !== "fine" && t(`deal.${sense}`)}</span>
      </span>
    </Tooltip>
  );
}
