import {
  AuditOutlined,
  CarOutlined,
  CommentOutlined,
  CustomerServiceOutlined,
  EnvironmentOutlined,
  FileTextOutlined,
  NodeIndexOutlined,
  PaperClipOutlined,
  PayCircleOutlined,
  PhoneOutlined,
  ShoppingCartOutlined,
  SwapOutlined,
} from "@ant-design/icons";
import { infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { Button, Skeleton, Tag } from "antd";
import type { ReactNode } from "react";
import { getFrom } from "@/lib/api/client";
import { joinLabels, type Labels, labelOf, type Rec, textOf } from "@/lib/api/records";
import { type Entity, isEntity, pathOf } from "@/lib/resources";
import { useTexts } from "@/locales/i18n";
import { Ago, Amount, Choice, Day, RecordLink, UserName } from "./Cells";
import { FailureState } from "./States";

export type TimelineEntry = {
  at: string;
  recorded_at: string;
  kind: string;
  record: Rec;
  labels?: Labels;
};
type TimelinePage = { entries: TimelineEntry[]; next?: string | null; labels?: Labels };

/** What happened around an account or a deal, the latest first. */
export function timelineQuery(entity: Entity, id: number) {
  return infiniteQueryOptions({
    queryKey: ["records", entity, "timeline", id],
    initialPageParam: null as string | null,
    getNextPageParam: (last: TimelinePage) => last.next ?? null,
    queryFn: ({ pageParam, signal }) =>
      getFrom<TimelinePage>(
        pathOf(entity, id, "timeline"),
        { cursor: pageParam, limit: 50 },
        signal,
      ),
  });
}

const ICONS: Record<string, ReactNode> = {
  stage_change: <NodeIndexOutlined />,
  quote: <FileTextOutlined />,
  contract: <AuditOutlined />,
  order: <ShoppingCartOutlined />,
  receipt: <PayCircleOutlined />,
  ticket: <CustomerServiceOutlined />,
  pool_move: <SwapOutlined />,
  delivery: <CarOutlined />,
  attachment: <PaperClipOutlined />,
};

/** Entered more than two days after it happened. */
const LATE_MS = 2 * 86_400_000;

export function Timeline({ entity, id }: { entity: Entity; id: number }) {
  const { t } = useTexts();
  const found = useInfiniteQuery(timelineQuery(entity, id));
  if (found.error) return <FailureState error={found.error} onRetry={() => found.refetch()} />;
  if (!found.data) return <Skeleton active paragraph={{ rows: 6 }} title={false} />;
  const entries = found.data.pages.flatMap((page) => page.entries);
  const labels = joinLabels(found.data.pages.map((page) => page.labels));
  if (entries.length === 0) return <p className="quiet">{t("timeline.none")}</p>;
  return (
    <>
      <ol className="timeline" data-testid="timeline">
        {entries.map((entry) => (
          <li key={`${entry.kind}-${entry.record.id}`} data-kind={entry.kind}>
            <span className="timeline-icon" aria-hidden="true">
              {entry.kind === "interaction"
                ? interactionIcon(textOf(entry.record, "kind"))
                : (ICONS[entry.kind] ?? <CommentOutlined />)}
            </span>
            <div className="timeline-body">
              <Entry entry={entry} labels={entry.labels ?? labels} within={entity} />
            </div>
          </li>
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

function interactionIcon(kind: string): ReactNode {
  if (kind === "visit") return <EnvironmentOutlined />;
  if (kind === "call") return <PhoneOutlined />;
  return <CommentOutlined />;
}

function Entry({
  entry,
  labels,
  within,
}: {
  entry: TimelineEntry;
  labels: Labels;
  /** Whose timeline it is: what it is about needs no name there. */
  within: Entity;
}) {
  const { t } = useTexts();
  const { kind, record, at, recorded_at } = entry;
  const late = Date.parse(recorded_at) - Date.parse(at) > LATE_MS;
  const who = record.by_id ?? record.owner_id ?? record.requester_id ?? record.uploaded_by_id;
  return (
    <>
      <div className="timeline-line">
        <Headline kind={kind} record={record} labels={labels} within={within} />
        <span className="quiet small timeline-when">
          {late && <Tag>{t("timeline.late")}</Tag>}
          {typeof who === "number" && (
            <>
              <UserName id={who} labels={labels} /> ·{" "}
            </>
          )}
          <Ago value={at} />
        </span>
      </div>
      {kind === "interaction" && (
        <>
          <p className="timeline-text">{textOf(record, "content")}</p>
          {record.next_step && (
            <p className="quiet small">
              {t("timeline.next", { step: record.next_step })}{" "}
              {record.next_at && <Day value={record.next_at} />}
            </p>
          )}
        </>
      )}
      {record.reason && <p className="quiet small">{textOf(record, "reason")}</p>}
    </>
  );
}

function Headline({
  kind,
  record,
  labels,
  within,
}: {
  kind: string;
  record: Rec;
  labels: Labels;
  within: Entity;
}) {
  const { t, lang } = useTexts();
  const entity = isEntity(kind) ? kind : null;
  const stage = (id: Rec[string]) => labelOf(labels, "stage", id, lang);
  switch (kind) {
    case "interaction":
      return (
        <span>
          <strong>
            <Choice entity="interaction" field="kind" value={record.kind} />
          </strong>{" "}
          {record.checked_in_at && (
            <Tag color="blue">
              {t("timeline.checkedIn")}
              {record.place ? ` · ${record.place}` : ""}
            </Tag>
          )}
        </span>
      );
    case "stage_change":
      return (
        <span>
          {within !== "opportunity" && (
            <>
              <RecordLink entity="opportunity" id={record.opportunity_id} labels={labels} />{" "}
            </>
          )}
          {record.outcome !== "open" && record.kind === "close" ? (
            <Choice entity="opportunity" field="outcome" value={record.outcome} />
          ) : record.from_stage_id ? (
            t("timeline.stage", { from: stage(record.from_stage_id), to: stage(record.stage_id) })
          ) : (
            t("timeline.opened", { to: stage(record.stage_id) })
          )}
        </span>
      );
    case "pool_move":
      return (
        <span>
          <Choice entity="pool_move" field="kind" value={record.kind} />
          {/* Who does it for themselves stands at the end of the line already. */}
          {typeof record.user_id === "number" && record.user_id !== record.by_id && (
            <>
              {" "}
              <UserName id={record.user_id} labels={labels} />
            </>
          )}
        </span>
      );
    case "attachment":
      return (
        <span>
          {t(`attachment.${record.kind}`, { defaultValue: textOf(record, "kind") })}:{" "}
          {textOf(record, "file_name")}
        </span>
      );
    default:
      return (
        <span>
          {entity && t(`entity.${entity}`)}{" "}
          {entity ? (
            <RecordLink entity={entity} id={record.id}>
              {textOf(record, "number") || textOf(record, "title") || `#${record.id}`}
            </RecordLink>
          ) : null}{" "}
          {typeof record.amount === "number" && <Amount fen={record.amount} />}{" "}
          {entity && typeof (record.outcome ?? record.status) === "string" && (
            <Choice
              entity={entity}
              field={record.outcome ? "outcome" : "status"}
              value={record.outcome ?? record.status}
            />
          )}
        </span>
      );
  }
}
