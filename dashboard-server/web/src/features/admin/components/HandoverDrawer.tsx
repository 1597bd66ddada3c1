import { useQuery } from "@tanstack/react-query";
import { Moment, Named, RecordLink } from "@/components/Cells";
import { PendingDrawer, RecordDrawer } from "@/components/RecordDrawer";
import { labelOf, listQuery, recordQuery } from "@/lib/api/records";
import { type Entity, isEntity } from "@/lib/resources";
import { useTexts } from "@/locales/i18n";
import type { Handover, User } from "../api";
import { counted } from "../handover";

/** So many records of a receipt are listed. */
const LISTED = 200;

/** The receipt of a handover: what went to whom. */
export function HandoverDrawer({ id }: { id: number }) {
  const { t, lang } = useTexts();
  const found = useQuery(recordQuery<Handover>("handover", id));
  const record = found.data?.record;
  const labels = found.data?.labels;
  const ids = [...new Set(record?.moved.map(({ to_user_id }) => to_user_id) ?? [])];
  const people = useQuery({
    ...listQuery<User>("user", {
      filters: [{ field: "id", op: "in", values: ids.map(String) }],
      limit: 100,
    }),
    enabled: ids.length > 0,
  });
  if (!record || !labels) {
    return <PendingDrawer found={found} testId="handover" />;
  }
  const nameOf = (user: number) =>
    people.data?.rows.find((row) => row.id === user)?.name ?? labelOf(labels, "user", user, lang);
  return (
    <RecordDrawer
      testId="handover"
      title={`${t("admin.handover.receipt")} · ${labelOf(labels, "user", record.from_user_id, lang)}`}
      subtitle={
        <>
          <Moment value={record.at} /> · {t("admin.handover.by")}{" "}
          <Named entity="user" id={record.by_id} labels={labels} />
          {record.reason && ` · ${record.reason}`}
        </>
      }
    >
      <ul className="handover-counts" data-testid="handover-counts">
        {counted(record.moved).map(([entity, count]) => (
          <li key={entity}>
            <span className="quiet small">{t(`entity.${entity}`, { defaultValue: entity })}</span>
            <span className="head-number">{count}</span>
          </li>
        ))}
      </ul>
      <h3>
        {t("admin.handover.details")}
        {record.moved.length > LISTED && (
          <span className="quiet small"> {t("admin.handover.showing", { count: LISTED })}</span>
        )}
      </h3>
      <ul className="plain-list">
        {record.moved.slice(0, LISTED).map((one) => (
          <li key={`${one.entity}-${one.id}`}>
            <span className="grow">
              {t(`entity.${one.entity}`, { defaultValue: one.entity })}{" "}
              {isEntity(one.entity) && (
                <RecordLink entity={one.entity as Entity} id={one.id}>
                  #{one.id}
                </RecordLink>
              )}
            </span>
            <span className="quiet">→ {nameOf(one.to_user_id)}</span>
          </li>
        ))}
      </ul>
    </RecordDrawer>
  );
}
