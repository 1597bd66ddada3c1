import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { App, Button, Popconfirm, Skeleton, Tag } from "antd";
import { useState } from "react";
import { ActionDialog } from "@/components/ActionDialog";
import { Day, Named } from "@/components/Cells";
import type { Field } from "@/components/fields";
import { History } from "@/components/History";
import { useOverlay } from "@/components/navigation";
import { FormDrawer, RecordDrawer } from "@/components/RecordDrawer";
import { RecordForm } from "@/components/RecordForm";
import { type Column, ResourceTable } from "@/components/ResourceTable";
import { EmptyState, FailureState } from "@/components/States";
import { useAction } from "@/components/useAction";
import type { Opened } from "@/lib/address";
import {
  changeRecord,
  createRecord,
  labelOf,
  listQuery,
  type Rec,
  recordQuery,
  removeRecord,
  textOf,
} from "@/lib/api/records";
import { type Entity, RESOURCES } from "@/lib/resources";
import { useMay, useMe } from "@/lib/session";
import { priceText, quantityText, shareText } from "@/lib/units";
import { useTexts } from "@/locales/i18n";

type Kind = "product" | "price_list" | "tag" | "routing_rule";

/** VAT of goods, in basis points. */
const TAX_RATE = 1_300;

/** What is entered of each, and what a new one begins with. */
function fieldsOf(kind: Kind, margin: boolean): Field[] {
  switch (kind) {
    case "product":
      return [
        { name: "code", required: true, maxLength: 64, autoFocus: true },
        { name: "name", required: true, maxLength: 200 },
        { name: "unit", required: true, maxLength: 20 },
        { name: "list_price", kind: "price" },
        ...(margin ? [{ name: "cost", kind: "price" } as const] : []),
        { name: "tax_rate", kind: "share" },
        { name: "series", maxLength: 100 },
        { name: "standard", kind: "flag" },
        { name: "enabled", kind: "flag" },
      ];
    case "price_list":
      return [
        { name: "name", required: true, maxLength: 100, autoFocus: true },
        { name: "valid_from", kind: "day", required: true },
        { name: "valid_until", kind: "day" },
        { name: "segment", maxLength: 100 },
        { name: "currency", maxLength: 3 },
        { name: "enabled", kind: "flag" },
      ];
    case "tag":
      return [
        { name: "name", required: true, maxLength: 100, autoFocus: true },
        { name: "kind", maxLength: 40 },
        { name: "team_id", kind: "reference" },
      ];
    default:
      return [
        { name: "position", kind: "integer", required: true, autoFocus: true },
        { name: "team_id", kind: "reference", required: true },
        { name: "tag_id", kind: "reference" },
        { name: "region", maxLength: 100 },
        { name: "industry", maxLength: 100 },
        { name: "enabled", kind: "flag" },
      ];
  }
}

const BEGIN: Record<Kind, Rec | object> = {
  product: { unit: "件", tax_rate: TAX_RATE, standard: true, enabled: true },
  price_list: { currency: "CNY", enabled: true },
  tag: {},
  routing_rule: { enabled: true },
};

function useSeesMargin(): boolean {
  return useMe().rights.visibility.includes("margin");
}

