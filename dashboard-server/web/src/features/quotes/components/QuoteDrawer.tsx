import { useQuery } from "@tanstack/react-query";
import { Tag } from "antd";
import { Amount, Choice, Day, RecordLink, UserName } from "@/components/Cells";
import { Facts } from "@/components/Facts";
import { History } from "@/components/History";
import { useOverlay } from "@/components/navigation";
import { PendingDrawer, RecordDrawer } from "@/components/RecordDrawer";
import { RelatedList } from "@/components/RelatedList";
import { Attachments } from "@/components/Uploader";
import { recordQuery } from "@/lib/api/records";
import { useMay } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { QUOTE_TONES } from "../tones";
import type { Quote } from "../types";
import { QuoteActions } from "./QuoteActions";
import { QuoteLines } from "./QuoteLines";
import { QuoteNumbers } from "./QuoteNumbers";
import "../quotes.css";

const TERMS = [
  "opportunity_id",
  "contact_id",
  "price_list_id",
  "currency",
  "rate",
  "payment_terms",
  "delivery_terms",
  "risk_note",
  "declined_reason",
  "sent_at",
  "decided_at",
  "approved_at",
  "recorded_at",
];

export function QuoteDrawer({ id }: { id: number }) {
  const { t } = useTexts();
  const { openForm } = useOverlay();
  const may = useMay();
  const found = useQuery(recordQuery<Quote>("quote", id));
  const quote = found.data?.record;
  const labels = found.data?.labels;
  if (!quote || !labels) {
    return <PendingDrawer found={found} testId="quote" />;
  }
  const edits = quote.outcome === "draft" && may("quote", "update");
  const edit = () => openForm("quote-edit", { entity: "quote", id });
  return (
    <RecordDrawer
      testId="quote"
      title={
        <>
          {quote.number} {t("quoting.version", { version: quote.quote_version })}
          {quote.alternative && ` · ${quote.alternative}`}
        </>
      }
      subtitle={
        <>
          <RecordLink entity="account" id={quote.account_id} labels={labels} />
          {quote.opportunity_id !== null && (
            <>
              {" · "}
              <RecordLink entity="opportunity" id={quote.opportunity_id} labels={labels} />
            </>
          )}{" "}
          · <UserName id={quote.owner_id} labels={labels} />{" "}
          <Tag color={QUOTE_TONES[quote.outcome]}>
            <Choice entity="quote" field="outcome" value={quote.outcome} />
          </Tag>
        </>
      }
      onEdit={edits ? edit : undefined}
      actions={<QuoteActions quote={quote} onEdit={edits ? edit : undefined} />}
      head={<QuoteNumbers quote={quote} />}
      tabs={[
        { key: "lines", label: t("quoting.drawer.lines"), children: <QuoteLines quote={quote} /> },
        {
          key: "terms",
          label: t("quoting.drawer.terms"),
          children: <Facts entity="quote" record={quote} labels={labels} fields={TERMS} />,
        },
        {
          key: "family",
          label: t("quoting.drawer.family"),
          children: (
            <RelatedList<Quote>
              entity="quote"
              query={{
                filters: [{ field: "number", op: "in", values: [quote.number] }],
                sort: "-id",
              }}
              empty=""
              card={(row) => ({
                title: (
                  <>
                    {t("quoting.version", { version: row.quote_version })}
                    {row.alternative && ` · ${row.alternative}`}
                    {row.id === quote.id && (
                      <span className="quiet small"> · {t("quoting.drawer.this")}</span>
                    )}
                  </>
                ),
                figure: row.amount === undefined ? undefined : <Amount fen={row.amount} />,
                second: <Day value={row.sent_at ?? row.recorded_at} />,
                end: (
                  <Tag color={QUOTE_TONES[row.outcome]}>
                    <Choice entity="quote" field="outcome" value={row.outcome} />
                  </Tag>
                ),
              })}
            />
          ),
        },
        {
          key: "files",
          label: t("quoting.drawer.files"),
          children: <Attachments entity="quote" id={id} />,
        },
        {
          key: "history",
          label: t("quoting.drawer.history"),
          children: <History entity="quote" id={id} />,
        },
      ]}
    />
  );
}
