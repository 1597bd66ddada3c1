import { useQuery } from "@tanstack/react-query";
import { Alert, Skeleton, Tag } from "antd";
import { EmptyState, FailureState } from "@/components/States";
import { StatusMark } from "@/components/StatusMark";
import { useTexts } from "@/locales/i18n";
import { type Proof, proofsQuery } from "../api";
import { percent } from "../words";
import { Models, Outlooks } from "./Outlooks";

const BASELINES = ["recency", "frequency", "rfm", "bg_nbd"] as const;

/** Whether the scores held: scores of past days, and who ordered after them. */
export function Proofs({ set }: { set: number | null }) {
  const { t } = useTexts();
  const found = useQuery(proofsQuery(set));
  if (found.error) {
    return <FailureState error={found.error} onRetry={() => void found.refetch()} />;
  }
  if (!found.data) {
    return (
      <>
        <p className="quiet">{t("health.proving")}</p>
        <Skeleton active paragraph={{ rows: 8 }} />
      </>
    );
  }
  const { proofs } = found.data;
  const [last] = proofs;
  if (!last) return <EmptyState title={t("health.noProof")}>{t("health.noProofText")}</EmptyState>;
  return (
    <div className="proofs">
      <Verdict proof={last} />
      <div className="proof-columns">
        <Ranks proofs={proofs} />
        <Outcomes proof={last} />
        <Calibration proof={last} />
        <Outlooks proof={last} />
        <Models set={set} />
      </div>
      <p className="quiet small">{t("health.proofNote")}</p>
    </div>
  );
}

/** The answer in a sentence, and what to know before it is trusted. */
function Verdict({ proof }: { proof: Proof }) {
  const { t, lang } = useTexts();
  const own = proof.probability.auc ?? null;
  const recency = proof.baselines.recency.auc ?? null;
  const better = own !== null && recency !== null && own > recency + 0.005;
  return (
    <>
      <p className="verdict">
        {t(better ? "health.verdict.better" : "health.verdict.equal", {
          cutoff: proof.cutoff,
          days: proof.horizon_days,
          accounts: proof.accounts.toLocaleString("en-US"),
          positives: proof.positives.toLocaleString("en-US"),
          auc: own?.toFixed(3) ?? "–",
          recency: recency?.toFixed(3) ?? "–",
          error: percent(proof.probability.calibration_error ?? 0, lang, 1),
        })}
      </p>
      {!better && <Alert type="warning" showIcon title={t("health.noBetter")} />}
      {proof.model.kind === "purchase_process" && (
        <Alert type="info" showIcon title={t("health.shortHistory")} />
      )}
    </>
  );
}

/** How well each score put those first who ordered, cutoff by cutoff. */
function Ranks({ proofs }: { proofs: Proof[] }) {
  const { t } = useTexts();
  const lines: [string, (proof: Proof) => number | null | undefined][] = [
    ["probability", (proof) => proof.probability.auc],
    ["scorecard", (proof) => proof.scorecard.auc],
    ...BASELINES.map((name): [string, (proof: Proof) => number | null | undefined] => [
      name,
      (proof) => proof.baselines[name].auc,
    ]),
  ];
  return (
    <section className="card">
      <h2>{t("health.auc")}</h2>
      <table className="proof-table">
        <thead>
          <tr>
            <th>{t("health.cutoff")}</th>
            {proofs.map(({ cutoff }) => (
              <th key={cutoff} className="figures">
                {cutoff.slice(2)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map(([name, of]) => (
            <tr key={name} className={name === "recency" ? "rule" : ""}>
              <th scope="row">{t(`health.by.${name}`)}</th>
              {proofs.map((proof) => {
                const best = Math.max(...lines.map(([, other]) => other(proof) ?? 0));
                const own = of(proof) ?? null;
                return (
                  <td
                    key={proof.cutoff}
                    className={own !== null && own === best ? "figures strong" : "figures"}
                  >
                    {own?.toFixed(3) ?? "–"}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <p className="quiet small">{t("health.aucNote")}</p>
    </section>
  );
}

/** What came of the accounts of each status. */
function Outcomes({ proof }: { proof: Proof }) {
  const { t, lang } = useTexts();
  const part = (value: number | null | undefined) =>
    value === null || value === undefined ? "–" : percent(value, lang);
  return (
    <section className="card">
      <h2>{t("health.outcomes", { days: proof.horizon_days })}</h2>
      <table className="proof-table">
        <thead>
          <tr>
            <th>{t("health.column.status")}</th>
            <th className="figures">{t("health.column.accounts")}</th>
            <th className="figures">{t("health.column.ordered")}</th>
            <th className="figures">{t("health.column.kept")}</th>
          </tr>
        </thead>
        <tbody>
          {proof.statuses.map(({ status, accounts, ordered, kept }) => (
            <tr key={status}>
              <th scope="row">
                <StatusMark status={status} />
              </th>
              <td className="figures">{accounts.toLocaleString("en-US")}</td>
              <td className="figures">{part(ordered)}</td>
              <td className="figures">{part(kept)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="quiet small">{t("health.outcomesNote", { cutoff: proof.cutoff })}</p>
    </section>
  );
}

/** Predicted beside what came, by tenths of the accounts. */
function Calibration({ proof }: { proof: Proof }) {
  const { t, lang } = useTexts();
  const bins = proof.probability.calibration;
  return (
    <section className="card">
      <h2>{t("health.calibration")}</h2>
      <ul className="calibration">
        {bins.map(({ accounts, predicted, observed }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: bins are told apart by their place
          <li key={index} title={t("health.bin", { accounts })}>
            <span className="track" aria-hidden="true">
              <span className="came" style={{ width: `${observed * 100}%` }} />
              <span className="said" style={{ left: `${predicted * 100}%` }} />
            </span>
            <span className="figures small">
              {percent(predicted, lang)} → {percent(observed, lang)}
            </span>
          </li>
        ))}
      </ul>
      <p className="quiet small">
        {t("health.calibrationNote")} <Tag>Brier {proof.probability.brier?.toFixed(3) ?? "–"}</Tag>
      </p>
    </section>
  );
}
