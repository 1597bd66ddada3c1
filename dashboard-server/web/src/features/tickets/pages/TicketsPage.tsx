import { PlusOutlined } from "@ant-design/icons";
import { Button, Segmented, Tag } from "antd";
import { useSearchParams } from "react-router";
import { Choice, Day, Named, UserName } from "@/components/Cells";
import { useOverlay } from "@/components/navigation";
import { type Column, ResourceTable } from "@/components/ResourceTable";
import { EmptyState } from "@/components/States";
import { type Filter, labelOf } from "@/lib/api/records";
import { usePhone } from "@/lib/media";
import { useMay, useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { DueMark } from "../components/DueMark";
import { SEVERITY_TONES, STATUS_TONES } from "../components/TicketDrawer";
import { useKinds } from "../components/useKinds";
import type { Ticket } from "../types";
import "../tickets.css";

const TABS = ["open", "mine", "unassigned", "asked", "all"] as const;
type Tab = (typeof TABS)[number];

const UNDER_WAY: Filter = {
  field: "status",
  op: "in",
  values: ["open", "in_progress", "paused"],
};

/** What each tab shows; those under way by their due time, the others by their age. */
function filtersOf(tab: Tab, userId: number): Filter[] {
  const me = [String(userId)];
  switch (tab) {
    case "open":
      return [UNDER_WAY];
    case "mine":
      return [UNDER_WAY, { field: "owner_id", op: "in", values: me }];
    case "unassigned":
      return [UNDER_WAY, { field: "owner_id", op: "is_null", values: [] }];
    case "asked":
      return [{ field: "requester_id", op: "in", values: me }];
    default:
      return [];
  }
}

export function TicketsPage() {
  const { t, lang } = useTexts();
  const me = useMe();
  const may = useMay();
  const phone = usePhone();
  const kinds = useKinds();
  const { openForm, openRecord } = useOverlay();
  const [params, setParams] = useSearchParams();
  const tab: Tab = TABS.find((one) => one === params.get("kind")) ?? "open";
  const kindName = (kind: string) => kinds.find(({ value }) => value === kind)?.label ?? kind;
  const columns: Column<Ticket>[] = [
    { field: "title", width: 280, sortable: true, render: (row) => row.title },
    {
      field: "severity",
      width: 80,
      render: (row) => (
        <Tag color={SEVERITY_TONES[row.severity]}>
          <Choice entity="ticket" field="severity" value={row.severity} />
        </Tag>
      ),
    },
    {
      field: "status",
      width: 90,
      render: (row) => (
        <Tag color={STATUS_TONES[row.status]}>
          <Choice entity="ticket" field="status" value={row.status} />
        </Tag>
      ),
    },
    { field: "due_at", width: 130, sortable: true, render: (row) => <DueMark ticket={row} /> },
    {
      field: "account_id",
      width: 180,
      render: (row, labels) => <Named entity="account" id={row.account_id} labels={labels} />,
    },
    { field: "kind", width: 110, render: (row) => kindName(row.kind) },
    {
      field: "owner_id",
      width: 100,
      render: (row, labels) =>
        row.owner_id === null ? (
          <span className="faint">{t("ticketing.unassigned")}</span>
        ) : (
          <UserName id={row.owner_id} labels={labels} />
        ),
    },
    {
      field: "requester_id",
      width: 100,
      render: (row, labels) => <UserName id={row.requester_id} labels={labels} />,
    },
    {
      field: "opened_at",
      width: 110,
      sortable: true,
      render: (row) => <Day value={row.opened_at} />,
    },
    { field: "number", width: 140, sortable: true, hidden: true, render: (row) => row.number },
  ];
  return (
    <main className="work-page">
      <header className="page-head">
        <h1>{t("ticketing.title")}</h1>
        <Segmented<Tab>
          value={tab}
          aria-label={t("ticketing.kindOfList")}
          onChange={(next) =>
            setParams((now) => {
              const changed = new URLSearchParams(now);
              if (next === "open") changed.delete("kind");
              else changed.set("kind", next);
              return changed;
            })
          }
          options={TABS.map((value) => ({ value, label: t(`ticketing.tabs.${value}`) }))}
        />
        {may("ticket", "create") && !phone && (
          <Button
            className="end"
            type="primary"
            icon={<PlusOutlined />}
            data-testid="new-ticket"
            onClick={() => openForm("ticket")}
          >
            {t("ticketing.create")}
          </Button>
        )}
      </header>
      <ResourceTable<Ticket>
        entity="ticket"
        columns={columns}
        filters={[
          { field: "severity", kind: "choice" },
          { field: "status", kind: "choice" },
          { field: "kind", kind: "choice", options: kinds },
          { field: "account_id", kind: "reference" },
          { field: "owner_id", kind: "reference" },
          { field: "requester_id", kind: "reference" },
          { field: "due_at", kind: "moment" },
          { field: "opened_at", kind: "moment" },
        ]}
        base={{
          filters: filtersOf(tab, me.user_id),
          sort: tab === "all" || tab === "asked" ? "-opened_at" : "due_at",
        }}
        onOpen={({ id }) => openRecord({ entity: "ticket", id })}
        empty={
          <EmptyState
            title={t("ticketing.emptyTitle")}
            action={
              may("ticket", "create") && (
                <Button type="primary" onClick={() => openForm("ticket")}>
                  {t("ticketing.create")}
                </Button>
              )
            }
          >
            {t("ticketing.emptyText")}
          </EmptyState>
        }
        card={(row, labels) => ({
          title: row.title,
          figure: <DueMark ticket={row} />,
          second: [
            kindName(row.kind),
            row.account_id === null ? "" : labelOf(labels, "account", row.account_id, lang),
          ]
            .filter(Boolean)
            .join(" · "),
          end: (
            <>
              <Tag color={SEVERITY_TONES[row.severity]}>
                <Choice entity="ticket" field="severity" value={row.severity} />
              </Tag>
              <Tag color={STATUS_TONES[row.status]}>
                <Choice entity="ticket" field="status" value={row.status} />
              </Tag>
            </>
          ),
        })}
      />
    </main>
  );
}
