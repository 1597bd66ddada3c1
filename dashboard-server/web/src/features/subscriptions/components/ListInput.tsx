import { Segmented, Select, Switch } from "antd";
import { FilterChips } from "@/components/FilterChips";
import { fieldName } from "@/components/words";
import { useMay } from "@/lib/session";
import {
  type AskedList,
  isListed,
  LISTS,
  type ListContent,
  type Listed,
  readAsked,
  wholeList,
  withAsked,
} from "@/lib/subscribing";
import { useTexts } from "@/locales/i18n";
import { columnsOf, specsOf } from "../lists";
import { Labeled } from "./Labeled";

/** Lists that do not know whose a record is. */
const NOBODYS: Listed[] = ["receipt", "payment_request", "invoice_application"];

/** Which records a mail has. */
export function ListInput({
  value,
  onChange,
}: {
  value: ListContent;
  onChange: (content: ListContent) => void;
}) {
  const { t } = useTexts();
  const may = useMay();
  const { resource } = value;
  const asked = readAsked(value.query);
  const ask = (patch: Partial<AskedList>) => onChange(withAsked(value, { ...asked, ...patch }));
  const listed = (Object.keys(LISTS) as Listed[]).filter(
    (entity) => entity === resource || may(entity, "read"),
  );
  const columns = value.columns ?? [];
  const sort = asked.sort;
  return (
    <div className="content-input" data-testid="content-list">
      <Labeled label={t("subscriptions.content.resource")}>
        <Select<string>
          className="wide"
          value={resource}
          aria-label={t("subscriptions.content.resource")}
          data-testid="content-resource"
          onChange={(next) => isListed(next) && onChange(wholeList(next))}
          options={listed.map((entity) => ({ value: entity, label: t(`entity.${entity}`) }))}
        />
      </Labeled>
      {isListed(resource) && (
        <>
          {!NOBODYS.includes(resource) && (
            <Labeled label={t("subscriptions.content.whose")}>
              {asked.view === "pool" ? (
                <span>{t("subscriptions.content.whosePool")}</span>
              ) : (
                <Segmented<string>
                  value={asked.view === "mine" ? "mine" : "all"}
                  aria-label={t("subscriptions.content.whose")}
                  onChange={(view) => ask({ view: view === "mine" ? "mine" : null })}
                  options={[
                    { value: "mine", label: t("subscriptions.content.whoseMine") },
                    { value: "all", label: t("subscriptions.content.whoseAll") },
                  ]}
                />
              )}
            </Labeled>
          )}
          <Labeled
            label={t("subscriptions.content.filters")}
            note={asked.search && t("subscriptions.content.searched", { words: asked.search })}
          >
            <FilterChips
              entity={resource}
              specs={specsOf(resource, asked.filters)}
              filters={asked.filters}
              onChange={(filters) => ask({ filters })}
            />
          </Labeled>
          <Labeled
            label={t("subscriptions.content.columns")}
            note={t("subscriptions.content.columnsNote")}
          >
            <Select<string[]>
              mode="multiple"
              className="wide"
              value={columns}
              aria-label={t("subscriptions.content.columns")}
              showSearch={{ optionFilterProp: "label" }}
              onChange={(next) => onChange({ ...value, columns: next })}
              options={columnsOf(resource, columns).map((field) => ({
                value: field,
                label: fieldName(resource, field, t),
              }))}
            />
          </Labeled>
          {sort && (
            <Labeled label={t("subscriptions.content.sorted")}>
              <Select<string>
                className="wide"
                value={sort}
                aria-label={t("subscriptions.content.sorted")}
                onChange={(next) => ask({ sort: next || null })}
                options={["", sort].map((one) => {
                  const name = fieldName(resource, one.replace(/^-/, ""), t);
                  return {
                    value: one,
                    label:
                      one === ""
                        ? t("part.natural")
                        : t(one.startsWith("-") ? "part.descending" : "part.ascending", { name }),
                  };
                })}
              />
            </Labeled>
          )}
        </>
      )}
      <div className="content-switch">
        <Switch
          size="small"
          checked={value.when_empty ?? false}
          aria-label={t("subscriptions.content.whenEmpty")}
          onChange={(when_empty) => onChange({ ...value, when_empty })}
        />
        {t("subscriptions.content.whenEmpty")}
      </div>
    </div>
  );
}
