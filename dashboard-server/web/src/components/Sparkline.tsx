const WIDTH = 88;
const HEIGHT = 28;
const EDGE = 2.5;

/** A line without axes; the unfinished end is dashed. */
export function Sparkline({ values, dashed }: { values: (number | null)[]; dashed: number }) {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return <svg className="spark" width={WIDTH} height={HEIGHT} aria-hidden />;
  const low = Math.min(...known);
  const high = Math.max(...known);
  const points = values.map((value, index) =>
    value === null
      ? null
      : {
          x: EDGE + (index / Math.max(1, values.length - 1)) * (WIDTH - 2 * EDGE),
          y:
            high === low
              ? HEIGHT / 2
              : HEIGHT - EDGE - ((value - low) / (high - low)) * (HEIGHT - 2 * EDGE),
        },
  );
  const finished = values.length - dashed;
  const last = points.findLast((point) => point !== null);
  return (
    <svg
      className="spark"
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      aria-hidden="true"
    >
      <path d={path(points.slice(0, finished))} />
      {dashed > 0 && (
        <path d={path(points.slice(Math.max(0, finished - 1)))} strokeDasharray="2 3" />
      )}
      {last && <circle cx={last.x} cy={last.y} r="2" />}
    </svg>
  );
}

function path(points: ({ x: number; y: number } | null)[]): string {
  let pen = "M";
  let text = "";
  for (const point of points) {
    if (!point) continue;
    text += `${pen}${point.x.toFixed(1)} ${point.y.toFixed(1)}`;
    pen = "L";
  }
  return text;
}
