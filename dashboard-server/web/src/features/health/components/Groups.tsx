import { useQuery } from "@tanstack/react-query";
import { Skeleton } from "antd";
import { EmptyState, FailureState } from "@/components/States";
import { StatusMark } from "@/components/StatusMark";
import { amount, full } from "@/lib/format";
import { useTexts } from "@/locales/i18n";
import { type Group, groupsQuery } from "../api";

type Open = (account: string) => void;

/** Groups of companies as one: their amounts together, the worst status, and whose that is. */
export function Groups({ published, onOpen }: { published: number | null; onOpen: Open }) {
  const { t } = useTexts();
  const found = useQuery(groupsQuery(published));
  if (found.error) {
    return <FailureState error={found.error} onRetry={() => void found.refetch()} />;
  }
  if (!found.data) return <Skeleton active paragraph={{ rows: 8 }} />;
  const { groups } = found.data;
  if (groups.length === 0) {
    return <EmptyState title={t("health.noGroups")}>{t("health.noGroupsText")}</EmptyState>;
  }
  return (
    <>
      <ul className="groups" data-testid="groups">
        {groups.map((group) => (
          <li key={group.account_id} className="card">
            <h2>{group.label}</h2>
            <GroupBody group={group} onOpen={onOpen} />
          </li>
        ))}
      </ul>
      <p className="quiet small">{t("health.groupNote")}</p>
    </>
  );
}

/** A group: what it comes to, and its members. */
export function GroupBody({
  group,
  onOpen,
  own,
}: {
  group: Group;
  onOpen: Open;
  /** The member that is open already. */
  own?: string;
}) {
  const { t, lang } = useTexts();
  const { amount_12_months: year, amount_at_risk: risk } = group;
  return (
    <>
      <p className="group-head">
        <StatusMark status={group.status} />
        <span>{t("health.groupMembers", { count: group.members.length })}</span>
        {typeof year === "number" && typeof risk === "number" && (
          <span className="quiet" title={full(risk, "amount", lang)}>
            {t("health.groupAmounts", { year: amount(year, lang), risk: amount(risk, lang) })}
          </span>
        )}
      </p>
      <ul className="group-members">
        {group.members.map((member) => (
          <li key={member.account_id}>
            {member.account_id === own ? (
              <strong className="clip grow">{member.label}</strong>
            ) : (
              <button
                type="button"
                className="link clip grow"
                data-testid="group-member"
                onClick={() => onOpen(member.account_id)}
              >
                {member.label}
              </button>
            )}
            {typeof member.amount_at_risk === "number" && (
              <span className="quiet small figures">
                {t("health.risk", { amount: amount(member.amount_at_risk, lang) })}
              </span>
            )}
            <StatusMark status={member.status} score={member.score} />
          </li>
        ))}
      </ul>
    </>
  );
}
