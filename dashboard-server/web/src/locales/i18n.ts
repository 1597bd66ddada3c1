import i18next from "i18next";
import { initReactI18next, useTranslation } from "react-i18next";
import type { Lang } from "@/lib/format";
import { en } from "./en";
import { zh } from "./zh";

const STORED = "millrace.lang";

/** Whether the language was chosen on this page; then an account does not change it. */
let asked = false;

/** The language of the address, else the one chosen before, else Chinese. */
function firstLanguage(): Lang {
  const wanted = new URLSearchParams(window.location.search).get("lang");
  asked = wanted === "en" || wanted === "zh";
  if (wanted === "en" || wanted === "zh") return wanted;
  return window.localStorage.getItem(STORED) === "en" ? "en" : "zh";
}

/** Starts the texts; called once, before the first render. */
export async function startTexts(): Promise<void> {
  await i18next.use(initReactI18next).init({
    resources: { zh: { translation: zh }, en: { translation: en } },
    lng: firstLanguage(),
    fallbackLng: "zh",
    interpolation: { escapeValue: false },
  });
  mark(i18next.language);
  i18next.on("languageChanged", mark);
}

function mark(language: string): void {
  document.documentElement.lang = language === "en" ? "en" : "zh-CN";
  window.localStorage.setItem(STORED, language);
}

/** The language that the one who is signed in has chosen, unless another is asked for here. */
export function takeLanguage(lang: Lang): void {
  if (!asked && i18next.language !== lang) void i18next.changeLanguage(lang);
}

export function setLanguage(lang: Lang): void {
  asked = true;
  void i18next.changeLanguage(lang);
}

/** The texts and the language they are in. */
export function useTexts() {
  const { t, i18n } = useTranslation();
  const lang: Lang = i18n.language === "en" ? "en" : "zh";
  return { t, lang };
}
