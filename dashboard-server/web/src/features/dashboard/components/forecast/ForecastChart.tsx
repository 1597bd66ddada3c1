import { theme } from "antd";
import { useMemo } from "react";
import { line, Plot, type Pointed, useLines, type Values } from "@/components/useLines";

export type ForecastChartProps = Pointed & {
  labels: string[];
  won: Values;
  expected: Values;
  low: Values;
  high: Values;
  /** What the target asks for by each day; null without one. */
  pace: number[] | null;
  names: { won: string; expected: string; pace: string; band: string };
  label: string;
};

/** What is won, what is expected with its interval, and the target's pace. Loaded when shown. */
export default function ForecastChart(props: ForecastChartProps) {
  const { labels, won, expected, low, high, pace, names } = props;
  const { token } = theme.useToken();
  const isAhead = expected.some((value) => value !== null);
  const drawn = useMemo(() => {
    const bare = {
      type: "line" as const,
      stack: "interval",
      symbol: "none",
      lineStyle: { opacity: 0 },
      emphasis: { disabled: true },
      z: 1,
    };
    const band = high.map((value, index) => {
      const least = low[index];
      return value === null || least === null || least === undefined ? null : value - least;
    });
    const lines = [
      ...(pace ? [line(pace, token.colorTextTertiary, "dashed", 1.5)] : []),
      line(expected, token.colorPrimary, "dashed"),
      line(won, token.colorPrimary, "solid"),
    ];
    return {
      labels,
      series: [
        { ...bare, data: low },
        { ...bare, data: band, areaStyle: { color: token.colorPrimary, opacity: 0.16 } },
        ...lines.map((own) => ({ ...own, z: 3 })),
      ],
      endings: [
        isAhead
          ? { text: names.expected, data: expected, color: token.colorPrimary }
          : { text: names.won, data: won, color: token.colorPrimary },
        ...(pace ? [{ text: names.pace, data: pace, color: token.colorTextSecondary }] : []),
      ],
      axis: { min: 0, minInterval: 1 },
      narrowRight: 20,
    };
  }, [
    labels,
    won,
    expected,
    low,
    high,
    pace,
    isAhead,
    names.won,
    names.expected,
    names.pace,
    token,
  ]);
  const { element, narrow, ends } = useLines(drawn, props);
  return (
    <div className="chart">
      <div className="forecast-key" aria-hidden="true">
        <span>
          <i className="forecast-won" /> {names.won}
        </span>
        {isAhead && (
          <>
            <span>
              <i className="forecast-expected" /> {names.expected}
            </span>
            <span>
              <i className="forecast-band" /> {names.band}
            </span>
          </>
        )}
        {pace && (
          <span>
            <i className="forecast-pace" /> {names.pace}
          </span>
        )}
      </div>
      <Plot element={element} label={props.label} narrow={narrow} ends={ends} />
    </div>
  );
}
