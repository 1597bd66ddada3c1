import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, Popconfirm, Skeleton, Tag } from "antd";
import { Choice, Moment, UserName } from "@/components/Cells";
import { useOverlay } from "@/components/navigation";
import { EmptyState, FailureState } from "@/components/States";
import { useAction } from "@/components/useAction";
import { joinLabels, type Labels } from "@/lib/api/records";
import { instant } from "@/lib/format";
import { useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { receiptsQuery, sendAgain } from "../api";
import { canSendAgain, mayComeTwice, occurrences, STATE_TONES, tellReason } from "../receipts";
import type { Dispatch, DispatchState } from "../types";

/** How a copy stands. */
export function StateTag({ state, count }: { state: DispatchState; count?: number }) {
  return (
    <Tag color={STATE_TONES[state]} className="state-tag">
      {count !== undefined && `${count} `}
      <Choice entity="dispatch" field="state" value={state} />
    </Tag>
  );
}

/** Why a copy did not come, and when it is tried again. */
export function Why({ copy }: { copy: Dispatch }) {
  const { t } = useTexts();
  const { zone } = useMe().company;
  const parts = [
    copy.reason && tellReason(copy.reason, t),
    copy.attempts > 1 && t("subscriptions.tries", { count: copy.attempts }),
    copy.state === "retrying" &&
      copy.next_attempt_at &&
      t("subscriptions.tryAt", { time: instant(copy.next_attempt_at, zone).slice(5) }),
  ].filter(Boolean);
  if (parts.length === 0) return null;
  return <span className="why-not small">{parts.join(" · ")}</span>;
}

/** Sends a copy that did not come once more. */
export function AgainButton({ copy, small }: { copy: Dispatch; small?: boolean }) {
  const { t } = useTexts();
  const again = useAction(
    () => sendAgain(copy.id),
    () => t("subscriptions.againDone"),
  );
  if (!canSendAgain(copy.state)) return null;
  const button = (onClick?: () => void) => (
    <Button
      size={small ? "small" : undefined}
      loading={again.isPending}
      data-testid="send-again"
      onClick={onClick}
    >
      {t("subscriptions.again")}
    </Button>
  );
  if (!mayComeTwice(copy.state)) return button(() => again.mutate(undefined));
  return (
    <Popconfirm
      title={t("subscriptions.againSure")}
      okText={t("subscriptions.again")}
      onConfirm={() => again.mutate(undefined)}
    >
      {button()}
    </Popconfirm>
  );
}

/** The receipts of a subscription, moment by moment. */
export function Receipts({ id, edits }: { id: number; edits: boolean }) {
  const { t } = useTexts();
  const found = useInfiniteQuery(receiptsQuery(id));
  if (found.error && !found.data) {
    return <FailureState error={found.error} onRetry={() => found.refetch()} />;
  }
  if (!found.data) return <Skeleton active paragraph={{ rows: 6 }} title={false} />;
  const labels = joinLabels(found.data.pages.map((page) => page.labels));
  const moments = occurrences(found.data.pages.flatMap((page) => page.rows));
  if (moments.length === 0) {
    return (
      <EmptyState title={t("subscriptions.empty.receipts")}>
        {t("subscriptions.emptyNote.receipts")}
      </EmptyState>
    );
  }
  return (
    <div data-testid="receipts">
      {moments.map(({ planned_at, manual, copies, counts }) => (
        <section key={planned_at} className="occurrence">
          <h3>
            <Moment value={planned_at} />
            {manual && <span className="quiet small">{t("subscriptions.manual")}</span>}
            <span className="end">
              {copies.length > 1 &&
                counts.map(([state, count]) => (
                  <StateTag key={state} state={state} count={count} />
                ))}
            </span>
          </h3>
          <ul className="plain-list">
            {copies.map((copy) => (
              <Receipt key={copy.id} copy={copy} labels={labels} edits={edits} />
            ))}
          </ul>
        </section>
      ))}
      {found.hasNextPage && (
        <Button block loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          {t("part.loadMore")}
        </Button>
      )}
    </div>
  );
}

function Receipt({ copy, labels, edits }: { copy: Dispatch; labels: Labels; edits: boolean }) {
  const { openRecord } = useOverlay();
  return (
    <li data-testid="receipt" data-state={copy.state}>
      <button
        type="button"
        className="receipt grow"
        onClick={() => openRecord({ entity: "dispatch", id: copy.id })}
      >
        <span className="receipt-head">
          <StateTag state={copy.state} />
          <UserName id={copy.recipient_id} labels={labels} />
          <span className="quiet small clip">{copy.address}</span>
        </span>
        <Why copy={copy} />
      </button>
      {edits && <AgainButton copy={copy} small />}
    </li>
  );
}
