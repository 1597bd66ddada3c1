import { theme } from "antd";
import { LineChart as Lines } from "echarts/charts";
import { GridComponent, TooltipComponent } from "echarts/components";
import { type ECharts, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef, useState } from "react";
import { useMedia } from "@/lib/media";
import { spread } from "@/lib/spread";

use([Lines, GridComponent, TooltipComponent, CanvasRenderer]);

export type ForecastChartProps = {
  labels: string[];
  won: (number | null)[];
  expected: (number | null)[];
  low: (number | null)[];
  high: (number | null)[];
  /** What the target asks for by each day; null without one. */
  pace: number[] | null;
  names: { won: string; expected: string; pace: string; band: string };
  format: (value: number) => string;
  tooltip: (index: number) => string[];
  label: string;
  onPick: (index: number) => void;
};

/** Under this width the names of the lines stand above the plot. */
const NARROW_PX = 480;
const NAME_HEIGHT_PX = 16;

type Name = { text: string; color: string; x: number; y: number };

function width(text: string): number {
  return [...text].reduce((sum, one) => sum + (one > "\u2e80" ? 2 : 1), 0);
}

/** What is won, what is expected with its interval, and the target's pace. Loaded when shown. */
export default function ForecastChart(props: ForecastChartProps) {
  const { token } = theme.useToken();
  const still = useMedia("(prefers-reduced-motion: reduce)");
  const element = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [ends, setEnds] = useState<Name[]>([]);
  const narrow = size.width < NARROW_PX;

  useEffect(() => {
    if (!element.current) return;
    const made = init(element.current);
    chart.current = made;
    const zr = made.getZr();
    zr.on("click", (event) => {
      const point = [event.offsetX, event.offsetY];
      if (!made.containPixel({ gridIndex: 0 }, point)) return;
      const [index] = made.convertFromPixel({ gridIndex: 0 }, point) as number[];
      if (index !== undefined) latest.current.onPick(Math.round(index));
    });
    const observer = new ResizeObserver(() => {
      made.resize();
      setSize({ width: made.getWidth(), height: made.getHeight() });
    });
    observer.observe(element.current);
    return () => {
      observer.disconnect();
      made.dispose();
      chart.current = null;
    };
  }, []);

  useEffect(() => {
    if (size.width === 0) return;
    const { labels, won, expected, low, high, pace, names, format } = props;
    const text = { color: token.colorTextSecondary, fontFamily: token.fontFamily, fontSize: 12 };
    const paceColor = token.colorTextTertiary;
    const line = (data: (number | null)[], color: string, type: "solid" | "dashed", at = 2) => ({
      type: "line" as const,
      data,
      showSymbol: data.filter((value) => value !== null).length === 1,
      symbol: "circle",
      symbolSize: 6,
      itemStyle: { color },
      lineStyle: { color, type, width: at },
      emphasis: { disabled: true },
      z: 3,
    });
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
    chart.current?.setOption(
      {
        animation: !still,
        animationDuration: 160,
        animationDurationUpdate: 160,
        aria: { enabled: false },
        grid: {
          left: 4,
          right: narrow
            ? 20
            : 12 +
              7 * Math.max(width(names.expected), width(names.won), pace ? width(names.pace) : 0),
          top: 12,
          bottom: 4,
          outerBoundsMode: "same",
        },
        tooltip: {
          trigger: "axis",
          confine: true,
          backgroundColor: token.colorBgElevated,
          borderColor: token.colorBorderSecondary,
          textStyle: { ...text, color: token.colorText },
          renderMode: "html",
          formatter: (hovered: unknown) => {
            const index = (hovered as { dataIndex: number }[])[0]?.dataIndex ?? 0;
            const box = document.createElement("div");
            for (const sentence of latest.current.tooltip(index)) {
              box.append(Object.assign(document.createElement("div"), { textContent: sentence }));
            }
            return box;
          },
          axisPointer: { lineStyle: { color: token.colorBorder } },
        },
        xAxis: {
          type: "category",
          boundaryGap: false,
          data: labels,
          axisTick: { show: false },
          axisLine: { lineStyle: { color: token.colorBorder } },
          axisLabel: { ...text, hideOverlap: true },
        },
        yAxis: {
          type: "value",
          min: 0,
          splitNumber: 4,
          minInterval: 1,
          splitLine: { lineStyle: { color: token.colorBorderSecondary } },
          axisLabel: {
            ...text,
            formatter: (value: number) => format(value).replace(/\.0(?=\D|$)/, ""),
          },
        },
        series: [
          { ...bare, data: low },
          { ...bare, data: band, areaStyle: { color: token.colorPrimary, opacity: 0.16 } },
          ...(pace ? [line(pace, paceColor, "dashed", 1.5)] : []),
          line(expected, token.colorPrimary, "dashed"),
          line(won, token.colorPrimary, "solid"),
        ],
      },
      { notMerge: true },
    );

    const end = (text: string, data: (number | null)[], color: string): Name[] => {
      const index = data.findLastIndex((value) => value !== null);
      const pixel = (at: number) =>
        chart.current?.convertToPixel({ gridIndex: 0 }, [at, data[index] ?? 0]) ?? [];
      const [x] = pixel(labels.length - 1);
      const [, y] = pixel(index);
      return index >= 0 && x !== undefined && y !== undefined ? [{ text, color, x, y }] : [];
    };
    const isAhead = expected.some((value) => value !== null);
    const found = [
      ...(isAhead
        ? end(names.expected, expected, token.colorPrimary)
        : end(names.won, won, token.colorPrimary)),
      ...(pace ? end(names.pace, pace, token.colorTextSecondary) : []),
    ];
    const places = spread(
      found.map(({ y }) => y),
      NAME_HEIGHT_PX,
      NAME_HEIGHT_PX / 2,
      size.height - NAME_HEIGHT_PX,
    );
    setEnds(found.map((name, index) => ({ ...name, y: places[index] ?? name.y })));
  }, [props, token, still, narrow, size]);

  const { names, pace } = props;
  const isAhead = props.expected.some((value) => value !== null);
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
      <div className="chart-plot">
        <div ref={element} className="chart-canvas" role="img" aria-label={props.label} />
        {!narrow &&
          ends.map(({ text, color, x, y }) => (
            <span key={text} className="chart-end" style={{ color, left: x + 8, top: y }}>
              {text}
            </span>
          ))}
      </div>
    </div>
  );
}
