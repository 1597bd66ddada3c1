import { useQuery } from "@tanstack/react-query";
import { Button, Tag } from "antd";
import { useState } from "react";
import { Ago, Amount, Choice, Day, UserName } from "@/components/Cells";
import { Composer } from "@/components/Composer";
import { Facts, HeadNumbers } from "@/components/Facts";
import { History } from "@/components/History";
import { useOverlay } from "@/components/navigation";
import { type DrawerTab, RecordDrawer } from "@/components/RecordDrawer";
import { RelatedList } from "@/components/RelatedList";
import { Timeline } from "@/components/Timeline";
import { Attachments } from "@/components/Uploader";
import {
  type Filter,
  integerOf,
  type Labels,
  labelOf,
  listQuery,
  type Rec,
  recordQuery,
  textOf,
} from "@/lib/api/records";
import type { Entity } from "@/lib/resources";
import { useMay } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import type { Account } from "../api";
import { EditAccount } from "./AccountForm";
import { ClaimButton, OwnershipButtons } from "./actions";
import { Contacts } from "./Contacts";
import { CountdownBadge } from "./CountdownBadge";
import { PrivateNotes } from "./PrivateNotes";
import { Tags } from "./Tags";
import "../accounts.css";

const FACTS = [
  "number",
  "status",
  "owner_id",
  "team_id",
  "credit_code",
  "region",
  "industry",
  "level",
  "segment",
  "size",
  "source",
  "parent_id",
  "phone",
  "address",
  "delivery_address",
  "website",
  "credit_days",
  "created_at",
  "claimed_at",
  "pooled_at",
  "previous_owner_id",
  "protected_until",
];

/** An account from all sides. */
export function AccountDrawer({ id }: { id: number }) {
  const { t, lang } = useTexts();
  const may = useMay();
  const { openForm } = useOverlay();
  const [editing, setEditing] = useState(false);
  const found = useQuery(recordQuery<Account>("account", id));
  const account = found.data?.record;
  const labels = found.data?.labels ?? {};
  const pooled = account?.pool_state === "pooled";
  const subject = { entity: "account" as const, id };
  const edits = may("account", "update") && (!pooled || may("account", "assign"));

  const of: Filter[] = [{ field: "account_id", op: "in", values: [String(id)] }];
  const tabs: DrawerTab[] = [];
  const tab = (key: string, needs: Entity, children: React.ReactNode) => {
    if (may(needs, "read")) tabs.push({ key, label: t(`accounts.tab.${key}`), children });
  };
  if (account) {
    tab(
      "timeline",
      "interaction",
      <>
        {may("interaction", "create") && !pooled && <Composer accountId={id} />}
        <Timeline entity="account" id={id} />
      </>,
    );
    tab(
      "about",
      "account",
      <>
        <Tags accountId={id} />
        <Facts entity="account" record={account} labels={labels} fields={FACTS} />
      </>,
    );
    tab("contacts", "contact", <Contacts accountId={id} pooled={pooled} />);
    tab(
      "deals",
      "opportunity",
      <RelatedList
        entity="opportunity"
        query={{ filters: of, sort: "-opened_at" }}
        empty={t("accounts.noDeals")}
        card={(row, names) => ({
          title: textOf(row, "name"),
          figure: <Amount fen={row.amount} />,
          second: (
            <>
              {row.outcome === "open" ? (
                labelOf(names, "stage", row.stage_id, lang)
              ) : (
                <Choice entity="opportunity" field="outcome" value={row.outcome} />
              )}{" "}
              · <UserName id={row.owner_id} labels={names} />
            </>
          ),
          end: <Day value={row.expected_close_on ?? row.opened_at} />,
        })}
        action={
          may("opportunity", "create") &&
          !pooled && (
            <Button size="small" onClick={() => openForm("lead", subject)}>
              {t("create.lead")}
            </Button>
          )
        }
      />,
    );
    tab(
      "quotes",
      "quote",
      <RelatedList
        entity="quote"
        query={{ filters: of }}
        empty={t("accounts.noQuotes")}
        card={(row, names) => ({
          title: `${textOf(row, "number")} v${row.quote_version ?? 1}`,
          figure: <Amount fen={row.amount} />,
          second: (
            <>
              <Choice entity="quote" field="outcome" value={row.outcome} /> ·{" "}
              <UserName id={row.owner_id} labels={names} />
            </>
          ),
          end: <Day value={row.sent_at ?? row.recorded_at} />,
        })}
      />,
    );
    tab("contracts", "contract", <ContractsOf filters={of} />);
    tab(
      "tickets",
      "ticket",
      <RelatedList
        entity="ticket"
        query={{ filters: of, sort: "-opened_at" }}
        empty={t("accounts.noTickets")}
        card={(row, names) => ({
          title: textOf(row, "title"),
          figure: <Choice entity="ticket" field="status" value={row.status} />,
          second: (
            <>
              {textOf(row, "number")} · <UserName id={row.owner_id} labels={names} />
            </>
          ),
          end: <Ago value={row.opened_at} />,
        })}
        action={
          may("ticket", "create") &&
          !pooled && (
            <Button size="small" onClick={() => openForm("ticket", subject)}>
              {t("create.ticket")}
            </Button>
          )
        }
      />,
    );
    tab("files", "attachment", <Attachments entity="account" id={id} />);
    tab("notes", "private_note", <PrivateNotes accountId={id} />);
    tab("history", "account", <History entity="account" id={id} />);
  }

  return (
    <RecordDrawer
      testId="account"
      title={account?.name}
      subtitle={account && <Subtitle account={account} labels={labels} />}
      loading={!found.data}
      error={found.data ? null : found.error}
      onRetry={() => void found.refetch()}
      onEdit={edits && !editing ? () => setEditing(true) : undefined}
      tabs={editing ? undefined : tabs}
      head={account && !editing && !pooled && <Numbers filters={of} account={account} />}
      actions={
        account &&
        !editing && (
          <>
            {pooled ? (
              may("account", "claim") && <ClaimButton account={account} />
            ) : (
              <>
                {may("opportunity", "create") && (
                  <Button
                    type="primary"
                    data-testid="new-lead"
                    onClick={() => openForm("lead", subject)}
                  >
                    {t("create.lead")}
                  </Button>
                )}
                {may("interaction", "create") && (
                  <Button data-testid="check-in" onClick={() => openForm("visit", subject)}>
                    {t("accounts.visit")}
                  </Button>
                )}
              </>
            )}
            <OwnershipButtons account={account} />
            {edits && (
              <Button data-testid="edit" onClick={() => setEditing(true)}>
                {t("part.edit")}
              </Button>
            )}
          </>
        )
      }
    >
      {account && editing && (
        <EditAccount account={account} labels={labels} onDone={() => setEditing(false)} />
      )}
    </RecordDrawer>
  );
}

