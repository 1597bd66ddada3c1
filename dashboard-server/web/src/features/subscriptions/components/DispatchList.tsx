import { Checkbox } from "antd";
import type { BulkAction } from "@/components/BulkBar";
import { Choice, Moment, Named, UserName } from "@/components/Cells";
import { useListState } from "@/components/listState";
import { useOverlay } from "@/components/navigation";
import { type Column, ResourceTable } from "@/components/ResourceTable";
import { EmptyState } from "@/components/States";
import { ApiError } from "@/lib/api/client";
import { type BulkResult, labelOf } from "@/lib/api/records";
import { useMay } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { sendAgain } from "../api";
import { TROUBLED } from "../receipts";
import type { Dispatch } from "../types";
import { StateTag, Why } from "./Receipts";

/** Sends copies once more, one after the other; each is refused by itself. */
async function sendAllAgain(copies: Dispatch[]): Promise<BulkResult[]> {
  const done: BulkResult[] = [];
  for (const { id } of copies) {
    try {
      const { record } = await sendAgain(id);
      done.push({ id, record });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      done.push({ id, problem: error.problem });
    }
  }
  return done;
}

/** What became of all copies that one may know of. */
export function DispatchList() {
  const { t, lang } = useTexts();
  const { openRecord } = useOverlay();
  const may = useMay();
  const again: BulkAction<Dispatch> = {
    key: "again",
    label: t("subscriptions.again"),
    run: sendAllAgain,
  };
  const columns: Column<Dispatch>[] = [
    {
      field: "planned_at",
      width: 140,
      sortable: true,
      render: (row) => <Moment value={row.planned_at} />,
    },
    { field: "state", width: 110, render: (row) => <StateTag state={row.state} /> },
    {
      field: "subscription_id",
      width: 200,
      render: (row, labels) =>
        labels.subscription?.[String(row.subscription_id)] ? (
          <Named entity="subscription" id={row.subscription_id} labels={labels} />
        ) : (
          row.subject
        ),
    },
    {
      field: "recipient_id",
      width: 100,
      render: (row, labels) => <UserName id={row.recipient_id} labels={labels} />,
    },
    { field: "address", width: 200, render: (row) => row.address ?? "" },
    { field: "reason", width: 320, render: (row) => <Why copy={row} /> },
    {
      field: "channel",
      width: 80,
      hidden: true,
      render: (row) => <Choice entity="dispatch" field="channel" value={row.channel} />,
    },
    {
      field: "sent_at",
      width: 140,
      sortable: true,
      hidden: true,
      render: (row) => <Moment value={row.sent_at} />,
    },
  ];
  return (
    <ResourceTable<Dispatch>
      entity="dispatch"
      columns={columns}
      searchable={false}
      filters={[
        { field: "state", kind: "choice" },
        { field: "subscription_id", kind: "reference" },
        { field: "recipient_id", kind: "reference" },
        { field: "channel", kind: "choice" },
        { field: "manual", kind: "flag" },
        { field: "planned_at", kind: "moment" },
      ]}
      base={{ sort: "-planned_at" }}
      tools={<Troubled />}
      bulk={may("subscription", "update") ? [again] : []}
      onOpen={({ id }) => openRecord({ entity: "dispatch", id })}
      card={(row, labels) => ({
        title:
          row.subject ?? labelOf(labels, "subscription", row.subscription_id, lang) ?? row.address,
        figure: <StateTag state={row.state} />,
        second: row.reason ? (
          <Why copy={row} />
        ) : (
          <UserName id={row.recipient_id} labels={labels} />
        ),
        end: <Moment value={row.planned_at} />,
      })}
      empty={
        <EmptyState title={t("subscriptions.empty.receipts")}>
          {t("subscriptions.emptyNote.receipts")}
        </EmptyState>
      }
    />
  );
}

/** Leaves the copies that did not come. */
function Troubled() {
  const { t } = useTexts();
  const { state, change } = useListState();
  const others = state.filters.filter(({ field }) => field !== "state");
  const asked = state.filters.find(({ field }) => field === "state");
  const on = asked?.op === "in" && [...asked.values].sort().join() === [...TROUBLED].sort().join();
  return (
    <Checkbox
      checked={on}
      data-testid="troubled"
      onChange={({ target }) =>
        change({
          filters: target.checked
            ? [...others, { field: "state", op: "in", values: [...TROUBLED] }]
            : others,
        })
      }
    >
      {t("subscriptions.troubled")}
    </Checkbox>
  );
}
