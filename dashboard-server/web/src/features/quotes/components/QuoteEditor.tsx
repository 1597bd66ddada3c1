import { PlusOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Collapse, Form, Input } from "antd";
import { useEffect, useMemo, useRef, useState } from "react";
import { useOverlay } from "@/components/navigation";
import { Refusal, useTellProblem } from "@/components/States";
import { useDirtyGuard } from "@/components/useDirtyGuard";
import { type One, type Rec, refreshRecords } from "@/lib/api/records";
import { dayOf } from "@/lib/format";
import { type Prefill, prefillQuery, sourceText } from "@/lib/prefill";
import { faultsOf } from "@/lib/problem";
import { useMe } from "@/lib/session";
import { shareText } from "@/lib/units";
import { useTexts } from "@/locales/i18n";
import {
  type For,
  type Head,
  itemsQuery,
  priceListsQuery,
  productsByIdQuery,
  type QuoteRequest,
  requestApproval,
  sendQuote,
} from "../api";
import { type DraftLine, faultsByLine, newLine, requestsOf, standardList } from "../lines";
import type { Product, Quote } from "../types";
import { KnownProducts } from "./KnownProducts";
import { LineRow } from "./LineRow";
import { ProductPicker } from "./ProductPicker";
import { QuoteTerms, type Terms } from "./QuoteTerms";
import { QuoteTotals } from "./QuoteTotals";
import { usePricing } from "./useDraft";

/** How many days a quote holds when nothing else is said. */
const VALID_DAYS = 30;

type Props = {
  whose: For;
  account: Rec;
  /** The quote that it begins with: one to rewrite, or the version before. */
  base?: Quote;
  baseLines?: DraftLine[];
  /** An alternative asks for its name. */
  named?: boolean;
  save: (request: QuoteRequest, key: string, name: string) => Promise<One<Quote>>;
};

type Then = "draft" | "send" | "approval";

