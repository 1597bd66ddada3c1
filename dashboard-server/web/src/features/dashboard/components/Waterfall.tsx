import type { Dimension, DriversResult, Metric } from "@/lib/api/types";
import { short, unitOf } from "@/lib/format";
import { useTexts } from "@/locales/i18n";
import { type Bar, given, segmentName, signed, waterfall } from "../drivers";

type Props = {
  report: DriversResult;
  metric: Metric;
  dimensions: Dimension[];
  onOpen: (index: number) => void;
};

/** The way from the number before to the number after, a line for each part. */
export function Waterfall({ report, metric, dimensions, onOpen }: Props) {
  const { t, lang } = useTexts();
  const unit = unitOf(metric);
  const { bars, low, high } = waterfall(report);
  const place = (value: number) =>
    (100 * Math.min(Math.max(value - low, 0), high - low)) / (high - low || 1);
  const name = ({ kind, index }: Bar, at: number) => {
    if (kind === "total") return t(at === 0 ? "drivers.before" : "drivers.after");
    const part = kind === "rest" ? report.rest : report.segments[index];
    return part ? segmentName(part, dimensions, t, lang) : "";
  };
  return (
    <ol className="waterfall" aria-label={t("drivers.waterfall")}>
      {bars.map((bar, at) => {
        const [left, right] = [
          place(Math.min(bar.from, bar.to)),
          place(Math.max(bar.from, bar.to)),
        ];
        const moved = given(bar.to - bar.from, metric, unit, lang);
        const part = bar.kind === "part" ? report.segments[bar.index] : undefined;
        const sense = bar.kind === "total" ? "total" : (moved?.sense ?? "neutral");
        const label = name(bar, at);
        const text =
          bar.kind === "total" ? short(bar.to, unit, lang) : signed(bar.to - bar.from, unit, lang);
        return (
          <li key={label} className={part && !part.significant ? "chance" : undefined}>
            <span className="waterfall-name" title={label}>
              {part ? (
                <button type="button" className="link" onClick={() => onOpen(bar.index)}>
                  {label}
                </button>
              ) : (
                label
              )}
            </span>
            <span className="waterfall-track" aria-hidden="true">
              <span
                className={`waterfall-bar ${sense}`}
                style={{ left: `${left}%`, width: `max(2px, ${right - left}%)` }}
              />
            </span>
            <span className="waterfall-value">{text}</span>
          </li>
        );
      })}
    </ol>
  );
}
