import { createContext, useContext } from "react";
import type { Problem } from "@/lib/api/types";
import { useTexts } from "@/locales/i18n";
import { type Names, type Told, tell } from "./problems";

/** The metrics and dimensions of the page, for those who only need their names. */
export const NamesContext = createContext<Names>({ metrics: [], dimensions: [] });

/** Says problems in the reader's language. */
export function useTold(): (error: Error | Problem) => Told {
  const { t, lang } = useTexts();
  const names = useContext(NamesContext);
  return (error) => tell(error, names, t, lang);
}