/** A record of the catalogue: read, and changed by those who may. */
function CatalogueDrawer({ kind, id }: { kind: Kind; id: number }) {
  const { t } = useTexts();
  const may = useMay();
  const margin = useSeesMargin();
  const { message } = App.useApp();
  const { close } = useOverlay();
  const found = useQuery(recordQuery(kind, id));
  const remove = useAction(
    (record: Rec) => removeRecord(kind, record),
    () => t("admin.removed"),
  );
  const record = found.data?.record;
  const labels = found.data?.labels;
  if (!record || !labels) {
    return (
      <RecordDrawer
        title=""
        width={560}
        loading={!found.error}
        error={found.error}
        onRetry={() => found.refetch()}
        testId={kind}
      />
    );
  }
  const name = textOf(record, RESOURCES[kind].title) || `${t(`entity.${kind}`)} ${record.id}`;
  const form = (
    <RecordForm
      key={record.version}
      entity={kind}
      fields={fieldsOf(kind, margin)}
      record={record}
      labels={labels}
      open
      submit={({ values, version }) =>
        changeRecord(kind, { id, version: version ?? record.version }, values)
      }
      onDone={() => void message.success(t("part.saved"))}
    />
  );
  return (
    <RecordDrawer
      testId={kind}
      width={560}
      title={name}
      subtitle={t(`entity.${kind}`)}
      tabs={[
        ...(kind === "price_list"
          ? [
              {
                key: "items",
                label: t("admin.prices.items"),
                children: <PriceItems list={record} />,
              },
            ]
          : []),
        {
          key: "details",
          label: t("admin.details"),
          children: (
            <>
              {may(kind, "update") ? form : <ReadOnly>{form}</ReadOnly>}
              {may(kind, "delete") && (
                <Popconfirm
                  title={t("admin.removeSure", { name })}
                  okText={t("admin.remove")}
                  onConfirm={() => remove.mutate(record, { onSuccess: close })}
                >
                  <Button
                    danger
                    type="text"
                    className="catalogue-remove"
                    icon={<DeleteOutlined />}
                    loading={remove.isPending}
                  >
                    {t("admin.remove")}
                  </Button>
                </Popconfirm>
              )}
            </>
          ),
        },
        { key: "history", label: t("admin.history"), children: <History entity={kind} id={id} /> },
      ]}
    />
  );
}

/** A form that only shows. */
function ReadOnly({ children }: { children: React.ReactNode }) {
  return (
    <fieldset disabled className="read-only">
      {children}
    </fieldset>
  );
}

function CatalogueForm({ kind, title }: { kind: Kind; title: string }) {
  const { t } = useTexts();
  const margin = useSeesMargin();
  const { message } = App.useApp();
  const { openRecord, close } = useOverlay();
  const [fields] = useState(() => fieldsOf(kind, margin));
  return (
    <FormDrawer title={title}>
      <RecordForm
        entity={kind}
        fields={fields}
        initial={BEGIN[kind] as Rec}
        open
        submit={({ values, key }) => createRecord(kind, values, key)}
        onDone={({ record }) => {
          void message.success(t("part.created"));
          if (kind === "price_list") openRecord({ entity: kind, id: record.id }, { replace: true });
          else close();
        }}
        onCancel={close}
      />
    </FormDrawer>
  );
}

type DrawerProps = { id: number };
type FormProps = { subject: Opened | null };

export const ProductDrawer = ({ id }: DrawerProps) => <CatalogueDrawer kind="product" id={id} />;
export const PriceListDrawer = ({ id }: DrawerProps) => (
  <CatalogueDrawer kind="price_list" id={id} />
);
export const TagDrawer = ({ id }: DrawerProps) => <CatalogueDrawer kind="tag" id={id} />;
export const RoutingRuleDrawer = ({ id }: DrawerProps) => (
  <CatalogueDrawer kind="routing_rule" id={id} />
);

export function ProductForm(_props: FormProps) {
  return <CatalogueForm kind="product" title={useTexts().t("admin.product.create")} />;
}
export function PriceListForm(_props: FormProps) {
  return <CatalogueForm kind="price_list" title={useTexts().t("admin.prices.create")} />;
}
export function TagForm(_props: FormProps) {
  return <CatalogueForm kind="tag" title={useTexts().t("admin.routing.addTag")} />;
}
export function RoutingRuleForm(_props: FormProps) {
  return <CatalogueForm kind="routing_rule" title={useTexts().t("admin.routing.addRule")} />;
}

