import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Drawer, Skeleton, Tag, Tooltip } from "antd";
import { useEffect, useState } from "react";
import { ChangeMark } from "@/components/ChangeMark";
import type { Condition, Dimension, DriversResult, Metric, Segment, Status } from "@/lib/api/types";
import { full, pick, short, unitOf } from "@/lib/format";
import { usePhone } from "@/lib/media";
import { conditionText, dimensionName, metricName, rangeText } from "@/lib/numbers";
import type { Range } from "@/lib/period";
import { useTexts } from "@/locales/i18n";
import { driversQuery } from "../api/drivers";
import { given, segmentConditions, segmentName, signed } from "../drivers";
import { Waterfall } from "./Waterfall";
import { Why } from "./Why";

type Props = {
  metric: Metric;
  metrics: Metric[];
  where: Condition[];
  days: Range;
  compared: Range;
  /** The moment that the data are looked at; null for now. */
  asOf: string | null;
  dimensions: Dimension[];
  status: Status;
  onOpen: (where: Condition[], before: boolean) => void;
  onClose: () => void;
};

/** Why a number moved: the sentence, the way there, and the segments with their records. */
export function DriversDrawer(props: Props) {
  const { metric, where, days, compared, asOf, dimensions, status, onClose } = props;
  const { t, lang } = useTexts();
  const phone = usePhone();
  // Closing leads back to the change that was opened.
  const [opener] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      setTimeout(() => {
        if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
      });
    },
    [opener],
  );
  const found = useQuery(driversQuery(metric.name, where, days, compared, asOf, status.set));
  return (
    <Drawer
      open
      size={phone ? "100%" : 720}
      onClose={onClose}
      keyboard
      destroyOnHidden
      data-testid="drivers"
      className="records drivers"
      title={t("drivers.title", { name: pick(metric.label, lang) })}
    >
      <div className="records-where">
        <Tag>{t("drivers.days", { days: rangeText(days), compared: rangeText(compared) })}</Tag>
        {where.map((condition) => (
          <Tag key={condition.dimension}>
            <span className="chip-name">
              {dimensionName(dimensions, condition.dimension, lang)}
            </span>{" "}
            {conditionText(condition, t, lang)}
          </Tag>
        ))}
      </div>
      {found.error ? (
        <Alert
          type="error"
          showIcon
          title={t("state.failed")}
          description={<Why problem={found.error} />}
          action={<Button onClick={() => found.refetch()}>{t("state.retry")}</Button>}
        />
      ) : !found.data ? (
        <Skeleton active paragraph={{ rows: 8 }} />
      ) : (
        <Report report={found.data} {...props} />
      )}
    </Drawer>
  );
}

function Report({
  report,
  metric,
  metrics,
  dimensions,
  onOpen,
}: Props & { report: DriversResult }) {
  const { t, lang } = useTexts();
  const unit = unitOf(metric);
  const open = (index: number, before = false) => {
    const segment = report.segments[index];
    const where = segment && segmentConditions(segment);
    if (where) onOpen(where, before);
  };
  return (
    <div className="records-body">
      <Sentence report={report} metric={metric} dimensions={dimensions} />
      {report.flags.map((flag) => (
        <Alert
          key={`${flag.kind}${"dimension" in flag ? flag.dimension : ""}`}
          type="warning"
          showIcon
          title={<Flagged flag={flag} unit={unit} dimensions={dimensions} metrics={metrics} />}
        />
      ))}
      <Waterfall report={report} metric={metric} dimensions={dimensions} onOpen={open} />
      <Segments report={report} metric={metric} dimensions={dimensions} onOpen={open} />
      <Factors report={report} metrics={metrics} dimensions={dimensions} unit={unit} />
      <p className="quiet small">
        {t("drivers.searched", {
          count: report.searched,
          names: report.by
            .map((name) => dimensionName(dimensions, name, lang))
            .join(lang === "zh" ? "、" : ", "),
        })}
      </p>
    </div>
  );
}

function Sentence({
  report,
  metric,
  dimensions,
}: {
  report: DriversResult;
  metric: Metric;
  dimensions: Dimension[];
}) {
  const { t, lang } = useTexts();
  const unit = unitOf(metric);
  const { before, after, change, ci } = report;
  if (change === null || change === undefined) {
    return <p className="drivers-sentence">{t("drivers.nothing")}</p>;
  }
  const sure = report.segments.filter(({ significant }) => significant);
  const names = sure
    .slice(0, 3)
    .map((segment) =>
      t("drivers.part", {
        name: segmentName(segment, dimensions, t, lang),
        value: signed(segment.contribution, unit, lang),
      }),
    )
    .join(lang === "zh" ? "、" : ", ");
  const verdict = report.chance
    ? t(report.significant ? "drivers.alike" : "drivers.chance")
    : t(report.common ? "drivers.apart" : "drivers.moved", { names });
  return (
    <div className="drivers-sentence" data-testid="drivers-sentence">
      <p>
        {t("drivers.sentence", {
          name: pick(metric.label, lang),
          before: short(before ?? null, unit, lang),
          after: short(after ?? null, unit, lang),
          change: signed(change, unit, lang),
        })}
        {ci && (
          <span className="quiet">
            {" "}
            {t("drivers.between", {
              low: signed(ci[0] ?? 0, unit, lang),
              high: signed(ci[1] ?? 0, unit, lang),
            })}
          </span>
        )}
      </p>
      <p className="drivers-verdict">{verdict}</p>
    </div>
  );
}

