import { theme } from "antd";
import { LineChart as Lines } from "echarts/charts";
import { GridComponent, TooltipComponent } from "echarts/components";
import { type ECharts, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef, useState } from "react";
import { useMedia } from "@/lib/media";
import { spread } from "@/lib/spread";

use([Lines, GridComponent, TooltipComponent, CanvasRenderer]);

export type LineChartProps = {
  labels: string[];
  current: (number | null)[];
  before: (number | null)[] | null;
  /** How many of the last current points are not complete. */
  unfinished: number;
  names: { current: string; before: string };
  fromZero: boolean;
  format: (value: number) => string;
  tooltip: (index: number) => string[];
  label: string;
  onPick: (index: number) => void;
};

/** The width of a text in half characters; Chinese ones are whole. */
function width(text: string): number {
  return [...text].reduce((sum, one) => sum + (one > "\u2e80" ? 2 : 1), 0);
}

/** Under this width the names of the lines stand above the plot instead of at their ends. */
const NARROW_PX = 480;
const NAME_HEIGHT_PX = 16;

type Name = { text: string; color: string; x: number; y: number };

/** This period's line over the compared one's in grey. A module of its own, loaded when shown. */
export default function LineChart(props: LineChartProps) {
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
    zr.on("mousemove", (event) => {
      const inside = made.containPixel({ gridIndex: 0 }, [event.offsetX, event.offsetY]);
      zr.setCursorStyle(inside ? "pointer" : "default");
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
    const { labels, current, before, unfinished, names, fromZero, format } = props;
    const finished = current.length - unfinished;
    const text = { color: token.colorTextSecondary, fontFamily: token.fontFamily, fontSize: 12 };
    const line = (data: (number | null)[], color: string, type: "solid" | "dashed") => ({
      type: "line" as const,
      data,
      connectNulls: true,
      showSymbol: data.filter((value) => value !== null).length === 1,
      symbol: "circle",
      symbolSize: 6,
      itemStyle: { color },
      lineStyle: { color, type, width: 2 },
      emphasis: { disabled: true },
    });
    const solid = current.map((value, index) => (index < finished ? value : null));
    const dashed = current.map((value, index) => (index >= finished - 1 ? value : null));
    const series = [line(solid, token.colorPrimary, "solid")];
    if (unfinished > 0) series.push(line(dashed, token.colorPrimary, "dashed"));
    if (before) series.unshift(line(before, token.colorTextTertiary, "solid"));
    chart.current?.setOption(
      {
        animation: !still,
        animationDuration: 160,
        animationDurationUpdate: 160,
        aria: { enabled: false },
        grid: {
          left: 4,
          right: narrow
            ? 12
            : 12 + 7 * Math.max(width(names.current), before ? width(names.before) : 0),
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
          scale: !fromZero,
          splitNumber: 4,
          // Whole steps, so that a line of zeros has no five equal labels.
          minInterval: fromZero ? 1 : undefined,
          splitLine: { lineStyle: { color: token.colorBorderSecondary } },
          axisLabel: {
            ...text,
            formatter: (value: number) => format(value).replace(/\.0(?=\D|$)/, ""),
          },
        },
        series,
      },
      { notMerge: true },
    );

    // The names stand beside the ends of the lines, moved apart where the lines end close together.
    const end = (text: string, data: (number | null)[], color: string): Name[] => {
      const index = data.findLastIndex((value) => value !== null);
      const pixel = (at: number) =>
        chart.current?.convertToPixel({ gridIndex: 0 }, [at, data[index] ?? 0]) ?? [];
      const [x] = pixel(labels.length - 1);
      const [, y] = pixel(index);
      return index >= 0 && x !== undefined && y !== undefined ? [{ text, color, x, y }] : [];
    };
    const found = [
      ...end(names.current, current, token.colorPrimary),
      ...(before ? end(names.before, before, token.colorTextSecondary) : []),
    ];
    const places = spread(
      found.map(({ y }) => y),
      NAME_HEIGHT_PX,
      NAME_HEIGHT_PX / 2,
      size.height - NAME_HEIGHT_PX,
    );
    setEnds(found.map((name, index) => ({ ...name, y: places[index] ?? name.y })));
  }, [props, token, still, narrow, size]);

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
