import { theme } from "antd";
import { useMemo } from "react";
import { line, Plot, type Pointed, useLines, type Values } from "./useLines";

export type LineChartProps = Pointed & {
  labels: string[];
  current: Values;
  before: Values | null;
  /** How many of the last current points are not complete. */
  unfinished: number;
  names: { current: string; before: string };
  fromZero: boolean;
  label: string;
};

/** This period's line over the compared one's in grey. A module of its own, loaded when shown. */
export default function LineChart(props: LineChartProps) {
  const { labels, current, before, unfinished, names, fromZero } = props;
  const { token } = theme.useToken();
  const drawn = useMemo(() => {
    const finished = current.length - unfinished;
    const solid = current.map((value, index) => (index < finished ? value : null));
    const dashed = current.map((value, index) => (index >= finished - 1 ? value : null));
    const lines = [
      ...(before ? [line(before, token.colorTextTertiary, "solid")] : []),
      line(solid, token.colorPrimary, "solid"),
      ...(unfinished > 0 ? [line(dashed, token.colorPrimary, "dashed")] : []),
    ];
    return {
      labels,
      series: lines.map((own) => ({ ...own, connectNulls: true })),
      endings: [
        { text: names.current, data: current, color: token.colorPrimary },
        ...(before ? [{ text: names.before, data: before, color: token.colorTextSecondary }] : []),
      ],
      // Whole steps, so that a line of zeros has no five equal labels.
      axis: { scale: !fromZero, minInterval: fromZero ? 1 : undefined },
      narrowRight: 12,
    };
  }, [labels, current, before, unfinished, names.current, names.before, fromZero, token]);
  const { element, narrow, ends } = useLines(drawn, props);
  return (
    <div className="chart">
      {narrow && (
        <div className="chart-key" aria-hidden="true">
          {ends.map(({ text, color }) => (
            <span key={text} style={{ color }}>
              {text}
            </span>
          ))}
        </div>
      )}
      <Plot element={element} label={props.label} narrow={narrow} ends={ends} />
    </div>
  );
}
