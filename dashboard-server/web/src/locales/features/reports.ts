/** The monthly report on its page. */
import type { Texts } from "../texts";

export const zh = {
  reports: {
    title: "经营月报",
    month: "月份",
    pdf: "下载 PDF",
    xlsx: "下载数据 (XLSX)",
    making: "正在汇总这个月的数字…",
    open: "在看板中打开：{{name}}",
    none: "还没有数字",
    noneText:
      "有了记录并发布之后，这里每个月一份：结论、关键指标、漏斗、报价、回款、服务、客户健康和变动原因。",
    parts: "目录",
  },
};

export const en: Texts<typeof zh> = {
  reports: {
    title: "Monthly report",
    month: "Month",
    pdf: "Download PDF",
    xlsx: "Download data (XLSX)",
    making: "Counting this month…",
    open: "Open on the dashboard: {{name}}",
    none: "No numbers yet",
    noneText:
      "Once there are records, each month has its report here: conclusions, key figures, pipeline, quotes, payments, service, customer health, and what moved the numbers.",
    parts: "Contents",
  },
};
