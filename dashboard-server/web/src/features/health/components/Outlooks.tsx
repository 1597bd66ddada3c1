import { useQuery } from "@tanstack/react-query";
import { useTexts } from "@/locales/i18n";
import { modelsQuery, type Proof } from "../api";
import { percent } from "../words";

const TARGETS = ["shrinking", "non_renewal"] as const;

/** Whether the other probabilities held: of shrinking, and of contracts that are not renewed. */
export function Outlooks({ proof }: { proof: Proof }) {
  const { t, lang } = useTexts();
  const digits = (value: number | null | undefined) => value?.toFixed(3) ?? "–";
  const shown = TARGETS.map((name) => ({ name, found: proof[name] ?? null }));
  return (
    <section className="card">
      <h2>{t("health.outlooks")}</h2>
      <table className="proof-table" data-testid="outlooks">
        <thead>
          <tr>
            <th>{t("health.cutoffOf", { cutoff: proof.cutoff })}</th>
            {shown.map(({ name }) => (
              <th key={name} className="figures">
                {t(`health.target.${name}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">{t("health.cameTrue")}</th>
            {shown.map(({ name, found }) => (
              <td key={name} className="figures">
                {found ? `${found.positives} / ${found.accounts}` : "–"}
              </td>
            ))}
          </tr>
          <tr>
            <th scope="row">{t("health.aucAgainst")}</th>
            {shown.map(({ name, found }) => (
              <td key={name} className="figures">
                {found?.probability
                  ? `${digits(found.probability.auc)} (${digits(found.baselines.last_trend.auc)})`
                  : t(found ? "health.notEnough" : "health.undecided")}
              </td>
            ))}
          </tr>
          <tr>
            <th scope="row">{t("health.brierAgainst")}</th>
            {shown.map(({ name, found }) => (
              <td key={name} className="figures">
                {found?.probability
                  ? `${digits(found.probability.brier)} (${digits(found.baselines.base_rate?.brier)})`
                  : "–"}
              </td>
            ))}
          </tr>
          <tr>
            <th scope="row">{t("health.errorOf")}</th>
            {shown.map(({ name, found }) => (
              <td key={name} className="figures">
                {found?.probability
                  ? percent(found.probability.calibration_error ?? 0, lang, 1)
                  : "–"}
              </td>
            ))}
          </tr>
        </tbody>
      </table>
      <p className="quiet small">{t("health.outlooksNote")}</p>
    </section>
  );
}

/** The models behind the last kept scores: what each was learned from. */
export function Models({ set }: { set: number | null }) {
  const { t } = useTexts();
  const found = useQuery(modelsQuery(set));
  const last = found.data?.scorings[0];
  if (!last) return null;
  return (
    <section className="card" data-testid="models">
      <h2>{t("health.models", { day: last.as_of })}</h2>
      <ul className="models">
        {last.models.map((model) => (
          <li key={model.target}>
            <strong>{t(`health.target.${model.target}`)}</strong>{" "}
            {model.kind === "fitted"
              ? t("health.model.fitted", {
                  from: model.learned_from,
                  to: model.learned_to,
                  days: model.learned_days,
                  rows: model.learned_rows.toLocaleString("en-US"),
                  auc: model.auc?.toFixed(3) ?? "–",
                  brier: model.brier?.toFixed(3) ?? "–",
                })
              : t(`health.model.${model.kind}`)}
          </li>
        ))}
      </ul>
    </section>
  );
}
