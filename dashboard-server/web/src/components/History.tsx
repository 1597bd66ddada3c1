import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, Skeleton } from "antd";
import { type Change, historyQuery, joinLabels, type Labels } from "@/lib/api/records";
import { NONE } from "@/lib/format";
import type { Entity } from "@/lib/resources";
import { useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { Moment } from "./Cells";
import { FailureState } from "./States";
import { fieldName, valueText } from "./words";

/** Fields that say nothing to a reader of the history. */
const QUIET = new Set([
  "id",
  "version",
  "updated_at",
  "recorded_at",
  "normalised_name",
  "attributes",
  "object_key",
  "sha256",
]);

const NAMES: Record<string, "created" | "updated" | "deleted"> = {
  insert: "created",
  create: "created",
  update: "updated",
  delete: "deleted",
};

/** Who changed what of a record and when, field by field. */
export function History({ entity, id }: { entity: Entity; id: number }) {
  const { t } = useTexts();
  const found = useInfiniteQuery(historyQuery(entity, id));
  if (found.error) return <FailureState error={found.error} onRetry={() => found.refetch()} />;
  if (!found.data) return <Skeleton active paragraph={{ rows: 4 }} title={false} />;
  const changes = found.data.pages.flatMap((page) => page.changes);
  const labels = joinLabels(found.data.pages.map((page) => page.labels));
  if (changes.length === 0) return <p className="quiet">{t("history.none")}</p>;
  return (
    <>
      <ol className="history" data-testid="history">
        {changes.map((change) => (
          <OneChange key={change.seq} entity={entity} change={change} labels={labels} />
        ))}
      </ol>
      {found.hasNextPage && (
        <Button block loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          {t("part.loadMore")}
        </Button>
      )}
    </>
  );
}

function OneChange({ entity, change, labels }: { entity: Entity; change: Change; labels: Labels }) {
  const { t, lang } = useTexts();
  const { zone } = useMe().company;
  const name = NAMES[change.op];
  const text = (field: string, value: Change["fields"][number]["after"]) =>
    valueText(entity, field, value, { labels, t, lang, zone });
  const told = change.fields.filter(({ field, before, after }) => {
    if (QUIET.has(field)) return false;
    // What was never filled in is no news of a new record.
    return name !== "created" || text(field, after) !== text(field, before);
  });
  return (
    <li>
      <div className="history-line">
        <strong>{change.actor || t("history.system")}</strong>{" "}
        <span>{name ? t(`history.${name}`) : change.op}</span>
        <span className="quiet small">
          <Moment value={change.at} />
        </span>
      </div>
      {change.reason && (
        <div className="quiet small">{t("history.reason", { reason: change.reason })}</div>
      )}
      <dl className="changes">
        {told.map(({ field, before, after }) => (
          <div key={field}>
            <dt>{fieldName(entity, field, t)}</dt>
            <dd>
              {before === undefined && after === undefined ? (
                <span className="quiet">{t("history.changedSecret")}</span>
              ) : (
                <>
                  {name !== "created" && text(field, before) !== NONE && (
                    <del>{text(field, before)}</del>
                  )}{" "}
                  <span>{text(field, after)}</span>
                </>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </li>
  );
}