function AddButton({ entity, form, label }: { entity: Entity; form: string; label: string }) {
  const may = useMay();
  const { openForm } = useOverlay();
  if (!may(entity, "create")) return null;
  return (
    <Button
      type="primary"
      icon={<PlusOutlined />}
      data-testid={`new-${form}`}
      onClick={() => openForm(form)}
    >
      {label}
    </Button>
  );
}

function Enabled({ value }: { value: unknown }) {
  const { t } = useTexts();
  return (
    <Tag color={value ? "success" : "default"}>
      {t(value ? "admin.user.enabled" : "admin.user.disabled")}
    </Tag>
  );
}

/** What is sold. */
export function Products() {
  const { t, lang } = useTexts();
  const me = useMe();
  const { openRecord } = useOverlay();
  const sees = me.rights.visibility.includes("amounts");
  const margin = useSeesMargin();
  const add = <AddButton entity="product" form="product" label={t("admin.product.create")} />;
  const price = (value: unknown) =>
    typeof value === "number" ? (
      <span className="figures">{priceText(value, me.company.currency)}</span>
    ) : null;
  const columns: Column<Rec>[] = [
    { field: "code", width: 130, sortable: true, render: (row) => textOf(row, "code") },
    { field: "name", width: 240, sortable: true, render: (row) => textOf(row, "name") },
    { field: "series", width: 130, render: (row) => textOf(row, "series") },
    { field: "unit", width: 70, render: (row) => textOf(row, "unit") },
    ...(sees
      ? [
          {
            field: "list_price",
            width: 120,
            align: "right",
            sortable: true,
            render: (row) => price(row.list_price),
          } satisfies Column<Rec>,
        ]
      : []),
    ...(margin
      ? [
          {
            field: "cost",
            width: 120,
            align: "right",
            render: (row) => price(row.cost),
          } satisfies Column<Rec>,
        ]
      : []),
    {
      field: "tax_rate",
      width: 80,
      align: "right",
      render: (row) => shareText(Number(row.tax_rate ?? 0), lang),
    },
    { field: "enabled", width: 90, render: (row) => <Enabled value={row.enabled} /> },
  ];
  return (
    <ResourceTable<Rec>
      entity="product"
      columns={columns}
      filters={[
        { field: "series", kind: "text" },
        { field: "enabled", kind: "flag" },
        { field: "standard", kind: "flag" },
      ]}
      base={{ sort: "code" }}
      tools={add}
      onOpen={({ id }) => openRecord({ entity: "product", id })}
      empty={
        <EmptyState title={t("admin.product.emptyTitle")} action={add}>
          {t("admin.product.emptyText")}
        </EmptyState>
      }
      card={(row) => ({
        title: textOf(row, "name"),
        figure: sees ? price(row.list_price) : undefined,
        second: `${textOf(row, "code")} · ${textOf(row, "series")}`,
        end: <Enabled value={row.enabled} />,
      })}
    />
  );
}

/** Price lists. */
export function PriceLists() {
  const { t } = useTexts();
  const { openRecord } = useOverlay();
  const add = <AddButton entity="price_list" form="price-list" label={t("admin.prices.create")} />;
  const segment = (row: Rec) => textOf(row, "segment") || t("admin.prices.everybody");
  const columns: Column<Rec>[] = [
    { field: "name", width: 220, sortable: true, render: (row) => textOf(row, "name") },
    { field: "segment", width: 140, render: segment },
    { field: "currency", width: 80, render: (row) => textOf(row, "currency") },
    {
      field: "valid_from",
      width: 110,
      sortable: true,
      render: (row) => <Day value={row.valid_from} />,
    },
    {
      field: "valid_until",
      width: 110,
      sortable: true,
      render: (row) => <Day value={row.valid_until} />,
    },
    { field: "enabled", width: 90, render: (row) => <Enabled value={row.enabled} /> },
  ];
  return (
    <ResourceTable<Rec>
      entity="price_list"
      columns={columns}
      filters={[
        { field: "segment", kind: "text" },
        { field: "enabled", kind: "flag" },
      ]}
      base={{ sort: "-valid_from" }}
      tools={add}
      onOpen={({ id }) => openRecord({ entity: "price_list", id })}
      empty={
        <EmptyState title={t("admin.prices.emptyTitle")} action={add}>
          {t("admin.prices.emptyText")}
        </EmptyState>
      }
      card={(row) => ({
        title: textOf(row, "name"),
        second: `${segment(row)} · ${textOf(row, "currency")}`,
        end: <Enabled value={row.enabled} />,
      })}
    />
  );
}

