import { type Change, mark } from "@/lib/format";
import { useTexts } from "@/locales/i18n";

/** A change with its mark: colour and shape by whether it is for the better. */
export function ChangeMark({ change }: { change: Change }) {
  const { t } = useTexts();
  return (
    <span className={`change ${change.sense}`}>
      <span aria-hidden="true">{mark(change)}</span> {change.sign === 0 ? "0" : change.text}
      <span className="hidden"> {t(`tile.${change.sense}`)}</span>
    </span>
  );
}
