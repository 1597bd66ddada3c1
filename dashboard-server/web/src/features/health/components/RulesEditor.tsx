import { useQuery } from "@tanstack/react-query";
import { Alert, Button, InputNumber, Select, Skeleton, Switch, Table } from "antd";
import { useDeferredValue, useRef, useState } from "react";
import { FailureState, useTellProblem } from "@/components/States";
import { StatusMark } from "@/components/StatusMark";
import { useAction } from "@/components/useAction";
import { changeRecord, createRecord, listQuery, type Rec } from "@/lib/api/records";
import { useTexts } from "@/locales/i18n";
import { previewQuery, type Rules, rulesQuery, STATUSES, TIERS } from "../api";
import { Moved } from "./Moved";

const FACTORS = [
  "rhythm",
  "frequency",
  "amount_trend",
  "delivery",
  "returns",
  "breadth",
  "quote_acceptance",
  "payment",
  "interaction",
  "interaction_trend",
  "contacts",
  "service",
  "contract",
];

/** The borders that can be moved, and between which numbers. */
const BORDERS = [
  ["green_from", 2, 100, 1],
  ["yellow_from", 1, 99, 1],
  ["orders_from", 1, 100, 1],
  ["silent_at", 1, 100, 0.5],
  ["overdue_days", 0, 3660, 1],
] as const;

/** When a fall is told of, and between which numbers that can be moved. */
const NOTICES = [
  ["points", 1, 100],
  ["days", 1, 60],
  ["per_week", 1, 100],
] as const;

type Setting = Rec & { key: string; value: object };
const settingsQuery = listQuery<Setting>("setting", {
  filters: [{ field: "key", op: "in", values: ["health"] }],
});

/** What the scorecard weighs, and who would move by other weights before they are in force. */
export function RulesEditor({ published }: { published: number | null }) {
  const found = useQuery(rulesQuery);
  const setting = useQuery(settingsQuery);
  const error = found.error ?? setting.error;
  if (error) return <FailureState error={error} onRetry={() => void found.refetch()} />;
  if (!found.data || !setting.data) return <Skeleton active paragraph={{ rows: 8 }} />;
  return (
    <Editor
      key={JSON.stringify(found.data)}
      rules={found.data}
      setting={setting.data.rows[0] ?? null}
      published={published}
    />
  );
}