type Asking = { kind: "add" } | { kind: "edit" | "remove"; item: Rec };

/** The prices of a list, by product and the quantity from which each holds. */
function PriceItems({ list }: { list: Rec }) {
  const { t, lang } = useTexts();
  const may = useMay();
  const [asking, setAsking] = useState<Asking | null>(null);
  const [key, setKey] = useState(() => crypto.randomUUID());
  const found = useQuery(
    listQuery("price_list_item", {
      filters: [{ field: "price_list_id", op: "in", values: [String(list.id)] }],
      limit: 100,
    }),
  );
  if (found.error) return <FailureState error={found.error} onRetry={() => found.refetch()} />;
  if (!found.data) return <Skeleton active paragraph={{ rows: 4 }} title={false} />;
  const { rows, labels } = found.data;
  const name = (item: Rec) => labelOf(labels, "product", item.product_id, lang);
  const sorted = [...rows].sort(
    (a, b) =>
      name(a).localeCompare(name(b), "zh") ||
      Number(a.minimum_quantity) - Number(b.minimum_quantity),
  );
  const fields: Field[] = [
    { name: "product_id", kind: "reference", required: true },
    { name: "minimum_quantity", kind: "quantity" },
    { name: "unit_price", kind: "price", required: true },
  ];
  const ask = (next: Asking) => {
    setKey(crypto.randomUUID());
    setAsking(next);
  };
  return (
    <>
      {may("price_list_item", "create") && (
        <Button
          size="small"
          icon={<PlusOutlined />}
          data-testid="add-price"
          onClick={() => ask({ kind: "add" })}
        >
          {t("admin.prices.addItem")}
        </Button>
      )}
      {rows.length === 0 && <p className="quiet">{t("admin.prices.noItems")}</p>}
      <ul className="plain-list">
        {sorted.map((item) => (
          <li key={item.id}>
            <span className="grow clip">{name(item)}</span>
            <span className="quiet small">
              {Number(item.minimum_quantity) > 0
                ? t("admin.prices.from", { quantity: quantityText(Number(item.minimum_quantity)) })
                : t("admin.prices.any")}
            </span>
            {typeof item.unit_price === "number" && (
              <span className="figures">
                {priceText(item.unit_price, textOf(list, "currency"))}
              </span>
            )}
            {may("price_list_item", "update") && (
              <Button size="small" type="text" onClick={() => ask({ kind: "edit", item })}>
                {t("admin.edit")}
              </Button>
            )}
            {may("price_list_item", "delete") && (
              <Button
                size="small"
                type="text"
                icon={<DeleteOutlined />}
                aria-label={`${t("admin.remove")} ${name(item)}`}
                onClick={() => ask({ kind: "remove", item })}
              />
            )}
          </li>
        ))}
      </ul>
      {asking?.kind === "add" && (
        <ActionDialog
          entity="price_list_item"
          title={t("admin.prices.addItem")}
          fields={fields}
          submitLabel={t("admin.add")}
          run={(values) =>
            createRecord(
              "price_list_item",
              { minimum_quantity: 0, ...values, price_list_id: list.id },
              key,
            )
          }
          said={t("part.created")}
          onClose={() => setAsking(null)}
        />
      )}
      {asking?.kind === "edit" && (
        <ActionDialog
          entity="price_list_item"
          title={name(asking.item)}
          fields={fields.slice(1)}
          initial={asking.item}
          submitLabel={t("part.save")}
          run={(values) =>
            changeRecord("price_list_item", asking.item, { minimum_quantity: 0, ...values })
          }
          said={t("part.saved")}
          onClose={() => setAsking(null)}
        />
      )}
      {asking?.kind === "remove" && (
        <ActionDialog
          entity="price_list_item"
          title={t("admin.removeSure", { name: name(asking.item) })}
          submitLabel={t("admin.remove")}
          danger
          run={() => removeRecord("price_list_item", asking.item)}
          said={t("admin.removed")}
          onClose={() => setAsking(null)}
        />
      )}
    </>
  );
}

