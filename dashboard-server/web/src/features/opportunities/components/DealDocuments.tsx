import { useQuery } from "@tanstack/react-query";
import { Button, Skeleton, Tag } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { Amount, Choice, Day, Share } from "@/components/Cells";
import { useOverlay, useRecordAddress } from "@/components/navigation";
import { FailureState } from "@/components/States";
import { listQuery, type Page, type Rec, textOf } from "@/lib/api/records";
import { useMay } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import type { Opportunity } from "../types";

type Found = { data?: Page; error: unknown; refetch: () => unknown };

function useOfDeal(entity: "quote" | "contract", deal: Opportunity) {
  return useQuery(
    listQuery(entity, {
      filters: [{ field: "opportunity_id", op: "in", values: [String(deal.id)] }],
      sort: "-id",
      limit: 50,
    }),
  );
}

function Rows({
  found,
  none,
  children,
}: {
  found: Found;
  none: string;
  children: (row: Rec) => ReactNode;
}) {
  if (found.error) return <FailureState error={found.error} onRetry={() => found.refetch()} />;
  if (!found.data) return <Skeleton active paragraph={{ rows: 3 }} title={false} />;
  if (found.data.rows.length === 0) return <p className="quiet">{none}</p>;
  return <ul className="plain-list">{found.data.rows.map((row) => children(row))}</ul>;
}

/** The quotes of a deal, the latest first. */
export function DealQuotes({ deal }: { deal: Opportunity }) {
  const { t } = useTexts();
  const may = useMay();
  const address = useRecordAddress();
  const { openForm } = useOverlay();
  const found = useOfDeal("quote", deal);
  return (
    <>
      {deal.outcome === "open" && may("quote", "create") && (
        <Button onClick={() => openForm("quote", { entity: "opportunity", id: deal.id })}>
          {t("deal.newQuote")}
        </Button>
      )}
      <Rows found={found} none={t("deal.noQuotes")}>
        {(quote) => (
          <li key={quote.id}>
            <Link className="grow record-link" to={address({ entity: "quote", id: quote.id })}>
              {textOf(quote, "number")} v{Number(quote.quote_version)}
              {quote.alternative ? ` ${textOf(quote, "alternative")}` : ""}
            </Link>
            <Amount fen={quote.amount} />
            {typeof quote.discount === "number" && quote.discount > 0 && (
              <span className="quiet small">
                −<Share value={quote.discount} />
              </span>
            )}
            <Tag>
              <Choice entity="quote" field="outcome" value={quote.outcome} />
            </Tag>
          </li>
        )}
      </Rows>
    </>
  );
}

/** The contracts that a deal is won by. */
export function DealContracts({ deal }: { deal: Opportunity }) {
  const { t } = useTexts();
  const may = useMay();
  const address = useRecordAddress();
  const { openForm } = useOverlay();
  const found = useOfDeal("contract", deal);
  return (
    <>
      {may("contract", "create") && found.data?.rows.length === 0 && (
        <Button onClick={() => openForm("contract", { entity: "opportunity", id: deal.id })}>
          {t("deal.newContract")}
        </Button>
      )}
      <Rows found={found} none={t("deal.noContract")}>
        {(contract) => (
          <li key={contract.id}>
            <Link
              className="grow record-link"
              to={address({ entity: "contract", id: contract.id })}
            >
              {textOf(contract, "number")} {textOf(contract, "name")}
            </Link>
            <Amount fen={contract.amount} />
            <Day value={contract.signed_on} />
            <Tag>
              <Choice entity="contract" field="status" value={contract.status} />
            </Tag>
          </li>
        )}
      </Rows>
    </>
  );
}

/** The people at the customer; who the deal is about first. */
export function DealContacts({ deal }: { deal: Opportunity }) {
  const { t } = useTexts();
  const found = useQuery(
    listQuery("contact", {
      filters: [{ field: "account_id", op: "in", values: [String(deal.account_id)] }],
      limit: 100,
    }),
  );
  const first = (row: Rec) => (row.id === deal.contact_id ? 0 : row.primary_contact ? 1 : 2);
  const sorted = found.data && {
    ...found.data,
    rows: [...found.data.rows].sort((a, b) => first(a) - first(b)),
  };
  return (
    <Rows
      found={{ data: sorted, error: found.error, refetch: found.refetch }}
      none={t("deal.noContacts")}
    >
      {(contact) => {
        const phone = textOf(contact, "mobile") || textOf(contact, "phone");
        return (
          <li key={contact.id}>
            <span className="grow">
              <span className="strong">{textOf(contact, "name")}</span>{" "}
              <span className="quiet small">
                {[textOf(contact, "department"), textOf(contact, "title")]
                  .filter(Boolean)
                  .join(" · ")}
              </span>
            </span>
            {contact.decision_role && (
              <Tag>
                <Choice entity="contact" field="decision_role" value={contact.decision_role} />
              </Tag>
            )}
            {phone &&
              (phone.includes("*") ? <span>{phone}</span> : <a href={`tel:${phone}`}>{phone}</a>)}
          </li>
        );
      }}
    </Rows>
  );
}