/** The day so many days after a day. */
function daysAfter(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** Enters a quote: products, quantities, prices; what it comes to is said while it is entered. */
export function QuoteEditor({ whose, account, base, baseLines = [], named, save }: Props) {
  const { t, lang } = useTexts();
  const me = useMe();
  const client = useQueryClient();
  const { message, notification } = App.useApp();
  const tell = useTellProblem();
  const { openRecord, close } = useOverlay();
  const setDirty = useDirtyGuard();
  const company = me.company.currency;
  const [today] = useState(() => dayOf(new Date().toISOString(), me.company.zone));
  const [key] = useState(() => crypto.randomUUID());
  const count = useRef(0);
  const [lines, setLines] = useState<DraftLine[]>(baseLines);
  const [name, setName] = useState("");
  const [head, setHead] = useState<Head>(() => ({
    contact_id: base?.contact_id ?? null,
    price_list_id: base?.price_list_id ?? null,
    currency: base && base.currency !== company ? base.currency : null,
    rate: base?.rate ?? null,
    valid_until:
      base?.valid_until && base.valid_until >= today
        ? base.valid_until
        : daysAfter(today, VALID_DAYS),
    payment_terms: base?.payment_terms ?? null,
    delivery_terms: base?.delivery_terms ?? null,
    risk_note: base?.risk_note ?? null,
  }));
  const known = useQuery(prefillQuery(account.id));
  const lists = useQuery(priceListsQuery);
  const [chosen, setChosen] = useState<Set<string>>(new Set());
  const history: Prefill | undefined = known.data;

  const change = (patch: Head) => {
    setDirty(true);
    setHead((now) => ({ ...now, ...patch }));
    setChosen((now) => new Set([...now, ...Object.keys(patch)]));
  };
  const put = (next: DraftLine[]) => {
    setDirty(true);
    setLines(next);
  };

  // What history says fills a new quote, as far as nobody has said otherwise.
  const standard = useMemo(
    () =>
      standardList(lists.data?.rows ?? [], {
        segment: typeof account.segment === "string" ? account.segment : null,
        currency: head.currency ?? company,
        today,
      }),
    [lists.data, account.segment, head.currency, company, today],
  );
  useEffect(() => {
    if (base) return;
    const fill: Head = {};
    if (!chosen.has("price_list_id")) fill.price_list_id = standard?.id ?? null;
    for (const field of ["payment_terms", "delivery_terms"] as const) {
      const value = history?.[field]?.value;
      if (!chosen.has(field) && typeof value === "string") fill[field] = value;
    }
    const contact = history?.contact_id?.value;
    if (!chosen.has("contact_id") && typeof contact === "number") fill.contact_id = contact;
    setHead((now) => ({ ...now, ...fill }));
  }, [base, standard, history, chosen]);
  const sourceOf = (field: Terms): string | null => {
    const suggestion = history?.[field];
    if (base || chosen.has(field) || !suggestion) return null;
    return sourceText(suggestion.source, (entity) => t(`entity.${entity}`));
  };

  const ids = lines.flatMap(({ productId }) => productId ?? []);
  const products = useQuery(productsByIdQuery(ids));
  const items = useQuery(itemsQuery(head.price_list_id ?? null, ids));
  const [picked, setPicked] = useState<Map<number, Product>>(new Map());
  const productOf = (id: number | null) =>
    id === null
      ? undefined
      : (picked.get(id) ?? products.data?.rows.find((product) => product.id === id));
  const currency = head.currency ?? company;
  const pricing = usePricing(whose, head, lines);

  const focus = (selector: string) =>
    // The row is there after the next render.
    setTimeout(() => document.querySelector<HTMLElement>(selector)?.focus());
  const add = (line: Partial<DraftLine>, product?: Product) => {
    count.current += 1;
    const made = newLine(`new-${count.current}`, line);
    if (product) setPicked((now) => new Map(now).set(product.id, product));
    put([...lines, made]);
    focus(`[data-line-quantity="${made.key}"]`);
  };

  const finish = useMutation({
    mutationFn: async (then: Then) => {
      const { lines: sent } = requestsOf(lines);
      const made = await save({ ...head, lines: sent }, key, name.trim());
      if (then === "draft") return { quote: made.record, then, error: null };
      try {
        const step = then === "send" ? sendQuote : requestApproval;
        return { quote: (await step(made.record)).record, then, error: null };
      } catch (error) {
        // It is saved all the same; the drawer says how it stands.
        return { quote: made.record, then, error };
      }
    },
    onSuccess: ({ quote, then, error }) => {
      setDirty(false);
      const words = { draft: "saved", send: "savedSent", approval: "savedApproval" } as const;
      if (error) {
        notification.warning({
          title: t("quoting.savedNotSent", { number: quote.number }),
          description: tell(error).sentence,
        });
      } else {
        void message.success(t(`quoting.${words[then]}`, { number: quote.number }));
      }
      void refreshRecords(client);
      openRecord({ entity: "quote", id: quote.id }, { replace: true });
    },
  });
  const refused = faultsByLine(faultsOf(finish.error), requestsOf(lines).keys);
  const faultsOfLine = (key: string) => [
    ...(pricing.faults.get(key) ?? []),
    ...(refused.lines.get(key) ?? []).filter(
      ({ field }) => !pricing.faults.get(key)?.some((one) => one.field === field),
    ),
  ];
  const headFault = (field: string) =>
    [...pricing.others, ...refused.others].find((one) => one.field === field)?.message;
  const ready =
    lines.length > 0 &&
    requestsOf(lines).lines.length > 0 &&
    pricing.faults.size === 0 &&
    (!named || name.trim() !== "");

  return (
    <Form
      layout="vertical"
      className="quote-editor record-form"
      data-testid="quote-editor"
      aria-busy={pricing.stale && pricing.request !== null}
      onFinish={() => finish.mutate("draft")}
    >
      {named && (
        <Form.Item label={t("quoting.alternativeName")} htmlFor="alternative-name" required>
          <Input
            id="alternative-name"
            value={name}
            maxLength={20}
            autoFocus
            onChange={(event) => setName(event.target.value)}
          />
        </Form.Item>
      )}
      <ProductPicker onPick={(product) => add({ productId: product.id }, product)} />
      {history && history.products.length > 0 && (
        <KnownProducts
          history={history}
          taken={ids}
          onPick={(line) => add(line)}
          currency={currency}
        />
      )}
      {lines.length === 0 ? (
        <p className="quiet">{t("quoting.noLines")}</p>
      ) : (
        <ol className="quote-lines">
          <li className="quote-line-head" aria-hidden="true">
            <span />
            <span>{t("quoting.quantity")}</span>
            <span>{t("quoting.price")}</span>
            <span>{t("quoting.discount")}</span>
            <span>{t("quoting.amount")}</span>
            <span />
          </li>
          {lines.map((line, index) => (
            <LineRow
              key={line.key}
              line={line}
              position={index + 1}
              product={productOf(line.productId)}
              priced={pricing.lines.get(line.key)}
              items={items.data?.rows ?? []}
              faults={faultsOfLine(line.key)}
              stale={pricing.stale}
              currency={currency}
              onChange={(next) => put(lines.map((one) => (one.key === line.key ? next : one)))}
              onRemove={() => put(lines.filter((one) => one.key !== line.key))}
              onNext={() => focus('[data-testid="add-product"] input')}
            />
          ))}
        </ol>
      )}
      <Button
        type="dashed"
        size="small"
        icon={<PlusOutlined />}
        onClick={() => add({ by: "price" })}
      >
        {t("quoting.addOther")}
      </Button>

      <QuoteTotals pricing={pricing} currency={currency} company={company} />

      <Collapse
        ghost
        className="optional"
        defaultActiveKey={head.currency ? ["terms"] : []}
        items={[
          {
            key: "terms",
            forceRender: true,
            label: (
              <>
                {t("quoting.terms")}
                <span className="quiet small quote-terms-now">
                  {[head.valid_until, head.payment_terms].filter(Boolean).join(" · ")}
                </span>
              </>
            ),
            children: (
              <QuoteTerms
                head={head}
                accountId={account.id}
                priceLists={lists.data?.rows ?? []}
                sourceOf={sourceOf}
                faultOf={headFault}
                onChange={change}
              />
            ),
          },
        ]}
      />
      {pricing.unfinished > 0 && lines.length > 0 && (
        <p className="small warning">{t("quoting.unfinished", { count: pricing.unfinished })}</p>
      )}
      {pricing.failed !== null && pricing.failed !== undefined && (
        <Refusal error={pricing.failed} />
      )}
      {finish.error && refused.lines.size === 0 && <Refusal error={finish.error} />}
      {pricing.priced && !pricing.stale && (
        <Alert
          className="quote-limit"
          showIcon
          type={pricing.priced.within_limit ? "success" : "warning"}
          data-testid={pricing.priced.within_limit ? "within-limit" : "beyond-limit"}
          title={
            pricing.priced.within_limit
              ? t("quoting.within")
              : t("quoting.beyond", { discount: shareText(pricing.priced.discount ?? 0, lang) })
          }
        />
      )}
      <div className="form-foot">
        <Button
          type="primary"
          disabled={!ready || !pricing.priced}
          loading={finish.isPending && finish.variables !== "draft"}
          data-testid="save-and"
          onClick={() =>
            finish.mutate(pricing.priced?.within_limit === false ? "approval" : "send")
          }
        >
          {t(pricing.priced?.within_limit === false ? "quoting.saveApproval" : "quoting.saveSend")}
        </Button>
        <Button
          htmlType="submit"
          disabled={!ready}
          loading={finish.isPending && finish.variables === "draft"}
          data-testid="save-draft"
        >
          {t("quoting.save")}
        </Button>
        <Button type="text" onClick={close}>
          {t("part.cancel")}
        </Button>
      </div>
    </Form>
  );
}
