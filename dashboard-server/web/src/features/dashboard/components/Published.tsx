import { useQuery } from "@tanstack/react-query";
import { Skeleton } from "antd";
import { type ReactNode, useEffect } from "react";
import { ApiError } from "@/lib/api/client";
import { registryQuery, statusQuery } from "@/lib/api/queries";
import type { Status } from "@/lib/api/types";
import { useTexts } from "@/locales/i18n";
import { NamesContext } from "../names";
import { Failure, NoNumbers } from "./States";

type Registry = Awaited<ReturnType<NonNullable<ReturnType<typeof registryQuery>["queryFn"]>>>;

/** A page over published numbers: what there is and what it is called, or why there is nothing. */
export function Published({
  title,
  children,
}: {
  title: string;
  children: (status: Status, registry: Registry) => ReactNode;
}) {
  const { t } = useTexts();
  const status = useQuery(statusQuery);
  const registry = useQuery({
    ...registryQuery(status.data?.set),
    enabled: status.data?.set !== undefined && status.data.set !== null,
  });
  const company = status.data?.company;
  useEffect(() => {
    document.title = `${title} · ${company ?? "Millrace"}`;
  }, [title, company]);
  // A new firm has a published set too, with nothing in it.
  const none =
    (status.data && ((status.data.set ?? null) === null || !status.data.first_day)) ||
    (status.error instanceof ApiError && status.error.code === "nothing-published");
  const failed = status.data ? registry.error : status.error;
  return (
    <div className="frame">
      {none ? (
        <NoNumbers onCheck={() => status.refetch()} />
      ) : failed ? (
        <Failure
          error={failed}
          onRetry={() => void (status.data ? registry.refetch() : status.refetch())}
        />
      ) : status.data && registry.data ? (
        <NamesContext value={registry.data}>{children(status.data, registry.data)}</NamesContext>
      ) : (
        <main className="page" aria-busy="true" aria-label={t("fresh.loading")}>
          <div className="card">
            <Skeleton active paragraph={{ rows: 3 }} />
          </div>
          <div className="card">
            <Skeleton active paragraph={{ rows: 8 }} />
          </div>
        </main>
      )}
    </div>
  );
}