function Subtitle({ account, labels }: { account: Account; labels: Labels }) {
  const { t } = useTexts();
  return (
    <>
      <span className="figures">{account.number}</span> ·{" "}
      <Choice entity="account" field="status" value={account.status} /> ·{" "}
      {account.pool_state === "pooled" ? (
        <Tag color="processing">{t("accounts.inPool")}</Tag>
      ) : (
        <>
          <UserName id={account.owner_id} labels={labels} /> <CountdownBadge id={account.id} />
        </>
      )}
    </>
  );
}

const MOST = 100;

/** What is open with an account, added up from its records. */
function Numbers({ filters, account }: { filters: Filter[]; account: Account }) {
  const { t } = useTexts();
  const may = useMay();
  const deals = useQuery({
    ...listQuery("opportunity", { filters, limit: MOST }),
    enabled: may("opportunity", "read"),
  });
  const dues = useQuery({
    ...listQuery("payment_plan", {
      filters: [...filters, { field: "status", op: "in", values: ["due", "partly_paid"] }],
      limit: MOST,
    }),
    enabled: may("payment_plan", "read"),
  });
  const met = useQuery({
    ...listQuery("interaction", { filters, sort: "-at", limit: 1 }),
    enabled: may("interaction", "read"),
  });
  const sum = (rows: Rec[], field: string) =>
    rows.reduce((total, row) => total + (integerOf(row, field) ?? 0), 0);
  const open = deals.data?.rows.filter(({ outcome }) => outcome === "open") ?? [];
  const won = deals.data?.rows.filter(({ outcome }) => outcome === "won") ?? [];
  const items = [];
  if (deals.data) {
    const more = deals.data.next ? "≥ " : "";
    items.push(
      {
        key: "open",
        label: t("accounts.openDeals", { count: open.length }),
        value: (
          <>
            {more}
            <Amount fen={sum(open, "amount")} />
          </>
        ),
      },
      {
        key: "won",
        label: t("accounts.wonDeals", { count: won.length }),
        value: (
          <>
            {more}
            <Amount fen={sum(won, "amount")} />
          </>
        ),
      },
    );
  }
  if (dues.data) {
    const { rows } = dues.data;
    items.push({
      key: "due",
      label: t("accounts.receivable"),
      value: <Amount fen={sum(rows, "amount") - sum(rows, "received_amount")} />,
      note: t("accounts.receivableNote"),
    });
  }
  items.push({
    key: "met",
    label: t("accounts.lastContact"),
    value: met.data?.rows[0] ? <Ago value={met.data.rows[0].at} /> : "–",
  });
  return <HeadNumbers key={account.id} items={items} />;
}

/** Contracts, what is due by them, and what was received. */
function ContractsOf({ filters }: { filters: Filter[] }) {
  const { t } = useTexts();
  const may = useMay();
  const { openRecord } = useOverlay();
  return (
    <>
      <RelatedList
        entity="contract"
        query={{ filters }}
        empty={t("accounts.noContracts")}
        card={(row) => ({
          title: textOf(row, "name"),
          figure: <Amount fen={row.amount} />,
          second: (
            <>
              {textOf(row, "number")} ·{" "}
              <Choice entity="contract" field="status" value={row.status} />
            </>
          ),
          end: <Day value={row.signed_on ?? row.recorded_at} />,
        })}
      />
      {may("payment_plan", "read") && (
        <>
          <h3 className="tab-head">{t("accounts.instalments")}</h3>
          <RelatedList
            entity="payment_plan"
            query={{ filters }}
            empty={t("accounts.noInstalments")}
            onOpen={(row) => {
              const contract = integerOf(row, "contract_id");
              if (contract !== null) openRecord({ entity: "contract", id: contract });
            }}
            card={(row) => ({
              title: <Choice entity="payment_plan" field="kind" value={row.kind} />,
              figure: <Amount fen={row.amount} />,
              second: <Choice entity="payment_plan" field="status" value={row.status} />,
              end: <Day value={row.due_on} />,
            })}
          />
        </>
      )}
      {may("receipt", "read") && (
        <>
          <h3 className="tab-head">{t("accounts.receipts")}</h3>
          <RelatedList
            entity="receipt"
            query={{ filters }}
            empty={t("accounts.noReceipts")}
            card={(row) => ({
              title: textOf(row, "number"),
              figure: <Amount fen={row.amount} />,
              second: <Choice entity="receipt" field="kind" value={row.kind} />,
              end: <Day value={row.received_on} />,
            })}
          />
        </>
      )}
    </>
  );
}
