import { useQuery } from "@tanstack/react-query";
import { Button, Select, Skeleton } from "antd";
import { FailureState } from "@/components/States";
import { useAction } from "@/components/useAction";
import { useMe } from "@/lib/session";
import { fullTime } from "@/lib/when";
import { useTexts } from "@/locales/i18n";
import { type Appointment, appoint, appointedQuery, managersQuery } from "../api";
import { turns } from "../notices";

/** Who looks after an account, with one tap for another, and who did. */
export function Success({ account }: { account: string }) {
  const { t } = useTexts();
  const me = useMe();
  const found = useQuery(appointedQuery(account));
  const managers = useQuery(managersQuery);
  const give = useAction(
    (user: number | null) => appoint([account], user),
    ({ results }) => (results[0]?.problem ? null : t("health.success.given")),
  );
  if (found.error) {
    return <FailureState error={found.error} onRetry={() => void found.refetch()} />;
  }
  if (!found.data) return <Skeleton active paragraph={{ rows: 1 }} />;
  const { user_id, history } = found.data;
  const people = managers.data?.people ?? [];
  const mayChoose = managers.data?.may_choose ?? false;
  const name = history.find((own) => own.user_id === user_id)?.name;
  const failed = give.data?.results[0]?.problem;
  const isOne = people.some((own) => own.user_id === me.user_id && own.dedicated);
  return (
    <section data-testid="success">
      <h3>{t("health.success.title")}</h3>
      <div className="success-now">
        {mayChoose ? (
          <ManagerSelect
            value={user_id ?? null}
            name={name ?? null}
            loading={give.isPending}
            onChange={(user) => give.mutate(user)}
          />
        ) : (
          <span>{name ?? t("health.success.nobody")}</span>
        )}
        {mayChoose && isOne && user_id !== me.user_id && (
          <Button
            loading={give.isPending && give.variables === me.user_id}
            data-testid="success-mine"
            onClick={() => give.mutate(me.user_id)}
          >
            {t("health.success.take")}
          </Button>
        )}
      </div>
      {failed && <p className="standing-note">{failed.detail}</p>}
      {history.length > 0 && (
        <ul className="turns" data-testid="success-history">
          {history.map((own) => (
            <Line key={`${own.at}${own.user_id}`} own={own} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Line({ own }: { own: Appointment }) {
  const { t } = useTexts();
  const { zone } = useMe().company;
  const why = own.cause ? t(`health.success.cause.${own.cause}`) : own.reason;
  const by = own.by ? t("health.success.by", { name: own.by }) : null;
  return (
    <li>
      <time className="figures quiet" dateTime={own.at}>
        {fullTime(own.at, zone)}
      </time>
      <strong>{own.name ?? t("health.success.nobody")}</strong>
      <span className="quiet">{[by, why].filter(Boolean).join(t("health.and"))}</span>
    </li>
  );
}

/** Chooses who looks after accounts. */
export function ManagerSelect({
  value,
  name,
  loading,
  onChange,
}: {
  value: number | null;
  /** Of the one who is chosen, where they may be so no more. */
  name: string | null;
  loading: boolean;
  onChange: (user: number | null) => void;
}) {
  const { t } = useTexts();
  const people = useQuery(managersQuery).data?.people ?? [];
  const option = (own: (typeof people)[number]) => ({
    value: own.user_id,
    label: own.name,
    accounts: own.accounts,
  });
  const known = people.some((own) => own.user_id === value);
  const gone = value !== null && !known ? [{ value, label: name ?? "", accounts: 0 }] : [];
  return (
    <Select<number>
      className="success-select"
      value={value ?? undefined}
      loading={loading}
      disabled={loading}
      placeholder={t("health.success.choose")}
      aria-label={t("health.success.title")}
      data-testid="success-select"
      showSearch={{ optionFilterProp: "label" }}
      onChange={(user) => onChange(user ?? null)}
      options={[
        ...gone,
        ...[true, false].map((dedicated) => ({
          label: t(dedicated ? "health.success.dedicated" : "health.success.managing"),
          options: people.filter((own) => own.dedicated === dedicated).map(option),
        })),
      ].filter((group) => !("options" in group) || group.options.length > 0)}
      optionRender={({ data, label }) => (
        <span className="option-line">
          <span className="clip">{label}</span>
          {"accounts" in data && (
            <span className="quiet small">
              {t("health.success.accounts", { count: data.accounts })}
            </span>
          )}
        </span>
      )}
    />
  );
}

/** When an account came to stand otherwise. */
export function Turns({
  days,
}: {
  days: { as_of: string; settled_status: string; value_tier: string }[];
}) {
  const { t } = useTexts();
  const found = turns(days);
  if (found.length === 0) return <p className="quiet small">{t("health.turns.none")}</p>;
  return (
    <ul className="turns" data-testid="turns">
      {found.map(({ day, kind, before, after }) => (
        <li key={`${day}${kind}`}>
          <time className="figures quiet" dateTime={day}>
            {day}
          </time>
          <span>
            {kind === "status"
              ? t("health.turns.status", {
                  before: t(`health.status.${before}`),
                  after: t(`health.status.${after}`),
                })
              : t("health.turns.tier", { before, after })}
          </span>
        </li>
      ))}
    </ul>
  );
}
