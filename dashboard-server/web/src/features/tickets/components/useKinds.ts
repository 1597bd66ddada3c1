import { useTexts } from "@/locales/i18n";
import { KINDS } from "../fields";

/** The kinds of tickets, with their names. */
export function useKinds() {
  const { t } = useTexts();
  return KINDS.map((value) => ({ value: value as string, label: t(`ticketing.kinds.${value}`) }));
}
