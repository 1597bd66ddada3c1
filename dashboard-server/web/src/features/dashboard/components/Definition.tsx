import { InfoCircleOutlined } from "@ant-design/icons";
import { Popover } from "antd";
import type { Metric } from "@/lib/api/types";
import { instant, pick, unitOf } from "@/lib/format";
import { useTexts } from "@/locales/i18n";

type Props = {
  metric: Metric;
  n: number | null;
  completeTo: string | null | undefined;
  zone: string;
  versions: Record<string, number> | undefined;
};

/** What a number means and what it was made from. */
export function Definition({ metric, n, completeTo, zone, versions }: Props) {
  const { t, lang } = useTexts();
  const name = pick(metric.label, lang);
  const unit = unitOf(metric);
  const direction =
    metric.direction === "up" || metric.direction === "down" ? metric.direction : "neutral";
  const facts: [string, string][] = [
    [t("definition.formula"), metric.formula],
    [t("definition.unit"), t(`definition.units.${unit}`, { defaultValue: unit })],
    [t("definition.direction"), t(`definition.${direction}`)],
    [t("definition.n"), n === null ? "" : n.toLocaleString("en-US")],
    [t("definition.fresh"), completeTo ? instant(completeTo, zone) : ""],
    [
      t("definition.versions"),
      Object.entries(versions ?? {})
        .map(([table, version]) => `${table} ${version}`)
        .join(", "),
    ],
  ];
  return (
    <Popover
      trigger="click"
      title={name}
      content={
        <div className="definition">
          <p>{pick(metric.description, lang)}</p>
          <dl>
            {facts
              .filter(([, text]) => text)
              .map(([term, text]) => (
                <div key={term}>
                  <dt>{term}</dt>
                  <dd className={term === t("definition.formula") ? "formula" : ""}>{text}</dd>
                </div>
              ))}
          </dl>
        </div>
      }
    >
      <button
        type="button"
        className="info"
        aria-label={t("definition.open", { name })}
        onClick={(event) => event.stopPropagation()}
      >
        <InfoCircleOutlined />
      </button>
    </Popover>
  );
}