/** Tags of accounts, and the rules that route what nobody owns. */
export function Routing() {
  const { t } = useTexts();
  const { openRecord } = useOverlay();
  const tags = useQuery(listQuery("tag", { limit: 100, sort: "name" }));
  const rules = useQuery(listQuery("routing_rule", { limit: 100, sort: "position" }));
  const any = <span className="faint">{t("admin.routing.any")}</span>;
  return (
    <div className="admin-section routing">
      <section className="card">
        <div className="admin-tools">
          <h2>{t("admin.routing.rules")}</h2>
          <AddButton entity="routing_rule" form="routing-rule" label={t("admin.routing.addRule")} />
        </div>
        <p className="quiet small">{t("admin.routing.rulesNote")}</p>
        {rules.error ? (
          <FailureState error={rules.error} onRetry={() => rules.refetch()} />
        ) : !rules.data ? (
          <Skeleton active paragraph={{ rows: 3 }} title={false} />
        ) : rules.data.rows.length === 0 ? (
          <p className="quiet">{t("admin.routing.noRules")}</p>
        ) : (
          <ol className="plain-list" data-testid="rules">
            {rules.data.rows.map((rule) => (
              <li key={rule.id}>
                <button
                  type="button"
                  className="rule"
                  onClick={() => openRecord({ entity: "routing_rule", id: rule.id })}
                >
                  <span className="figures quiet">{Number(rule.position)}</span>
                  <span>
                    {typeof rule.tag_id === "number" ? (
                      <Tag>
                        <Named entity="tag" id={rule.tag_id} labels={rules.data.labels} />
                      </Tag>
                    ) : (
                      any
                    )}
                  </span>
                  <span>{textOf(rule, "region") || any}</span>
                  <span>{textOf(rule, "industry") || any}</span>
                  <span>→</span>
                  <span className="strong grow">
                    <Named entity="team" id={rule.team_id} labels={rules.data.labels} />
                  </span>
                  <Enabled value={rule.enabled} />
                </button>
              </li>
            ))}
          </ol>
        )}
      </section>
      <section className="card">
        <div className="admin-tools">
          <h2>{t("admin.routing.tags")}</h2>
          <AddButton entity="tag" form="tag" label={t("admin.routing.addTag")} />
        </div>
        <p className="quiet small">{t("admin.routing.tagsNote")}</p>
        {tags.error ? (
          <FailureState error={tags.error} onRetry={() => tags.refetch()} />
        ) : !tags.data ? (
          <Skeleton active paragraph={{ rows: 3 }} title={false} />
        ) : tags.data.rows.length === 0 ? (
          <p className="quiet">{t("admin.routing.noTags")}</p>
        ) : (
          <ul className="plain-list" data-testid="tags">
            {tags.data.rows.map((tag) => (
              <li key={tag.id}>
                <button
                  type="button"
                  className="rule"
                  onClick={() => openRecord({ entity: "tag", id: tag.id })}
                >
                  <span className="strong grow">{textOf(tag, "name")}</span>
                  <span className="quiet small">{textOf(tag, "kind")}</span>
                  {typeof tag.team_id === "number" && (
                    <span>
                      → <Named entity="team" id={tag.team_id} labels={tags.data.labels} />
                    </span>
                  )}
                </button>
              </li>
            ))}
          </ul>
        )}
      </section>
    </div>
  );
}
