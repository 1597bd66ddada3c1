/** What belongs to a contract, each in a tab of its drawer. */
import { useQuery } from "@tanstack/react-query";
import { Skeleton, Tag } from "antd";
import { Amount, Choice, Day, RecordLink } from "@/components/Cells";
import { useOverlay } from "@/components/navigation";
import { RelatedList } from "@/components/RelatedList";
import { FailureState } from "@/components/States";
import { fullMoney } from "@/lib/units";
import { useTexts } from "@/locales/i18n";
import { allocationsQuery, plansQuery, requestsQuery } from "../api";
import { CONTRACT_TONES } from "../tones";
import type { Contract, PaymentRequest } from "../types";

/** The orders under a framework contract. */
export function CallOffs({ contract }: { contract: Contract }) {
  const { t } = useTexts();
  return (
    <RelatedList<Contract>
      entity="contract"
      query={{
        filters: [{ field: "framework_id", op: "in", values: [String(contract.id)] }],
        sort: "-id",
      }}
      empty={t("contracting.drawer.noCallOffs")}
      card={(row) => ({
        title: `${row.number} ${row.name}`,
        figure: row.amount === undefined ? undefined : <Amount fen={row.amount} />,
        second: <Day value={row.signed_on} />,
        end: (
          <Tag color={CONTRACT_TONES[row.status]}>
            <Choice entity="contract" field="status" value={row.status} />
          </Tag>
        ),
      })}
    />
  );
}

/** What was received for the instalments of a contract. */
export function Received({ contract }: { contract: Contract }) {
  const { t } = useTexts();
  const plans = useQuery(plansQuery(contract.id));
  const ids = plans.data?.rows.map(({ id }) => id) ?? [];
  const parts = useQuery(allocationsQuery({ plans: ids }));
  const error = plans.error ?? parts.error;
  if (error) return <FailureState error={error} />;
  if (!plans.data || (ids.length > 0 && !parts.data)) {
    return <Skeleton active paragraph={{ rows: 2 }} title={false} />;
  }
  const rows = parts.data?.rows ?? [];
  if (rows.length === 0) return <p className="quiet">{t("contracting.drawer.noReceipts")}</p>;
  return (
    <ul className="plain-list">
      {rows.map((part) => {
        const plan = plans.data.rows.find(({ id }) => id === part.payment_plan_id);
        return (
          <li key={part.id}>
            <span className="grow">
              <RecordLink entity="receipt" id={part.receipt_id} labels={parts.data?.labels} />{" "}
              <span className="quiet small">
                <Day value={part.allocated_on} />
              </span>
            </span>
            {plan && (
              <span className="quiet small">
                {plan.position}. <Choice entity="payment_plan" field="kind" value={plan.kind} />
              </span>
            )}
            {part.amount !== undefined && <span className="figures">{fullMoney(part.amount)}</span>}
          </li>
        );
      })}
    </ul>
  );
}

/** What the customer was asked to pay. */
export function Requests({ contract }: { contract: Contract }) {
  const { t } = useTexts();
  const { openRecord } = useOverlay();
  const plans = useQuery(plansQuery(contract.id));
  const ids = plans.data?.rows.map(({ id }) => id) ?? [];
  const found = useQuery(requestsQuery(ids));
  const error = plans.error ?? found.error;
  if (error) return <FailureState error={error} />;
  if (!plans.data || (ids.length > 0 && !found.data)) {
    return <Skeleton active paragraph={{ rows: 2 }} title={false} />;
  }
  const rows: PaymentRequest[] = found.data?.rows ?? [];
  if (rows.length === 0) return <p className="quiet">{t("contracting.request.none")}</p>;
  return (
    <ul className="plain-list">
      {rows.map((row) => (
        <li key={row.id}>
          <button
            type="button"
            className="link grow"
            onClick={() => openRecord({ entity: "payment_request", id: row.id })}
          >
            {row.number}
          </button>
          {row.amount !== undefined && <span className="figures">{fullMoney(row.amount)}</span>}
          <Day value={row.sent_on ?? row.requested_at} />
          <Tag>
            <Choice entity="payment_request" field="status" value={row.status} />
          </Tag>
        </li>
      ))}
    </ul>
  );
}
