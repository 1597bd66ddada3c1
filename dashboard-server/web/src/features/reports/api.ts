import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { get, getFile } from "@/lib/api/client";
import type { components } from "@/lib/api/schema";
import type { Lang } from "@/lib/format";

export type Report = components["schemas"]["MonthlyReportShown"];
export type ReportTable = components["schemas"]["ReportTable"];
export type ReportSection = components["schemas"]["ReportSection"];
export type ReportCell = components["schemas"]["ReportCell"];

/** The report of a month; another one of it is made when a newer set was published. */
export function monthlyQuery(month: string, lang: Lang, set: number | null) {
  return queryOptions({
    queryKey: ["report", month, lang, set],
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: ({ signal }): Promise<Report> =>
      get("/api/reports/monthly", { month, lang }, signal) as Promise<Report>,
  });
}

export function monthlyFile(month: string, lang: Lang, format: "pdf" | "xlsx") {
  return getFile(
    "/api/reports/monthly/file",
    { month, lang, format },
    `monthly-${month}-${lang}.${format}`,
  );
}
