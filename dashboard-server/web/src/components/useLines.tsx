import { theme } from "antd";
import { LineChart } from "echarts/charts";
import { GridComponent, TooltipComponent } from "echarts/components";
import { type ECharts, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { type RefObject, useEffect, useRef, useState } from "react";
import { useMedia } from "@/lib/media";
import { spread } from "@/lib/spread";

use([LineChart, GridComponent, TooltipComponent, CanvasRenderer]);

export type Values = (number | null)[];

/** The name of a line, which stands beside its end. */
export type Ending = { text: string; data: Values; color: string };

/** What is drawn; the same object for as long as nothing of it changes. */
export type Drawn = {
  labels: string[];
  /** Series as echarts takes them. */
  series: object[];
  endings: Ending[];
  /** The value axis, beside what all have in common. */
  axis: { min?: number; scale?: boolean; minInterval?: number };
  /** What is left free on the right of a narrow plot, for its last label. */
  narrowRight: number;
};

export type Pointed = {
  format: (value: number) => string;
  tooltip: (index: number) => string[];
  onPick: (index: number) => void;
};

/** Under this width the names of the lines stand above the plot instead of at their ends. */
const NARROW_PX = 480;
const NAME_HEIGHT_PX = 16;

type Name = { text: string; color: string; x: number; y: number };

/** The width of a text in half characters; Chinese ones are whole. */
function width(text: string): number {
  return [...text].reduce((sum, one) => sum + (one > "\u2e80" ? 2 : 1), 0);
}

/** A line as all charts have it. */
export function line(data: Values, color: string, type: "solid" | "dashed", at = 2) {
  return {
    type: "line" as const,
    data,
    showSymbol: data.filter((value) => value !== null).length === 1,
    symbol: "circle",
    symbolSize: 6,
    itemStyle: { color },
    lineStyle: { color, type, width: at },
    emphasis: { disabled: true },
  };
}

/** Draws lines over a category axis: where, how narrow it is, and where the names of the lines stand. */
export function useLines(drawn: Drawn, pointed: Pointed) {
  const { token } = theme.useToken();
  const still = useMedia("(prefers-reduced-motion: reduce)");
  const element = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | null>(null);
  const latest = useRef(pointed);
  latest.current = pointed;
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

  const { format } = pointed;
  useEffect(() => {
    if (size.width === 0) return;
    const { labels, series, endings, axis, narrowRight } = drawn;
    const text = { color: token.colorTextSecondary, fontFamily: token.fontFamily, fontSize: 12 };
    chart.current?.setOption(
      {
        animation: !still,
        animationDuration: 160,
        animationDurationUpdate: 160,
        aria: { enabled: false },
        grid: {
          left: 4,
          right: narrow
            ? narrowRight
            : 12 + 7 * Math.max(0, ...endings.map((ending) => width(ending.text))),
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
          splitNumber: 4,
          ...axis,
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
    const found = endings.flatMap(({ text, data, color }): Name[] => {
      const index = data.findLastIndex((value) => value !== null);
      const pixel = (at: number) =>
        chart.current?.convertToPixel({ gridIndex: 0 }, [at, data[index] ?? 0]) ?? [];
      const [x] = pixel(labels.length - 1);
      const [, y] = pixel(index);
      return index >= 0 && x !== undefined && y !== undefined ? [{ text, color, x, y }] : [];
    });
    const places = spread(
      found.map(({ y }) => y),
      NAME_HEIGHT_PX,
      NAME_HEIGHT_PX / 2,
      size.height - NAME_HEIGHT_PX,
    );
    setEnds(found.map((name, index) => ({ ...name, y: places[index] ?? name.y })));
  }, [drawn, format, token, still, narrow, size]);

  return { element, narrow, ends };
}

/** The plot of lines, with their names at its right where there is room. */
export function Plot({
  element,
  label,
  narrow,
  ends,
}: {
  element: RefObject<HTMLDivElement | null>;
  label: string;
  narrow: boolean;
  ends: Name[];
}) {
  return (
    <div className="chart-plot">
      <div ref={element} className="chart-canvas" role="img" aria-label={label} />
      {!narrow &&
        ends.map(({ text, color, x, y }) => (
          <span key={text} className="chart-end" style={{ color, left: x + 8, top: y }}>
            {text}
          </span>
        ))}
    </div>
  );
}
