import { useQuery } from "@tanstack/react-query";
import { Form, Segmented, Skeleton } from "antd";
import { type ReactNode, useMemo, useState } from "react";
import { FormDrawer } from "@/components/RecordDrawer";
import { RecordSelect } from "@/components/RecordSelect";
import { EmptyState, FailureState } from "@/components/States";
import type { Opened } from "@/lib/address";
import { type Rec, recordQuery } from "@/lib/api/records";
import { useSeesAmounts } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import {
  addAlternative,
  createQuote,
  type For,
  linesQuery,
  reviseQuote,
  rewriteQuote,
} from "../api";
import { lineOf } from "../lines";
import type { Quote } from "../types";
import { QuoteEditor } from "./QuoteEditor";
import "../quotes.css";

/** The drawer that a quote is entered in; wider than other forms. */
function Sheet({ title, children }: { title: ReactNode; children: ReactNode }) {
  const { t } = useTexts();
  const sees = useSeesAmounts();
  return (
    <FormDrawer title={title} width={720}>
      {sees ? children : <EmptyState title={t("quoting.needsAmounts")} />}
    </FormDrawer>
  );
}

/** A new quote, for a deal or for a customer without one. */
export function QuoteForm({ subject }: { subject: Opened | null }) {
  const { t } = useTexts();
  const given = subject?.entity === "opportunity" || subject?.entity === "account" ? subject : null;
  const [chosen, setChosen] = useState<Opened | null>(given);
  const [kind, setKind] = useState<"opportunity" | "account">("opportunity");
  const record = useQuery({
    ...recordQuery(chosen?.entity ?? "account", chosen?.id ?? 0),
    enabled: chosen !== null,
  });
  const accountId =
    chosen?.entity === "account"
      ? chosen.id
      : chosen && record.data
        ? Number(record.data.record.account_id)
        : null;
  const account = useQuery({
    ...recordQuery("account", accountId ?? 0),
    enabled: accountId !== null,
  });
  const error = record.error ?? account.error;
  const whose: For | null = chosen
    ? chosen.entity === "opportunity"
      ? { opportunity_id: chosen.id }
      : { account_id: chosen.id }
    : null;
  const name = String(record.data?.record.name ?? "");
  return (
    <Sheet title={name ? t("quoting.createFor", { name }) : t("quoting.create")}>
      {!given && (
        <Form layout="vertical" component="div">
          <Form.Item label={t("quoting.for")}>
            <div className="quote-for">
              <Segmented
                value={kind}
                onChange={(next) => {
                  setKind(next as typeof kind);
                  setChosen(null);
                }}
                options={[
                  { value: "opportunity", label: t("quoting.forDeal") },
                  { value: "account", label: t("quoting.forAccount") },
                ]}
              />
              <RecordSelect
                key={kind}
                entity={kind}
                autoFocus
                defaultOpen
                aria-label={t(kind === "opportunity" ? "quoting.forDeal" : "quoting.forAccount")}
                data-testid="quote-for"
                value={chosen?.entity === kind ? chosen.id : null}
                filters={
                  kind === "opportunity"
                    ? [{ field: "outcome", op: "in", values: ["open"] }]
                    : undefined
                }
                onChange={(id) => setChosen(id === null ? null : { entity: kind, id })}
              />
            </div>
          </Form.Item>
        </Form>
      )}
      {error ? (
        <FailureState error={error} />
      ) : !whose || !chosen ? (
        <p className="quiet">{t("quoting.chooseFirst")}</p>
      ) : account.data ? (
        <QuoteEditor
          key={`${chosen.entity}:${chosen.id}`}
          whose={whose}
          account={account.data.record}
          save={(request, key) => createQuote({ ...whose, ...request }, key)}
        />
      ) : (
        <Skeleton active paragraph={{ rows: 6 }} />
      )}
    </Sheet>
  );
}

type Mode = "edit" | "revise" | "alternative";

/** A quote that begins with another one: the same rewritten, its next version, or one beside it. */
function FromQuote({ subject, mode }: { subject: Opened | null; mode: Mode }) {
  const { t } = useTexts();
  const id = subject?.entity === "quote" ? subject.id : 0;
  const found = useQuery(recordQuery<Quote>("quote", id));
  const lines = useQuery(linesQuery(id));
  const base = found.data?.record;
  const account = useQuery({
    ...recordQuery("account", base?.account_id ?? 0),
    enabled: base !== undefined,
  });
  const error = found.error ?? lines.error ?? account.error;
  const rows = lines.data?.rows;
  const drafts = useMemo(() => rows?.map((row) => lineOf(row, `line-${row.id}`)), [rows]);
  return (
    <Sheet title={base ? t(`quoting.${mode}`, { number: base.number }) : ""}>
      {error ? (
        <FailureState error={error} />
      ) : base && drafts && account.data ? (
        <Editor base={base} account={account.data.record} drafts={drafts} mode={mode} />
      ) : (
        <Skeleton active paragraph={{ rows: 6 }} />
      )}
    </Sheet>
  );
}

function Editor({
  base: current,
  account,
  drafts,
  mode,
}: {
  base: Quote;
  account: Rec;
  drafts: ReturnType<typeof lineOf>[];
  mode: Mode;
}) {
  // The version that the lines were read with is the one that the change is made from.
  const [base] = useState(current);
  return (
    <QuoteEditor
      whose={
        base.opportunity_id === null
          ? { account_id: base.account_id }
          : { opportunity_id: base.opportunity_id }
      }
      account={account}
      base={base}
      baseLines={drafts}
      named={mode === "alternative"}
      save={(request, key, name) =>
        mode === "edit"
          ? rewriteQuote(base, request)
          : mode === "revise"
            ? reviseQuote(base.id, request, key)
            : addAlternative(base.id, name, request, key)
      }
    />
  );
}

type FormProps = { subject: Opened | null };

export function QuoteEditForm({ subject }: FormProps) {
  return <FromQuote subject={subject} mode="edit" />;
}

export function QuoteReviseForm({ subject }: FormProps) {
  return <FromQuote subject={subject} mode="revise" />;
}

export function QuoteAlternativeForm({ subject }: FormProps) {
  return <FromQuote subject={subject} mode="alternative" />;
}
