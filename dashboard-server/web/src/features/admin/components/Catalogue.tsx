import { useQuery } from "@tanstack/react-query";
import { App } from "antd";
import { useState } from "react";
import type { Field, Values } from "@/components/fields";
import { History } from "@/components/History";
import { useOverlay } from "@/components/navigation";
import { FormDrawer, PendingDrawer, RecordDrawer } from "@/components/RecordDrawer";
import { RecordForm } from "@/components/RecordForm";
import { RemoveButton } from "@/components/RemoveButton";
import type { Opened } from "@/lib/address";
import { changeRecord, createRecord, recordQuery, textOf } from "@/lib/api/records";
import { RESOURCES } from "@/lib/resources";
import { useMay, useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { useSeesMargin } from "./catalogueParts";
import { PriceItems } from "./PriceItems";

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

function beginningOf(kind: Kind, currency: string): Values {
  switch (kind) {
    case "product":
      return { unit: "件", tax_rate: TAX_RATE, standard: true, enabled: true };
    case "price_list":
      return { currency, enabled: true };
    case "tag":
      return {};
    default:
      return { enabled: true };
  }
}

/** A record of the catalogue: read, and changed by those who may. */
function CatalogueDrawer({ kind, id }: { kind: Kind; id: number }) {
  const { t } = useTexts();
  const may = useMay();
  const margin = useSeesMargin();
  const { message } = App.useApp();
  const found = useQuery(recordQuery(kind, id));
  const record = found.data?.record;
  const labels = found.data?.labels;
  if (!record || !labels) {
    return <PendingDrawer found={found} testId={kind} width={560} />;
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
                <RemoveButton
                  entity={kind}
                  record={record}
                  sure={t("admin.removeSure", { name })}
                />
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
  const { currency } = useMe().company;
  const [fields] = useState(() => fieldsOf(kind, margin));
  const [initial] = useState(() => beginningOf(kind, currency));
  return (
    <FormDrawer title={title}>
      <RecordForm
        entity={kind}
        fields={fields}
        initial={initial}
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
