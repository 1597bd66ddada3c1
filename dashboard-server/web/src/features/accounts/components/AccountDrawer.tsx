import { useQuery } from "@tanstack/react-query";
import { Button, Tag } from "antd";
import { useState } from "react";
import { Ago, Amount, Choice, Day, UserName } from "@/components/Cells";
import { Composer } from "@/components/Composer";
import { Facts } from "@/components/Facts";
import { History } from "@/components/History";
import { useOverlay } from "@/components/navigation";
import { type DrawerTab, RecordDrawer } from "@/components/RecordDrawer";
import { RelatedList } from "@/components/RelatedList";
import { Timeline } from "@/components/Timeline";
import { Attachments } from "@/components/Uploader";
import { type Filter, type Labels, labelOf, recordQuery, textOf } from "@/lib/api/records";
import type { Entity } from "@/lib/resources";
import { useMay } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import type { Account } from "../api";
import { AccountContracts } from "./AccountContracts";
import { EditAccount } from "./AccountForm";
import { AccountNumbers } from "./AccountNumbers";
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
  "success_manager_id",
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
        {may("interaction", "create") && !pooled && <Composer accountId={id} visits={false} />}
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
    tab("contracts", "contract", <AccountContracts filters={of} />);
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
      head={account && !editing && !pooled && <AccountNumbers filters={of} account={account} />}
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
