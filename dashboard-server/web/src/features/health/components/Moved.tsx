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
