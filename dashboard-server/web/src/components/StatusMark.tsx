import { useTexts } from "@/locales/i18n";

const SHAPES: Record<string, string> = { green: "●", yellow: "▲", red: "■", unrated: "○" };

/** A status in its colour and with its mark; a score below a border is not shown as if it were on it. */
export function StatusMark({ status, score }: { status: string; score?: number | null }) {
  const { t } = useTexts();
  return (
    <span className={`health-mark ${status}`}>
      <span aria-hidden="true">{SHAPES[status] ?? "○"}</span>
      {score !== undefined && score !== null && status !== "unrated" && (
        <strong className="figures">{Math.floor(score)}</strong>
      )}
      <span className={score === undefined || status === "unrated" ? "" : "hidden"}>
        {t(`health.status.${status}`, { defaultValue: status })}
      </span>
    </span>
  );
}