type Flag = DriversResult["flags"][number];

function Flagged({
  flag,
  unit,
  dimensions,
  metrics,
}: {
  flag: Flag;
  unit: string;
  dimensions: Dimension[];
  metrics: Metric[];
}) {
  const { t, lang } = useTexts();
  const text = (value: number) => signed(value, unit, lang);
  switch (flag.kind) {
    case "reversal":
      return t("drivers.flags.reversal", {
        name: dimensionName(dimensions, flag.dimension, lang),
        rate: text(flag.rate),
        mix: text(flag.mix),
      });
    case "immature":
      return t("drivers.flags.immature", { before: flag.before, after: flag.after });
    case "unfinished":
      return t("drivers.flags.unfinished", { day: flag.to });
    case "restated":
      return t("drivers.flags.restated", { before: flag.before, after: flag.after });
    case "factors_differ":
      return t("drivers.flags.factorsDiffer", {
        name: metricName(metrics, flag.factor, lang),
        least: text(flag.least),
        most: text(flag.most),
      });
  }
}

function Segments({
  report,
  metric,
  dimensions,
  onOpen,
}: {
  report: DriversResult;
  metric: Metric;
  dimensions: Dimension[];
  onOpen: (index: number, before?: boolean) => void;
}) {
  const { t, lang } = useTexts();
  const unit = unitOf(metric);
  const isRatio = unit === "ratio" || report.residual !== 0;
  const parts: Segment[] = [...report.segments, report.rest];
  const number = (value: number | null | undefined, n: number, index: number, before: boolean) => {
    const can = parts[index] && segmentConditions(parts[index] as Segment) !== null;
    const text = short(value ?? null, unit, lang);
    const hint = `${full(value ?? null, unit, lang)} · n ${n.toLocaleString("en-US")}`;
    return can ? (
      <Tooltip title={hint}>
        <button type="button" className="link" onClick={() => onOpen(index, before)}>
          {text}
        </button>
      </Tooltip>
    ) : (
      <span title={hint}>{text}</span>
    );
  };
  return (
    <div className="drivers-scroll">
      <table className="drivers-table" data-testid="segments">
        <thead>
          <tr>
            <th>{t("drivers.segment")}</th>
            <th>{t("drivers.contribution")}</th>
            <th className="wide">{t(isRatio ? "drivers.rate" : "drivers.each")}</th>
            <th className="wide">{t(isRatio ? "drivers.mix" : "drivers.count")}</th>
            <th>{t("drivers.beforeAfter")}</th>
            <th className="wide">n</th>
            <th>{t("drivers.sure")}</th>
          </tr>
        </thead>
        <tbody>
          {parts.map((part, index) => {
            const moved = given(part.contribution, metric, unit, lang);
            const name = segmentName(part, dimensions, t, lang);
            const range = part.ci.map((end) => signed(end, unit, lang)).join(" … ");
            return (
              <tr key={name} className={index === report.segments.length ? "rest" : undefined}>
                <th scope="row">{name}</th>
                <td>
                  {moved && <ChangeMark change={moved} />}
                  <div className="quiet small">{range}</div>
                </td>
                <td className="wide">{signed(part.rate, unit, lang)}</td>
                <td className="wide">{signed(part.mix, unit, lang)}</td>
                <td>
                  {number(part.before, part.n_before, index, true)}
                  {" → "}
                  {number(part.after, part.n_after, index, false)}
                </td>
                <td className="wide">
                  {part.n_before.toLocaleString("en-US")} → {part.n_after.toLocaleString("en-US")}
                </td>
                <td>{t(part.significant ? "drivers.yes" : "drivers.no")}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Factors({
  report,
  metrics,
  dimensions,
  unit,
}: {
  report: DriversResult;
  metrics: Metric[];
  dimensions: Dimension[];
  unit: string;
}) {
  const { t, lang } = useTexts();
  const { factors } = report;
  if (!factors) return null;
  const name = (metric: string, index: number) => {
    const own = metricName(metrics, metric, lang);
    const last = factors.names[index - 1];
    return last === undefined ? own : `${own} / ${metricName(metrics, last, lang)}`;
  };
  const rows: [string, number[]][] = [
    [t("drivers.factors.all"), factors.total],
    ...factors.by.map(({ dimension, total }): [string, number[]] => [
      dimensionName(dimensions, dimension, lang),
      total,
    ]),
  ];
  return (
    <section>
      <h3 className="drivers-head">{t("drivers.factors.title")}</h3>
      <div className="drivers-scroll">
        <table className="drivers-table">
          <thead>
            <tr>
              <th>{t("drivers.factors.by")}</th>
              {factors.names.map((metric, index) => (
                <th key={metric}>{name(metric, index)}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(([label, total]) => (
              <tr key={label}>
                <th scope="row">{label}</th>
                {factors.names.map((metric, index) => (
                  <td key={metric}>{signed(total[index] ?? 0, unit, lang)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
