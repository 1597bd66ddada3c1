import { DownloadOutlined, LeftOutlined, RightOutlined, UploadOutlined } from "@ant-design/icons";
import { useMutation, useQuery } from "@tanstack/react-query";
import { App, Button, Segmented, Select, Skeleton, Switch } from "antd";
import { useEffect, useState } from "react";
import { Link, useSearchParams } from "react-router";
import { EmptyState, FailureState, useTellProblem } from "@/components/States";
import { keep } from "@/lib/api/client";
import { registryQuery, statusQuery } from "@/lib/api/queries";
import { dayOf, pick } from "@/lib/format";
import { usePhone } from "@/lib/media";
import { useMay, useMe, useSeesAmounts } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { peopleQuery, targetsQuery, teamsQuery, templateFile } from "../api";
import { Grid } from "../components/Grid";
import { ImportDialog } from "../components/ImportDialog";
import { type Setter, targetable } from "../grid";
import "../targets.css";

const FIRST_YEAR = 2000;
const LAST_YEAR = 2099;

/** What a metric is to reach in a year: of the company, its teams and people. */
export function TargetsPage() {
  const { t, lang } = useTexts();
  const me = useMe();
  const may = useMay();
  const phone = usePhone();
  const seesAmounts = useSeesAmounts();
  const { notification } = App.useApp();
  const tell = useTellProblem();
  const [params, setParams] = useSearchParams();
  const [importing, setImporting] = useState(false);
  const status = useQuery(statusQuery);
  const registry = useQuery(registryQuery(status.data?.set));
  const teams = useQuery(teamsQuery);
  const people = useQuery(peopleQuery);
  const title = t("targets.title");
  useEffect(() => {
    document.title = `${title} · ${me.company.name ?? "Millrace"}`;
  }, [title, me.company.name]);

  const today = dayOf(new Date().toISOString(), me.company.zone);
  const asked = Number(params.get("year"));
  const year = asked >= FIRST_YEAR && asked <= LAST_YEAR ? asked : Number(today.slice(0, 4));
  const grain = params.get("grain") === "quarter" ? "quarter" : "month";
  const metrics = targetable(registry.data?.metrics ?? []).filter(
    ({ unit }) => unit !== "amount" || seesAmounts,
  );
  const metric = metrics.find(({ name }) => name === params.get("metric")) ?? metrics[0];
  const targets = useQuery(targetsQuery(metric?.name ?? null, year));
  const change = (name: string, value: string | null) =>
    setParams((now) => {
      const next = new URLSearchParams(now);
      if (value === null) next.delete(name);
      else next.set(name, value);
      return next;
    });
  const template = useMutation({
    mutationFn: () => templateFile(year, lang),
    onSuccess: keep,
    onError: (error) => notification.error({ title: tell(error).sentence }),
  });
  // where nobody has one, those are shown who may get one
  const wanted = params.get("all");
  const all = wanted === null ? targets.data?.length === 0 : wanted === "1";
  const failed = [status, registry, teams, people, targets].find(({ error }) => error);
  const setter: Setter | null =
    teams.data && people.data
      ? {
          rights: me.rights,
          userId: me.user_id,
          teamId: me.team_id,
          teams: teams.data,
          people: people.data,
        }
      : null;
  const sets = may("target", "create") || may("target", "update");
  return (
    <main className="work-page targets">
      <header className="page-head">
        <h1>{title}</h1>
        <Select
          value={metric?.name}
          aria-label={t("targets.metric")}
          data-testid="target-metric"
          popupMatchSelectWidth={false}
          showSearch={{ optionFilterProp: "label" }}
          onChange={(name: string) => change("metric", name)}
          options={metrics.map(({ name, label }) => ({ value: name, label: pick(label, lang) }))}
        />
        <fieldset className="target-year" aria-label={t("targets.year")}>
          <Button
            type="text"
            icon={<LeftOutlined />}
            aria-label={String(year - 1)}
            disabled={year <= FIRST_YEAR}
            onClick={() => change("year", String(year - 1))}
          />
          <strong className="figures">{year}</strong>
          <Button
            type="text"
            icon={<RightOutlined />}
            aria-label={String(year + 1)}
            disabled={year >= LAST_YEAR}
            onClick={() => change("year", String(year + 1))}
          />
        </fieldset>
        <Segmented
          value={grain}
          onChange={(value) => change("grain", value === "month" ? null : value)}
          options={(["month", "quarter"] as const).map((value) => ({
            value,
            label: t(`targets.grain.${value}`),
          }))}
        />
        {!phone && sets && (
          // biome-ignore lint/a11y/noLabelWithoutControl: the switch is its control
          <label className="target-people">
            <Switch
              size="small"
              checked={all}
              data-testid="target-all"
              onChange={(checked) => change("all", checked ? "1" : "0")}
            />{" "}
            {t("targets.all")}
          </label>
        )}
        <span className="end target-files">
          <Button
            icon={<DownloadOutlined />}
            loading={template.isPending}
            data-testid="target-template"
            onClick={() => template.mutate()}
          >
            {t("targets.template")}
          </Button>
          {may("target", "create") && (
            <Button
              icon={<UploadOutlined />}
              data-testid="target-import"
              onClick={() => setImporting(true)}
            >
              {t("targets.import")}
            </Button>
          )}
        </span>
      </header>
      {failed ? (
        <FailureState error={failed.error} onRetry={() => void failed.refetch()} />
      ) : registry.data && !metric ? (
        <EmptyState title={t("targets.emptyTitle")}>{t("targets.emptyText")}</EmptyState>
      ) : !setter || !metric || !targets.data ? (
        <div className="card">
          <Skeleton active paragraph={{ rows: 10 }} />
        </div>
      ) : (
        <section className="card">
          <Grid
            key={`${metric.name} ${year} ${grain}`}
            metric={metric}
            year={year}
            grain={grain}
            all={all}
            setter={setter}
            targets={targets.data}
            today={today}
          />
          <p className="quiet small">
            {sets
              ? `${t("targets.hint")} ${t(`targets.unit.${metric.unit ?? "score"}`)}`
              : t("targets.readOnly")}
            {may("opportunity", "read") && (
              <>
                {" "}
                <Link to="/forecast">{t("targets.forecastLink")}</Link>
              </>
            )}
          </p>
        </section>
      )}
      {importing && <ImportDialog metrics={metrics} onClose={() => setImporting(false)} />}
    </main>
  );
}
