import { useQuery } from "@tanstack/react-query";
import { App, Form, Select, Skeleton } from "antd";
import { useMemo, useState } from "react";
import type { Field, Values } from "@/components/fields";
import { useOverlay } from "@/components/navigation";
import { FormDrawer } from "@/components/RecordDrawer";
import { RecordForm } from "@/components/RecordForm";
import { FailureState } from "@/components/States";
import type { Opened } from "@/lib/address";
import { type One, recordQuery } from "@/lib/api/records";
import { useTexts } from "@/locales/i18n";
import { callOff, contractFromQuote, createContract, type Terms } from "../api";
import { instalmentRequests, PATTERNS, type Pattern, patterned } from "../instalments";
import type { Contract } from "../types";

/** VAT of goods, in basis points. */
const TAX_RATE = 1_300;

/** What is agreed beside the price, from the values of the form. */
function termsOf(values: Values, pattern: Pattern | null): Terms {
  const text = (name: string) => {
    const value = values[name];
    return typeof value === "string" ? { [name]: value } : {};
  };
  const number = (name: string) => {
    const value = values[name];
    return typeof value === "number" ? { [name]: value } : {};
  };
  const instalments = pattern && instalmentRequests(patterned(pattern), "share", 0);
  return {
    ...text("name"),
    ...text("expires_on"),
    ...number("deposit_amount"),
    ...number("renews_id"),
    ...(instalments ? { instalments } : {}),
  };
}

function PatternChoice({
  value,
  onChange,
}: {
  value: Pattern | null;
  onChange: (pattern: Pattern | null) => void;
}) {
  const { t } = useTexts();
  return (
    <Form.Item label={t("contracting.pattern")} htmlFor="pattern">
      <Select<Pattern>
        id="pattern"
        className="wide"
        allowClear
        placeholder={t("contracting.patternNone")}
        value={value ?? undefined}
        onChange={(pattern) => onChange(pattern ?? null)}
        options={(Object.keys(PATTERNS) as Pattern[]).map((one) => ({
          value: one,
          label: t(`contracting.patterns.${one}`),
        }))}
      />
    </Form.Item>
  );
}

function useMade() {
  const { t } = useTexts();
  const { message } = App.useApp();
  const { openRecord } = useOverlay();
  return ({ record }: One<Contract>) => {
    void message.success(t("contracting.made", { number: record.number }));
    openRecord({ entity: "contract", id: record.id }, { replace: true });
  };
}

/** The terms that are asked for in every contract. */
function useTermFields(): Field[] {
  const { t } = useTexts();
  return useMemo(
    () => [
      { name: "name", maxLength: 200 },
      { name: "deposit_amount", kind: "money", label: t("contracting.deposit") },
      { name: "expires_on", kind: "day" },
    ],
    [t],
  );
}

/** A new contract: from a quote, for a deal, or for a customer. */
export function ContractForm({ subject }: { subject: Opened | null }) {
  if (subject?.entity === "quote") return <FromQuote quoteId={subject.id} />;
  return <ByItself subject={subject} />;
}

function FromQuote({ quoteId }: { quoteId: number }) {
  const { t } = useTexts();
  const { close } = useOverlay();
  const done = useMade();
  const fields = useTermFields();
  const [pattern, setPattern] = useState<Pattern | null>(null);
  const quote = useQuery(recordQuery("quote", quoteId));
  const number = String(quote.data?.record.number ?? "");
  return (
    <FormDrawer title={t("contracting.fromQuote", { number })}>
      {quote.error ? (
        <FailureState error={quote.error} />
      ) : (
        <RecordForm<Contract>
          entity="contract"
          fields={fields}
          open
          submit={({ values, key }) =>
            contractFromQuote({ quote_id: quoteId, ...termsOf(values, pattern) }, key)
          }
          onDone={done}
          onCancel={close}
        >
          <PatternChoice value={pattern} onChange={setPattern} />
        </RecordForm>
      )}
    </FormDrawer>
  );
}

