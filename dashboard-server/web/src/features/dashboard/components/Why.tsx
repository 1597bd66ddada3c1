import type { Problem } from "@/lib/api/types";
import { useTexts } from "@/locales/i18n";
import { useTold } from "../names";
import type { Suggestion } from "../problems";

type Props = {
  problem: Error | Problem;
  /** Takes a suggested value; without it suggestions are only named. */
  onTake?: (replace: NonNullable<Suggestion["replace"]>) => void;
};

/** Why a number is not there; the server's own words come second, where they are all there is. */
export function Why({ problem, onTake }: Props) {
  const { t, lang } = useTexts();
  const { sentence, detail, suggestions } = useTold()(problem);
  return (
    <span data-testid="why">
      {sentence}
      {suggestions.length > 0 && (
        <>
          {lang === "en" && " "}
          {t("state.suggestions")}
          {suggestions.map(({ text, replace }, index) => (
            <span key={text}>
              {index > 0 && (lang === "zh" ? "、" : ", ")}
              {replace && onTake ? (
                <button type="button" className="link" onClick={() => onTake(replace)}>
                  {text}
                </button>
              ) : (
                text
              )}
            </span>
          ))}
        </>
      )}
      {detail && (
        <span className="detail" lang="en">
          {detail}
        </span>
      )}
    </span>
  );
}
