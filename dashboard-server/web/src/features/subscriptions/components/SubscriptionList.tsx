import type { ReactNode } from "react";
import { UserName } from "@/components/Cells";
import { useOverlay } from "@/components/navigation";
import { type Column, ResourceTable } from "@/components/ResourceTable";
import { EmptyState } from "@/components/States";
import { ruleText } from "@/lib/rule";
import { useTexts } from "@/locales/i18n";
import type { Subscription } from "../types";
import { EnabledSwitch, LastTimeOf, NextTime } from "./RowCells";
import { KindIcon } from "./SubscriptionForm";

/** One's own subscriptions, or everybody's. */
export function SubscriptionList({ mine, create }: { mine: boolean; create: ReactNode }) {
  const { t, lang } = useTexts();
  const { openRecord } = useOverlay();
  const when = ({ rule }: Subscription) =>
    rule ? ruleText(rule, t, lang) : t("subscriptions.whenReport");
  const to = ({ channel, recipients }: Subscription) =>
    channel === "webhook"
      ? t("subscriptions.webhook")
      : t("subscriptions.people", { count: recipients.length });
  const columns: (Column<Subscription> | false)[] = [
    {
      field: "name",
      width: 240,
      sortable: true,
      render: (row) => (
        <>
          <KindIcon kind={row.kind} /> <span className="strong">{row.name}</span>
        </>
      ),
    },
    {
      field: "kind",
      width: 100,
      hidden: true,
      render: (row) => t(`choice.subscription.kind.${row.kind}`),
    },
    !mine && {
      field: "owner_id",
      width: 100,
      render: (row, labels) => <UserName id={row.owner_id} labels={labels} />,
    },
    { field: "rule", width: 250, render: when },
    {
      field: "next",
      title: t("subscriptions.nextTime"),
      width: 150,
      render: (row) => <NextTime subscription={row} />,
    },
    { field: "recipients", width: 80, render: to },
    {
      field: "last",
      title: t("subscriptions.lastTime"),
      width: 250,
      render: (row) => <LastTimeOf id={row.id} />,
    },
    {
      field: "enabled",
      width: 70,
      render: (row) => <EnabledSwitch subscription={row} />,
    },
  ];
  const view = mine ? "mine" : "all";
  return (
    <ResourceTable<Subscription>
      entity="subscription"
      columns={columns.filter((column) => column !== false)}
      filters={[
        { field: "kind", kind: "choice" },
        { field: "channel", kind: "choice" },
        { field: "enabled", kind: "flag" },
        ...(mine ? [] : [{ field: "owner_id", kind: "reference" } as const]),
      ]}
      base={{ view: mine ? "mine" : null }}
      onOpen={({ id }) => openRecord({ entity: "subscription", id })}
      card={(row, labels) => ({
        title: (
          <>
            <KindIcon kind={row.kind} /> {row.name}
          </>
        ),
        figure: mine ? undefined : <UserName id={row.owner_id} labels={labels} />,
        second: when(row),
        end: <LastTimeOf id={row.id} brief />,
        action: <EnabledSwitch subscription={row} />,
      })}
      empty={
        <EmptyState title={t(`subscriptions.empty.${view}`)} action={create}>
          {t(`subscriptions.emptyNote.${view}`)}
        </EmptyState>
      }
    />
  );
}
