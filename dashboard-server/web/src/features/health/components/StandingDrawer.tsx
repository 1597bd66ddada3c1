import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Drawer, Skeleton, Tag } from "antd";
import { lazy, Suspense } from "react";
import { LakeLink } from "@/components/LakeLink";
import { FailureState } from "@/components/States";
import { StatusMark } from "@/components/StatusMark";
import { useAction } from "@/components/useAction";
import { amount, dayOf, full, numberOf, pick } from "@/lib/format";
import { readLakeId } from "@/lib/lakeId";
import { usePhone } from "@/lib/media";
import { useMay, useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { type Scoring, type Standing, standingQuery, takeStep } from "../api";
import { factorText, percent, points } from "../words";
import { GroupBody } from "./Groups";
import { Moved } from "./Moved";
import { Moves } from "./Moves";
import { Success, Turns } from "./Success";

const LineChart = lazy(() => import("@/components/LineChart"));

/** What lifts an account is told by the factors that bring most. */
const GAINS = 3;

/** How one account stands, why, what changed, and what would help. */
export function StandingDrawer({
  account,
  published,
  onOpen,
  onClose,
}: {
  account: string;
  published: number | null;
  onOpen: (account: string) => void;
  onClose: () => void;
}) {
  const phone = usePhone();
  const found = useQuery(standingQuery(account, published));
  const standing = found.data;
  return (
    <Drawer
      open
      size={phone ? "100%" : 640}
      onClose={onClose}
      destroyOnHidden
      data-testid="standing"
      title={<span className="clip">{standing?.label ?? account}</span>}
      extra={standing && <AccountLink standing={standing} />}
    >
      {found.error ? (
        <FailureState error={found.error} onRetry={() => void found.refetch()} />
      ) : standing ? (
        <Body standing={standing} onOpen={onOpen} />
      ) : (
        <Skeleton active paragraph={{ rows: 10 }} />
      )}
    </Drawer>
  );
}

function AccountLink({ standing }: { standing: Standing }) {
  const { t } = useTexts();
  return (
    <LakeLink id={standing.account_id}>
      <span>{t("health.openAccount")}</span>
    </LakeLink>
  );
}

function Body({ standing, onOpen }: { standing: Standing; onOpen: (account: string) => void }) {
  const { t, lang } = useTexts();
  const { now, before, lift, days, group } = standing;
  const { scored } = now;
  const shrink = numberOf(scored.shrink_probability);
  const ends = numberOf(scored.non_renewal_probability);
  const score = numberOf(scored.score) ?? 0;
  const status = String(scored.status);
  const risk = numberOf(scored.amount_at_risk);
  const year = numberOf(scored.amount_12_months);
  const probability = numberOf(scored.repurchase_probability) ?? 0;
  const held = typeof scored.held_by === "string" ? scored.held_by : null;
  return (
    <div className="standing">
      <p className="standing-head">
        <StatusMark status={status} score={score} />
        <Moved now={score} before={numberOf(before?.scored.score)} />
        <Tag>{t("health.tier", { tier: scored.value_tier })}</Tag>
        <span className="quiet small">
          {t("health.asOf", { day: now.as_of.slice(0, 10) })}
          {" · "}
          {t("health.coverage", { part: percent(numberOf(scored.coverage) ?? 0, lang) })}
        </span>
      </p>
      <p>
        {t("health.outlook", {
          days: scored.horizon_days,
          part: percent(probability, lang),
        })}
        {year !== null && risk !== null && (
          <span title={full(risk, "amount", lang)}>
            {t("health.outlookAmount", { year: amount(year, lang), risk: amount(risk, lang) })}
          </span>
        )}
      </p>
      {"shrink_probability" in scored && (
        <p data-testid="outlook">
          {shrink === null
            ? t("health.outlookNoShrink")
            : t("health.outlookShrink", { part: percent(shrink, lang) })}
          {ends !== null && t("health.outlookEnds", { part: percent(ends, lang) })}
        </p>
      )}
      {status === "unrated" && <p className="standing-note">{t("health.unratedNote")}</p>}
      {held && <p className="standing-note">{t(`health.held.${held}`)}</p>}
      {readLakeId(standing.account_id)?.entity === "account" && (
        <Success account={standing.account_id} />
      )}
      <Factors now={now} before={before ?? null} />
      <Moves standing={standing} />
      {lift && (
        <section>
          <h3>{t("health.lift", { status: t(`health.status.${lift.to}`) })}</h3>
          <p>
            {lift.held_by && t(`health.liftHeld.${lift.held_by}`)}{" "}
            {lift.missing > 0 &&
              t("health.liftMissing", {
                points: lift.missing.toFixed(1),
                gains: lift.gains
                  .slice(0, GAINS)
                  .map(({ factor, points: gain }) =>
                    t("health.gain", {
                      factor: t(`health.factor.${factor}`),
                      points: gain.toFixed(1),
                    }),
                  )
                  .join(t("health.and")),
              })}
          </p>
        </section>
      )}
      <Steps standing={standing} />
      {group && (
        <section>
          <h3>{t("health.group", { name: group.label })}</h3>
          <GroupBody group={group} own={standing.account_id} onOpen={onOpen} />
        </section>
      )}
      {days.length > 1 && <Days standing={standing} />}
    </div>
  );
}

/** The points of every factor against what it could bring, and how they moved. */
function Factors({ now, before }: { now: Scoring; before: Scoring | null }) {
  const { t, lang } = useTexts();
  const rhythm = numberOf(now.scored.rhythm_days);
  const held = numberOf(now.scored.held_down) ?? 0;
  return (
    <section>
      <h3>{t("health.factors")}</h3>
      <table className="factors" data-testid="factors">
        <thead className="hidden">
          <tr>
            <th>{t("health.column.factor")}</th>
            <th>{t("health.column.says")}</th>
            <th>{t("health.column.points")}</th>
            <th>{t("health.column.moved")}</th>
          </tr>
        </thead>
        <tbody>
          {now.factors.map(({ factor, value, points: own, weight }) => {
            const then = before?.factors.find((one) => one.factor === factor);
            const moved = then && then.weight > 0 && weight > 0 ? own - then.points : null;
            const part = weight > 0 ? own / weight : 0;
            return (
              <tr key={factor} className={weight > 0 ? "" : "faint"}>
                <th scope="row">
                  {t(`health.factor.${factor}`)}
                  <span className="quiet small factor-says">
                    {factorText(factor, value, rhythm, t, lang)}
                    {weight === 0 && value !== null && value !== undefined && (
                      <> · {t("health.notWeighed")}</>
                    )}
                  </span>
                </th>
                <td className="factor-bar">
                  {weight > 0 && (
                    <span className="bar" style={{ width: `${Math.max(weight * 3, 6)}px` }}>
                      <span
                        className={part >= 0.75 ? "good" : part >= 0.4 ? "middle" : "bad"}
                        style={{ width: `${part * 100}%` }}
                      />
                    </span>
                  )}
                </td>
                <td className="figures">
                  {weight > 0 ? `${own.toFixed(1)} / ${weight.toFixed(1)}` : "–"}
                </td>
                <td className="figures factor-moved">
                  {moved !== null && Math.abs(moved) >= 0.05 && (
                    <span className={`change ${moved > 0 ? "better" : "worse"}`}>
                      {points(moved)}
                    </span>
                  )}
                </td>
              </tr>
            );
          })}
          {held < -0.05 && (
            <tr>
              <th scope="row">{t("health.heldDown")}</th>
              <td />
              <td className="figures">{points(held)}</td>
              <td />
            </tr>
          )}
        </tbody>
      </table>
      {before && (
        <p className="quiet small">{t("health.against", { day: before.as_of.slice(0, 10) })}</p>
      )}
    </section>
  );
}

/** What to do and say, by the factors that cost most. */
function Steps({ standing }: { standing: Standing }) {
  const { t, lang } = useTexts();
  const may = useMay();
  const { now, steps } = standing;
  const take = useAction(
    (factor: string) => takeStep(standing.account_id, factor),
    () => t("health.stepTaken"),
  );
  const worst = now.factors
    .filter(({ weight, points: own }) => weight > 0 && weight - own >= 3)
    .sort((a, b) => b.weight - b.points - (a.weight - a.points))
    .slice(0, GAINS);
  if (worst.length === 0) return null;
  const own = readLakeId(standing.account_id)?.entity === "account";
  return (
    <section>
      <h3>{t("health.steps")}</h3>
      <ul className="steps" data-testid="steps">
        {worst.map(({ factor }) => (
          <li key={factor}>
            <span className="grow">
              <strong>{t(`health.factor.${factor}`)}</strong>{" "}
              {pick(steps.find((step) => step.factor === factor)?.text, lang)}
            </span>
            {own && may("todo", "create") && (
              <Button
                size="small"
                icon={<PlusOutlined />}
                loading={take.isPending && take.variables === factor}
                disabled={take.isSuccess && take.variables === factor}
                data-testid={`take-${factor}`}
                onClick={() => take.mutate(factor)}
              >
                {t("health.takeStep")}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Days({ standing }: { standing: Standing }) {
  const { t } = useTexts();
  const { zone } = useMe().company;
  const { days } = standing;
  const labels = days.map(({ as_of }) => dayOf(as_of, zone).slice(2));
  return (
    <section>
      <h3>{t("health.history")}</h3>
      <div className="standing-chart">
        <Suspense fallback={<Skeleton active />}>
          <LineChart
            labels={labels}
            current={days.map(({ score }) => score)}
            before={null}
            unfinished={0}
            names={{ current: t("health.column.score"), before: "" }}
            fromZero
            format={(value) => value.toFixed(0)}
            tooltip={(index) => {
              const day = days[index];
              return day
                ? [
                    labels[index] ?? "",
                    `${day.score.toFixed(0)} ${t(`health.status.${day.status}`)}`,
                  ]
                : [];
            }}
            label={t("health.history")}
            onPick={() => {}}
          />
        </Suspense>
      </div>
      <Turns days={days} />
    </section>
  );
}
