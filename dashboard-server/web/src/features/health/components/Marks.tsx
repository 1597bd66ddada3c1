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

/** How a score moved; less is worse. */
export function Moved({ now, before }: { now: number; before: number | null }) {
  if (before === null) return null;
  const change = now - before;
  if (Math.abs(change) < 0.5) return <span className="faint figures">±0</span>;
  const sense = change > 0 ? "better" : "worse";
  return (
    <span className={`change ${sense} figures`}>
      <span aria-hidden="true">{change > 0 ? "▲" : "▼"}</span> {Math.abs(change).toFixed(0)}
    </span>
  );
}
