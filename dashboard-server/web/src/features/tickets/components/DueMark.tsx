import { Tooltip } from "antd";
import { useMe } from "@/lib/session";
import { fullTime } from "@/lib/when";
import { useTexts } from "@/locales/i18n";
import { dueState } from "../tickets";
import type { Ticket } from "../types";

/** From so many hours on lateness is said in days. */
const LONG_HOURS = 48;
/** So close to its due time a ticket is marked. */
const NEAR_HOURS = 4;

/** How a ticket stands against its due time; the time itself on hover. */
export function DueMark({ ticket }: { ticket: Ticket }) {
  const { t } = useTexts();
  const { zone } = useMe().company;
  const state = dueState(ticket, new Date());
  if (state.kind === "none") return null;
  const due = ticket.due_at ? fullTime(ticket.due_at, zone) : "";
  let text: string;
  let tone = "";
  switch (state.kind) {
    case "paused":
      text = t("ticketing.paused");
      tone = "quiet";
      break;
    case "done":
      text = t(state.late ? "ticketing.dueLate" : "ticketing.dueDone");
      tone = state.late ? "due past" : "good";
      break;
    case "left":
      text =
        state.hours >= LONG_HOURS ? due.slice(5) : t("ticketing.leftHours", { count: state.hours });
      tone = state.hours < NEAR_HOURS ? "due now" : "";
      break;
    default:
      text =
        state.hours >= LONG_HOURS
          ? t("ticketing.overDays", { count: Math.floor(state.hours / 24) })
          : t("ticketing.overHours", { count: state.hours });
      tone = "due past";
  }
  return (
    <Tooltip title={`${t("ticketing.due")} ${due}`}>
      <time className={`figures ${tone}`} dateTime={ticket.due_at ?? undefined}>
        {state.kind === "over" && <span aria-hidden="true">▲ </span>}
        {text}
      </time>
    </Tooltip>
  );
}
