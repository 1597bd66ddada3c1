import { Form, Input, Select, Tag } from "antd";
import { FieldInput } from "@/components/FieldInput";
import { RecordSelect } from "@/components/RecordSelect";
import { tellFault } from "@/lib/problem";
import { useMe } from "@/lib/session";
import { stored, written } from "@/lib/units";
import { useTexts } from "@/locales/i18n";
import type { Head } from "../api";
import type { PriceList } from "../types";

/** What history suggests of the terms. */
export type Terms = "payment_terms" | "delivery_terms" | "contact_id";

type Props = {
  head: Head;
  accountId: number;
  priceLists: PriceList[];
  /** Where a value of history comes from, while nobody has written another. */
  sourceOf: (field: Terms) => string | null;
  faultOf: (field: string) => string | undefined;
  onChange: (patch: Head) => void;
};

/** Until when a quote holds, its prices, its currency and its terms. */
export function QuoteTerms({ head, accountId, priceLists, sourceOf, faultOf, onChange }: Props) {
  const { t } = useTexts();
  const company = useMe().company.currency;
  const currency = head.currency ?? company;
  return (
    <>
      <div className="quote-terms">
        <HeadItem label={t("quoting.validUntil")} fault={faultOf("valid_until")}>
          <FieldInput
            entity="quote"
            field={{ name: "valid_until", kind: "day" }}
            value={head.valid_until ?? undefined}
            onChange={(value) =>
              onChange({ valid_until: typeof value === "string" ? value : null })
            }
          />
        </HeadItem>
        <HeadItem label={t("quoting.priceList")} fault={faultOf("price_list_id")}>
          <Select<number>
            className="wide"
            aria-label={t("quoting.priceList")}
            allowClear
            placeholder={t("quoting.noPriceList")}
            value={head.price_list_id ?? undefined}
            onChange={(id) => onChange({ price_list_id: id ?? null })}
            options={priceLists
              .filter((list) => list.enabled && list.currency === currency)
              .map((list) => ({ value: list.id, label: list.name }))}
          />
        </HeadItem>
        <HeadItem
          label={t("quoting.contact")}
          source={sourceOf("contact_id")}
          fault={faultOf("contact_id")}
        >
          <RecordSelect
            entity="contact"
            aria-label={t("quoting.contact")}
            value={head.contact_id ?? null}
            filters={[{ field: "account_id", op: "in", values: [String(accountId)] }]}
            onChange={(id) => onChange({ contact_id: id })}
          />
        </HeadItem>
        <HeadItem label={t("quoting.currency")} fault={faultOf("currency")}>
          <Select
            className="wide"
            aria-label={t("quoting.currency")}
            value={currency}
            onChange={(value) =>
              onChange({
                currency: value === company ? null : value,
                rate: value === company ? null : head.rate,
                price_list_id: null,
              })
            }
            options={[...new Set([company, "CNY", "USD", "EUR", "GBP", "JPY", "HKD"])].map(
              (value) => ({ value, label: value }),
            )}
          />
        </HeadItem>
        {head.currency && (
          <HeadItem label={t("quoting.rate")} fault={faultOf("rate")}>
            <FieldInput
              entity="quote"
              field={{ name: "rate", kind: "price" }}
              value={head.rate ? written(head.rate, "price") : undefined}
              onChange={(value) =>
                onChange({
                  rate: typeof value === "number" ? stored(value, "price") : null,
                })
              }
            />
          </HeadItem>
        )}
      </div>
      {(["payment_terms", "delivery_terms"] as const).map((field) => (
        <HeadItem
          key={field}
          label={t(field === "payment_terms" ? "quoting.paymentTerms" : "quoting.deliveryTerms")}
          source={sourceOf(field)}
          fault={faultOf(field)}
        >
          <Input.TextArea
            value={head[field] ?? ""}
            maxLength={1000}
            autoSize={{ minRows: 1, maxRows: 5 }}
            aria-label={t(
              field === "payment_terms" ? "quoting.paymentTerms" : "quoting.deliveryTerms",
            )}
            onChange={(event) => onChange({ [field]: event.target.value || null })}
          />
        </HeadItem>
      ))}
      <HeadItem label={t("quoting.riskNote")} fault={faultOf("risk_note")}>
        <Input.TextArea
          value={head.risk_note ?? ""}
          maxLength={2000}
          autoSize={{ minRows: 1, maxRows: 5 }}
          aria-label={t("quoting.riskNote")}
          onChange={(event) => onChange({ risk_note: event.target.value || null })}
        />
      </HeadItem>
    </>
  );
}

function HeadItem({
  label,
  source,
  fault,
  children,
}: {
  label: string;
  source?: string | null;
  fault?: string;
  children: React.ReactNode;
}) {
  const { t } = useTexts();
  return (
    <Form.Item
      label={
        <>
          {label}
          {source && <Tag className="source">{t("quoting.from", { source })}</Tag>}
        </>
      }
      validateStatus={fault ? "error" : undefined}
      help={fault && tellFault(fault, t)}
    >
      {children}
    </Form.Item>
  );
}
