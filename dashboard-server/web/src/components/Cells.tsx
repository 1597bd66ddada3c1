import { Tooltip } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { Json, Labels } from "@/lib/api/records";
import { labelOf } from "@/lib/api/records";
import { NONE } from "@/lib/format";
import type { Entity } from "@/lib/resources";
import { useMe } from "@/lib/session";
import { fullMoney, shareText, shortMoney, shortShare } from "@/lib/units";
import { ago, daysUntil, fullTime, shortDay } from "@/lib/when";
import { useTexts } from "@/locales/i18n";
import { useRecordAddress } from "./navigation";

type Value = Json | undefined;

/** Money in fen: short in lists, to the fen on hover. */
export function Amount({ fen, currency, full }: { fen: Value; currency?: Value; full?: boolean }) {
  const { lang } = useTexts();
  const me = useMe();
  if (typeof fen !== "number") return <span className="faint">{NONE}</span>;
  const whole = fullMoney(fen, typeof currency === "string" ? currency : me.company.currency);
  return (
    <span className="figures" title={whole}>
      {full ? whole : shortMoney(fen, lang)}
    </span>
  );
}

/** A share in basis points: to one decimal, exactly on hover. */
export function Share({ value }: { value: Value }) {
  const { lang } = useTexts();
  if (typeof value !== "number") return <span className="faint">{NONE}</span>;
  return (
    <span className="figures" title={shareText(value, lang)}>
      {shortShare(value, lang)}
    </span>
  );
}

/** A day, or the day of a moment, as in lists; the whole on hover. */
export function Day({ value }: { value: Value }) {
  const { zone } = useMe().company;
  if (typeof value !== "string") return <span className="faint">{NONE}</span>;
  return (
    <time className="figures" dateTime={value} title={fullTime(value, zone)}>
      {shortDay(value, zone, new Date())}
    </time>
  );
}

/** How long ago a moment was; exactly when on hover. */
export function Ago({ value }: { value: Value }) {
  const { lang } = useTexts();
  const { zone } = useMe().company;
  if (typeof value !== "string") return <span className="faint">{NONE}</span>;
  return (
    <Tooltip title={fullTime(value, zone)}>
      <time dateTime={value}>{ago(value, zone, new Date(), lang)}</time>
    </Tooltip>
  );
}

/** A moment in full. */
export function Moment({ value }: { value: Value }) {
  const { zone } = useMe().company;
  if (typeof value !== "string") return <span className="faint">{NONE}</span>;
  return (
    <time className="figures" dateTime={value}>
      {fullTime(value, zone)}
    </time>
  );
}

/** A day something is due: past ones are marked, near ones are named. */
export function Due({ value }: { value: Value }) {
  const { t } = useTexts();
  const { zone } = useMe().company;
  if (typeof value !== "string") return null;
  const days = daysUntil(value, zone, new Date());
  const text =
    days < 0
      ? t("part.overdue", { count: -days })
      : days === 0
        ? t("part.today")
        : days === 1
          ? t("part.tomorrow")
          : shortDay(value, zone, new Date());
  return (
    <time
      className={days < 0 ? "due past" : days === 0 ? "due now" : "due"}
      dateTime={value}
      title={fullTime(value, zone)}
    >
      {text}
    </time>
  );
}

/** A number of days. */
export function Days({ count }: { count: number }) {
  const { t } = useTexts();
  return <span className="figures">{t("part.days", { count })}</span>;
}

/** A word of a fixed list, as people say it. */
export function Choice({ entity, field, value }: { entity: Entity; field: string; value: Value }) {
  const { t } = useTexts();
  if (typeof value !== "string") return <span className="faint">{NONE}</span>;
  return <span>{t(`choice.${entity}.${field}.${value}`, { defaultValue: value })}</span>;
}

/** What a reference is called. */
export function Named({ entity, id, labels }: { entity: Entity; id: Value; labels?: Labels }) {
  const { lang } = useTexts();
  if (typeof id !== "number") return <span className="faint">{NONE}</span>;
  return <span className="clip">{labelOf(labels, entity, id, lang)}</span>;
}

export function UserName({ id, labels }: { id: Value; labels?: Labels }) {
  const { t } = useTexts();
  const me = useMe();
  if (typeof id !== "number") return <span className="faint">{t("part.unowned")}</span>;
  if (id === me.user_id) return <span title={me.name}>{t("part.me")}</span>;
  return <Named entity="user" id={id} labels={labels} />;
}

/** The name of a record that opens it. */
export function RecordLink({
  entity,
  id,
  labels,
  children,
}: {
  entity: Entity;
  id: Value;
  labels?: Labels;
  children?: ReactNode;
}) {
  const { lang } = useTexts();
  const address = useRecordAddress();
  if (typeof id !== "number") return <span className="faint">{NONE}</span>;
  return (
    <Link
      to={address({ entity, id })}
      className="record-link clip"
      onClick={(event) => event.stopPropagation()}
    >
      {children ?? labelOf(labels, entity, id, lang)}
    </Link>
  );
}
