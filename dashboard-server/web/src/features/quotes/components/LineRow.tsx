import { DeleteOutlined, EllipsisOutlined } from "@ant-design/icons";
import { Button, Form, Input, InputNumber, Popover, Tag, Tooltip } from "antd";
import { type KeyboardEvent, useState } from "react";
import { tellFault } from "@/lib/problem";
import { useMe } from "@/lib/session";
import { fullMoney, priceText, quantityText, shareText, written } from "@/lib/units";
import { useTexts } from "@/locales/i18n";
import { type DraftLine, discountOf, nextTier, tiersOf } from "../lines";
import type { PricedLine, PriceListItem, Product } from "../types";

type Props = {
  line: DraftLine;
  position: number;
  product: Product | undefined;
  priced: PricedLine | undefined;
  items: PriceListItem[];
  faults: { field: string; message: string }[];
  stale: boolean;
  currency: string;
  onChange: (line: DraftLine) => void;
  onRemove: () => void;
  /** Enter in the last number: on to the next product. */
  onNext: () => void;
};

/** A number without the zeros behind it, which say nothing. */
const plain = (value: number | string | undefined) =>
  value === undefined || value === "" ? "" : String(Number(value));

/** A line of a quote: quantity, price or discount, each changed where it stands. */
export function LineRow({
  line,
  position,
  product,
  priced,
  items,
  faults,
  stale,
  currency,
  onChange,
  onRemove,
  onNext,
}: Props) {
  const { t, lang } = useTexts();
  const company = useMe().company.currency;
  const [more, setMore] = useState(false);
  const unit = line.unit ?? priced?.unit ?? product?.unit ?? "";
  const list = priced?.list_unit_price ?? null;
  const price =
    line.by === "price" ? line.price : priced ? written(priced.unit_price, "price") : null;
  const shownDiscount = line.by === "discount" ? line.discount : priced ? discountOf(priced) : null;
  const above = shownDiscount !== null && shownDiscount < 0 ? -shownDiscount : null;
  const tiers = line.productId === null ? [] : tiersOf(items, line.productId);
  const tier = nextTier(tiers, line.quantity);
  const label = product?.name ?? line.description;
  const next = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    onNext();
  };
  const fault = (field: string) => faults.find((one) => one.field === field);
  const status = (field: string) => (fault(field) ? ("error" as const) : undefined);
  return (
    <li className="quote-line" data-testid="line" data-key={line.key}>
      <div className="quote-line-name">
        {line.productId === null ? (
          <Input
            value={line.description}
            maxLength={1000}
            placeholder={t("quoting.description")}
            aria-label={`${t("quoting.line", { position })} ${t("quoting.description")}`}
            status={status("description")}
            onChange={(event) => onChange({ ...line, description: event.target.value })}
          />
        ) : (
          <Tooltip title={product?.code}>
            <span className="clip strong">{label}</span>
          </Tooltip>
        )}
        {line.source && <Tag className="source">{t("quoting.from", { source: line.source })}</Tag>}
      </div>
      <div className="quote-line-quantity">
        <span className="quote-label" aria-hidden="true">
          {t("quoting.quantity")}
        </span>
        <InputNumber
          className="wide"
          value={line.quantity}
          min={0}
          precision={3}
          controls={false}
          inputMode="decimal"
          data-line-quantity={line.key}
          data-testid="line-quantity"
          aria-label={`${t("quoting.line", { position })} ${t("quoting.quantity")}`}
          status={status("quantity")}
          formatter={(value, { userTyping, input }) => (userTyping ? input : plain(value))}
          suffix={unit || undefined}
          onChange={(quantity) => onChange({ ...line, quantity })}
          onKeyDown={next}
          onFocus={(event) => event.target.select()}
        />
      </div>
      <div className="quote-line-price">
        <span className="quote-label" aria-hidden="true">
          {t("quoting.price")}
        </span>
        <InputNumber
          className={line.by === "price" ? "wide given" : "wide"}
          value={price}
          min={0}
          precision={6}
          controls={false}
          inputMode="decimal"
          data-testid="line-price"
          aria-label={`${t("quoting.line", { position })} ${t("quoting.price")}`}
          status={status("unit_price")}
          formatter={(value, { userTyping, input }) => (userTyping ? input : plain(value))}
          onChange={(value) => {
            if (value === price) return;
            onChange(
              value === null && line.productId !== null
                ? { ...line, by: "list", price: null, discount: null }
                : { ...line, by: "price", price: value, discount: null },
            );
          }}
          onKeyDown={next}
          onFocus={(event) => event.target.select()}
        />
      </div>
      <div className="quote-line-discount">
        <span className="quote-label" aria-hidden="true">
          {t("quoting.discount")}
        </span>
        <InputNumber
          className={line.by === "discount" ? "wide given" : "wide"}
          value={above === null ? shownDiscount : null}
          placeholder={above === null ? undefined : `+${above}`}
          min={0}
          max={100}
          precision={2}
          controls={false}
          inputMode="decimal"
          disabled={line.productId === null}
          data-testid="line-discount"
          aria-label={`${t("quoting.line", { position })} ${t("quoting.discount")}`}
          status={status("discount")}
          suffix="%"
          formatter={(value, { userTyping, input }) => (userTyping ? input : plain(value))}
          onChange={(value) => {
            if (value === shownDiscount) return;
            onChange(
              value === null
                ? { ...line, by: "list", price: null, discount: null }
                : { ...line, by: "discount", discount: value, price: null },
            );
          }}
          onKeyDown={next}
          onFocus={(event) => event.target.select()}
        />
      </div>
      <output
        className={stale ? "quote-line-amount figures stale" : "quote-line-amount figures"}
        data-testid="line-amount"
        data-fen={priced?.amount}
      >
        <span className="quote-label" aria-hidden="true">
          {t("quoting.amount")}
        </span>
        {priced ? fullMoney(priced.amount, currency) : "–"}
      </output>
      <span className="quote-line-tools">
        <Popover
          trigger="click"
          open={more}
          onOpenChange={setMore}
          placement="bottomRight"
          content={
            <Form layout="vertical" component="div" className="quote-line-more">
              {line.productId !== null && (
                <Form.Item label={t("quoting.description")}>
                  <Input.TextArea
                    value={line.description}
                    placeholder={product?.name}
                    maxLength={1000}
                    autoSize={{ minRows: 1, maxRows: 4 }}
                    onChange={(event) => onChange({ ...line, description: event.target.value })}
                  />
                </Form.Item>
              )}
              <Form.Item label={t("quoting.tax")}>
                <InputNumber
                  className="wide"
                  min={0}
                  max={100}
                  precision={2}
                  suffix="%"
                  controls={false}
                  value={line.tax ?? (priced ? written(priced.tax_rate, "share") : null)}
                  onChange={(tax) => onChange({ ...line, tax })}
                />
              </Form.Item>
              <Form.Item label={t("quoting.unit")}>
                <Input
                  value={line.unit ?? ""}
                  placeholder={unit}
                  maxLength={20}
                  onChange={(event) => onChange({ ...line, unit: event.target.value || null })}
                />
              </Form.Item>
            </Form>
          }
        >
          <Button
            type="text"
            size="small"
            icon={<EllipsisOutlined />}
            aria-label={`${t("quoting.line", { position })} ${t("quoting.more")}`}
          />
        </Popover>
        <Button
          type="text"
          size="small"
          icon={<DeleteOutlined />}
          aria-label={t("quoting.remove", { position })}
          onClick={onRemove}
        />
      </span>
      <div className="quote-line-notes small quiet">
        {line.productId !== null &&
          priced &&
          (list === null ? (
            <span>{t("quoting.noList")}</span>
          ) : (
            <span>{t("quoting.list", { price: priceText(list, currency) })}</span>
          ))}
        {above !== null && (
          <span className="warning">
            {t("quoting.aboveList", { share: shareText(Math.round(above * 100), lang) })}
          </span>
        )}
        {line.by !== "list" && line.productId !== null && list !== null && (
          <button
            type="button"
            className="link"
            onClick={() => onChange({ ...line, by: "list", price: null, discount: null })}
          >
            {t("quoting.toList")}
          </button>
        )}
        {tier?.unit_price !== undefined && (
          <button
            type="button"
            className="link"
            title={t("quoting.useTier", { quantity: quantityText(tier.minimum_quantity), unit })}
            onClick={() =>
              onChange({ ...line, quantity: written(tier.minimum_quantity, "quantity") })
            }
          >
            {t("quoting.tier", {
              quantity: quantityText(tier.minimum_quantity),
              unit,
              price: priceText(tier.unit_price, currency || company),
            })}
          </button>
        )}
        {faults.map(({ field, message }) => (
          <span key={field} className="fault" role="alert">
            {field === "unit_price" && message.includes("list price")
              ? t("quoting.noList")
              : tellFault(message, t)}
          </span>
        ))}
      </div>
    </li>
  );
}
