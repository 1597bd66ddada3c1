import { theme } from "antd";
import { LineChart as Lines } from "echarts/charts";
import { GridComponent, TooltipComponent } from "echarts/components";
import { type ECharts, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import { useMedia } from "@/lib/media";

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

/** This period's line over the compared one's in grey. A module of its own, loaded when shown. */
export default function LineChart(props: LineChartProps) {
  const { token } = theme.useToken();
  const still = useMedia("(prefers-reduced-motion: reduce)");
  const element = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | null>(null);
  const latest = useRef(props);
  latest.current = props;

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
    const observer = new ResizeObserver(() => made.resize());
    observer.observe(element.current);
    return () => {
      observer.disconnect();
      made.dispose();
      chart.current = null;
    };
  }, []);

  useEffect(() => {
    const { labels, current, before, unfinished, names, fromZero, format } = props;
    const finished = current.length - unfinished;
    const text = { color: token.colorTextSecondary, fontFamily: token.fontFamily, fontSize: 12 };
    const line = (
      name: string,
      data: (number | null)[],
      color: string,
      type: "solid" | "dashed",
      named: boolean,
    ) => ({
      name,
      type: "line" as const,
      data,
      connectNulls: true,
      showSymbol: data.filter((value) => value !== null).length === 1,
      symbol: "circle",
      symbolSize: 6,
      itemStyle: { color },
      lineStyle: { color, type, width: 2 },
      emphasis: { disabled: true },
      endLabel: { show: named, formatter: "{a}", ...text, color, distance: 6 },
      labelLayout: { moveOverlap: "shiftY" as const },
    });
    const solid = current.map((value, index) => (index < finished ? value : null));
    const dashed = current.map((value, index) => (index >= finished - 1 ? value : null));
    const series = [line(names.current, solid, token.colorPrimary, "solid", unfinished === 0)];
    if (unfinished > 0) {
      series.push(line(names.current, dashed, token.colorPrimary, "dashed", true));
    }
    if (before) series.unshift(line(names.before, before, token.colorTextTertiary, "solid", true));
    chart.current?.setOption(
      {
        animation: !still,
        animationDuration: 160,
        animationDurationUpdate: 160,
        aria: { enabled: false },
        grid: {
          left: 4,
          right: 12 + 7 * Math.max(width(names.current), before ? width(names.before) : 0),
          top: 16,
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
          formatter: (found: unknown) => {
            const index = (found as { dataIndex: number }[])[0]?.dataIndex ?? 0;
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
  }, [props, token, still]);

  return <div ref={element} className="chart" role="img" aria-label={props.label} />;
}