function ByItself({ subject }: { subject: Opened | null }) {
  const { t } = useTexts();
  const { close } = useOverlay();
  const done = useMade();
  const terms = useTermFields();
  const [pattern, setPattern] = useState<Pattern | null>(null);
  const [kind, setKind] = useState("sale");
  const deal = useQuery({
    ...recordQuery("opportunity", subject?.id ?? 0),
    enabled: subject?.entity === "opportunity",
  });
  const dealAccount = deal.data?.record.account_id;
  const given =
    subject?.entity === "account"
      ? subject.id
      : typeof dealAccount === "number"
        ? dealAccount
        : null;
  const [account, setAccount] = useState<number | null>(null);
  const whose = given ?? account;
  const fields = useMemo((): Field[] => {
    const framework = kind === "framework";
    const ofAccount = [{ field: "account_id", op: "in" as const, values: [String(whose ?? 0)] }];
    return [
      ...(subject ? [] : [{ name: "account_id", kind: "reference", required: true } as Field]),
      {
        name: "kind",
        kind: "choice",
        required: true,
        label: t("contracting.kind"),
        options: (["sale", "service", "framework"] as const).map((value) => ({
          value,
          label: t(`choice.contract.kind.${value}`),
        })),
      },
      {
        name: "original_amount",
        kind: "money",
        required: !framework,
        label: t(framework ? "contracting.ceiling" : "contracting.amount"),
      },
      { name: "tax_rate", kind: "share", required: true, label: t("contracting.taxRate") },
      ...terms,
      ...(subject?.entity === "opportunity"
        ? []
        : [{ name: "opportunity_id", kind: "reference", where: ofAccount } as Field]),
      { name: "renews_id", kind: "reference", where: ofAccount, label: t("contracting.renews") },
    ];
  }, [kind, subject, terms, whose, t]);
  const initial = useMemo(
    () => ({
      kind: "sale",
      tax_rate: TAX_RATE,
      ...(typeof deal.data?.record.amount === "number"
        ? { original_amount: deal.data.record.amount }
        : {}),
    }),
    [deal.data],
  );
  const waiting = subject?.entity === "opportunity" && !deal.data;
  const name = String(deal.data?.record.name ?? "");
  return (
    <FormDrawer title={name ? t("contracting.createFor", { name }) : t("contracting.create")}>
      {deal.error ? (
        <FailureState error={deal.error} />
      ) : waiting ? (
        <Skeleton active paragraph={{ rows: 6 }} />
      ) : (
        <RecordForm<Contract>
          entity="contract"
          fields={fields}
          initial={initial}
          onTyping={(values) => {
            if (typeof values.kind === "string") setKind(values.kind);
            if (typeof values.account_id === "number") setAccount(values.account_id);
          }}
          submit={({ values, key }) => {
            const amount = values.original_amount;
            const opportunity =
              subject?.entity === "opportunity" ? subject.id : values.opportunity_id;
            return createContract(
              {
                kind: values.kind as "sale" | "service" | "framework",
                account_id: whose ?? Number(values.account_id),
                ...(typeof opportunity === "number" ? { opportunity_id: opportunity } : {}),
                ...(typeof amount === "number"
                  ? {
                      worth: {
                        original_amount: amount,
                        tax_rate: Number(values.tax_rate ?? TAX_RATE),
                      },
                    }
                  : {}),
                ...termsOf(values, typeof amount === "number" ? pattern : null),
              },
              key,
            );
          }}
          onDone={done}
          onCancel={close}
        >
          <PatternChoice value={pattern} onChange={setPattern} />
        </RecordForm>
      )}
    </FormDrawer>
  );
}

/** A call-off from a framework contract. */
export function CallOffForm({ subject }: { subject: Opened | null }) {
  const { t } = useTexts();
  const { close } = useOverlay();
  const done = useMade();
  const terms = useTermFields();
  const [pattern, setPattern] = useState<Pattern | null>(null);
  const id = subject?.entity === "contract" ? subject.id : 0;
  const framework = useQuery(recordQuery<Contract>("contract", id));
  const record = framework.data?.record;
  const fields = useMemo((): Field[] => {
    const ofAccount = [
      { field: "account_id", op: "in" as const, values: [String(record?.account_id ?? 0)] },
    ];
    return [
      {
        name: "original_amount",
        kind: "money",
        required: true,
        label: t("contracting.amount"),
        autoFocus: true,
      },
      { name: "tax_rate", kind: "share", required: true, label: t("contracting.taxRate") },
      ...terms,
      { name: "opportunity_id", kind: "reference", where: ofAccount },
    ];
  }, [terms, record, t]);
  const initial = useMemo(() => ({ tax_rate: record?.tax_rate ?? TAX_RATE }), [record]);
  return (
    <FormDrawer title={t("contracting.callOffOf", { number: record?.number ?? "" })}>
      {framework.error ? (
        <FailureState error={framework.error} />
      ) : record ? (
        <RecordForm<Contract>
          entity="contract"
          fields={fields}
          initial={initial}
          submit={({ values, key }) =>
            callOff(
              id,
              {
                ...(typeof values.opportunity_id === "number"
                  ? { opportunity_id: values.opportunity_id }
                  : {}),
                worth: {
                  original_amount: Number(values.original_amount),
                  tax_rate: Number(values.tax_rate ?? TAX_RATE),
                },
                ...termsOf(values, pattern),
              },
              key,
            )
          }
          onDone={done}
          onCancel={close}
        >
          <PatternChoice value={pattern} onChange={setPattern} />
        </RecordForm>
      ) : (
        <Skeleton active paragraph={{ rows: 6 }} />
      )}
    </FormDrawer>
  );
}
