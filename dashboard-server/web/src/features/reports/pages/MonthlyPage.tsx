import { DownloadOutlined } from "@ant-design/icons";
import { useMutation, useQuery } from "@tanstack/react-query";
import { App, Button, Select, Skeleton } from "antd";
import { useSearchParams } from "react-router";
import { EmptyState, FailureState, useTellProblem } from "@/components/States";
import { SubscribeButton } from "@/components/SubscribeButton";
import { ApiError, keep } from "@/lib/api/client";
import { statusQuery } from "@/lib/api/queries";
import { dayOf } from "@/lib/format";
import { monthAfter, monthOf, monthsOver } from "@/lib/months";
import { useTexts } from "@/locales/i18n";
import { monthlyFile, monthlyQuery, type ReportSection } from "../api";
import { FiguresTable } from "../components/FiguresTable";
import "../reports.css";

const MONTHS = 36;
const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;

/** The last day of a month. */
function lastDay(month: string): string {
  const next = new Date(`${monthAfter(month)}-01T00:00:00Z`);
  next.setUTCDate(0);
  return next.toISOString().slice(0, 10);
}

/** The monthly business report: what the month was, in words, and every number behind it. */
export function MonthlyPage() {
  const { t, lang } = useTexts();
  const [params, setParams] = useSearchParams();
  const status = useQuery(statusQuery);
  const zone = status.data?.zone ?? "Asia/Shanghai";
  const completeTo = status.data?.complete_to;
  const today = completeTo ? dayOf(completeTo, zone) : null;
  const over = today ? monthsOver(today, MONTHS) : [];
  const months = today ? [monthOf(today), ...over] : [];
  const asked = params.get("month");
  const month = asked && MONTH.test(asked) ? asked : (over[0] ?? null);
  const report = useQuery({
    ...monthlyQuery(month ?? "", lang, status.data?.set ?? null),
    enabled: month !== null,
  });
  const { notification } = App.useApp();
  const tell = useTellProblem();
  const save = useMutation({
    mutationFn: (format: "pdf" | "xlsx") => monthlyFile(month ?? "", lang, format),
    onSuccess: keep,
    onError: (error) => notification.error({ title: tell(error).sentence }),
  });
  const nothing =
    (status.data && completeTo == null) ||
    (report.error instanceof ApiError && report.error.code === "nothing-published");
  const linkOf = (metric: string) => {
    const days = `${month}-01..${month ? lastDay(month) : ""}`;
    return `/dashboard?${new URLSearchParams({ period: days, metric, records: metric })}`;
  };
  const document = report.data?.document;
  return (
    <main className="work-page report">
      <header className="page-head">
        <h1>{t("reports.title")}</h1>
        <Select
          value={month}
          aria-label={t("reports.month")}
          data-testid="report-month"
          onChange={(next: string) => setParams(next === over[0] ? {} : { month: next })}
          options={months.map((value) => ({ value, label: value }))}
          showSearch
        />
        <span className="end report-files">
          <SubscribeButton
            draft={() => ({
              kind: "monthly_report",
              name: t("subscriptions.named.monthly_report"),
              content: {},
            })}
          />
          {(["pdf", "xlsx"] as const).map((format) => (
            <Button
              key={format}
              icon={<DownloadOutlined />}
              disabled={!document}
              loading={save.isPending && save.variables === format}
              onClick={() => save.mutate(format)}
              data-testid={`report-${format}`}
            >
              {t(`reports.${format}`)}
            </Button>
          ))}
        </span>
      </header>
      {nothing ? (
        <EmptyState title={t("reports.none")}>{t("reports.noneText")}</EmptyState>
      ) : report.error ? (
        <FailureState error={report.error} onRetry={() => void report.refetch()} />
      ) : !document ? (
        <>
          <p className="quiet">{t("reports.making")}</p>
          <Skeleton active paragraph={{ rows: 12 }} />
        </>
      ) : (
        <article className={report.isPlaceholderData ? "stale" : undefined} data-testid="report">
          <h2 className="report-title">{document.subtitle}</h2>
          <p className="quiet small">
            {document.facts.map(({ name, value }) => `${name} ${value}`).join(" · ")}
          </p>
          <section className="report-conclusions" aria-label={document.conclusions_title}>
            <h2>{document.conclusions_title}</h2>
            <dl>
              {document.conclusions.map(({ head, text, tone }) => (
                <div key={head}>
                  <dt className={tone}>{head}</dt>
                  <dd>{text}</dd>
                </div>
              ))}
            </dl>
          </section>
          {document.figures.rows.length > 0 && (
            <section>
              <h2>{document.figures.title}</h2>
              <FiguresTable table={document.figures} linkOf={linkOf} />
            </section>
          )}
          {document.sections.map((section) => (
            <Part key={section.id} section={section} linkOf={linkOf} />
          ))}
        </article>
      )}
    </main>
  );
}

function Part({ section, linkOf }: { section: ReportSection; linkOf: (metric: string) => string }) {
  return (
    <section id={section.id}>
      <h2>{section.title}</h2>
      {section.lead.map((text) => (
        <p key={text}>{text}</p>
      ))}
      {section.charts.length > 0 && (
        <div className="report-charts">
          {section.charts.map((chart) => (
            <figure key={chart.name}>
              <figcaption className="strong small">{chart.title}</figcaption>
              <img
                src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(chart.svg)}`}
                alt={chart.told}
              />
            </figure>
          ))}
        </div>
      )}
      {section.tables.map((table) => (
        <div key={table.title}>
          <h3>{table.title}</h3>
          <FiguresTable table={table} linkOf={linkOf} />
        </div>
      ))}
    </section>
  );
}