function Editor({
  rules,
  setting,
  published,
}: {
  rules: Rules;
  setting: Setting | null;
  published: number | null;
}) {
  const { t } = useTexts();
  const tell = useTellProblem();
  const [draft, setDraft] = useState(rules);
  const key = useRef(crypto.randomUUID());
  const changed = JSON.stringify(draft) !== JSON.stringify(rules);
  const tried = useDeferredValue(changed ? draft : null);
  const preview = useQuery(previewQuery(tried, published));
  const save = useAction(
    (value: object) =>
      setting
        ? changeRecord<Setting>("setting", setting, { value })
        : createRecord<Setting>("setting", { key: "health", value }, key.current),
    () => t("health.rules.saved"),
  );
  const number = (
    name: string,
    value: number,
    least: number,
    most: number,
    step: number,
    change: (value: number) => void,
  ) => (
    <InputNumber
      value={value}
      min={least}
      max={most}
      step={step}
      aria-label={name}
      onChange={(next) => next !== null && change(next)}
    />
  );
  return (
    <div className="rules">
      <section className="card">
        <h2>{t("health.rules.weights")}</h2>
        <ul className="rule-list">
          {FACTORS.map((factor) => (
            <li key={factor}>
              <span className="grow">{t(`health.factor.${factor}`)}</span>
              {number(
                t(`health.factor.${factor}`),
                draft.weights[factor] ?? 0,
                0,
                100,
                1,
                (weight) => setDraft({ ...draft, weights: { ...draft.weights, [factor]: weight } }),
              )}
            </li>
          ))}
        </ul>
        <p className="quiet small">{t("health.rules.weightsNote")}</p>
        <h2>{t("health.rules.borders")}</h2>
        <ul className="rule-list">
          {BORDERS.map(([name, least, most, step]) => (
            <li key={name}>
              <span className="grow">{t(`health.rules.${name}`)}</span>
              {number(t(`health.rules.${name}`), draft[name], least, most, step, (value) =>
                setDraft({ ...draft, [name]: value }),
              )}
            </li>
          ))}
          <li>
            <span className="grow">{t("health.rules.lunar_years")}</span>
            <Switch
              checked={draft.lunar_years}
              aria-label={t("health.rules.lunar_years")}
              onChange={(lunar) => setDraft({ ...draft, lunar_years: lunar })}
            />
          </li>
        </ul>
        <h2>{t("health.rules.notices")}</h2>
        <ul className="rule-list">
          {NOTICES.map(([name, least, most]) => (
            <li key={name}>
              <span className="grow">{t(`health.rules.notice.${name}`)}</span>
              {number(
                t(`health.rules.notice.${name}`),
                draft.notices[name],
                least,
                most,
                1,
                (value) => setDraft({ ...draft, notices: { ...draft.notices, [name]: value } }),
              )}
            </li>
          ))}
          <li>
            <span className="grow">{t("health.rules.notice.tiers")}</span>
            <Select
              mode="multiple"
              className="rule-tiers"
              value={draft.notices.tiers}
              aria-label={t("health.rules.notice.tiers")}
              placeholder={t("health.rules.notice.none")}
              options={TIERS.map((value) => ({ value, label: t("health.tier", { tier: value }) }))}
              onChange={(tiers) =>
                setDraft({ ...draft, notices: { ...draft.notices, tiers: tiers.sort() } })
              }
            />
          </li>
        </ul>
        <div className="rule-actions">
          {setting && (
            <Button loading={save.isPending} onClick={() => save.mutate({})}>
              {t("health.rules.reset")}
            </Button>
          )}
          <Button
            type="primary"
            disabled={!changed || preview.isError}
            loading={save.isPending}
            data-testid="rules-save"
            onClick={() => save.mutate(draft)}
          >
            {t("health.rules.save")}
          </Button>
        </div>
      </section>
      <section className="card" aria-live="polite">
        <h2>{t("health.rules.preview")}</h2>
        {preview.error ? (
          <Alert
            type="error"
            showIcon
            title={t("health.rules.failed")}
            description={tell(preview.error).sentence}
          />
        ) : !changed || !preview.data ? (
          <p className="quiet">{t("health.rules.same")}</p>
        ) : (
          <div className={preview.isPlaceholderData ? "stale" : ""} data-testid="rules-preview">
            <table className="proof-table">
              <thead>
                <tr>
                  <th>{t("health.rules.status")}</th>
                  <th className="figures">{t("health.rules.now")}</th>
                  <th className="figures">{t("health.rules.after")}</th>
                </tr>
              </thead>
              <tbody>
                {STATUSES.map((status) => (
                  <tr key={status}>
                    <th scope="row">
                      <StatusMark status={status} />
                    </th>
                    <td className="figures">{preview.data.before[status] ?? 0}</td>
                    <td className="figures">{preview.data.after[status] ?? 0}</td>
                  </tr>
                ))}
              </tbody>
            </table>
            <p>
              {preview.data.count === 0
                ? t("health.rules.same")
                : t("health.rules.moves", { count: preview.data.count })}
            </p>
            {preview.data.moved.length > 0 && (
              <Table
                size="small"
                rowKey="account_id"
                dataSource={preview.data.moved}
                pagination={false}
                showHeader={false}
                columns={[
                  { render: (_, row) => row.label },
                  {
                    width: 210,
                    render: (_, row) => (
                      <span className="health-score">
                        <StatusMark status={row.before} /> →
                        <StatusMark status={row.after} score={row.score_after} />
                        <Moved now={row.score_after} before={row.score_before} />
                      </span>
                    ),
                  },
                ]}
              />
            )}
          </div>
        )}
      </section>
    </div>
  );
}
