import { CheckOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useAction } from "@/components/useAction";
import { act, type Rec, textOf } from "@/lib/api/records";
import { useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { noticesQuery } from "../api";
import { isOfOthers, isPutOff, noticeOf } from "../notices";
import { Moved } from "./Moved";

/** Whose score fell, of those that one looks after; nothing where there is no news. */
export function Notices({ onOpen }: { onOpen: (account: string) => void }) {
  const { t } = useTexts();
  const me = useMe();
  const found = useQuery(noticesQuery(me.user_id));
  const done = useAction(
    (todo: Rec) => act("todo", todo.id, "complete", {}),
    () => t("health.notice.done"),
  );
  const now = new Date();
  const rows = (found.data?.rows ?? []).filter((todo) => !isPutOff(todo, now));
  const notices = rows.flatMap((todo) => noticeOf(todo) ?? []);
  const others = rows.filter(isOfOthers);
  if (notices.length === 0 && others.length === 0) return null;
  const accountOf = (todo: Rec) => found.data?.labels.account?.[String(todo.account_id)];
  const tick = (todo: Rec) => (
    <Button
      size="small"
      icon={<CheckOutlined />}
      loading={done.isPending && done.variables.id === todo.id}
      aria-label={t("health.notice.tick", { title: textOf(todo, "title") })}
      data-testid="notice-done"
      onClick={() => done.mutate(todo)}
    >
      {t("health.notice.seen")}
    </Button>
  );
  return (
    <section className="notices" aria-label={t("health.notice.title")} data-testid="notices">
      <h2>
        {t("health.notice.title")} <span className="quiet figures">{notices.length}</span>
      </h2>
      <ul>
        {notices.map(({ todo, from, to }) => {
          const account = accountOf(todo);
          const name = account?.label ?? "";
          const title = textOf(todo, "title");
          const why = name && title.startsWith(name) ? title.slice(name.length + 1).trim() : title;
          return (
            <li key={todo.id} data-testid="notice">
              <button
                type="button"
                className="link notice-account"
                data-testid="notice-open"
                onClick={() => account?.number && onOpen(account.number)}
              >
                {name || t("part.gone")}
              </button>
              <Moved now={to} before={from} />
              <span className="notice-why quiet">{why}</span>
              {tick(todo)}
            </li>
          );
        })}
        {others.map((todo) => (
          <li key={todo.id} data-testid="notice-others">
            <span className="notice-why quiet">{textOf(todo, "title")}</span>
            {tick(todo)}
          </li>
        ))}
      </ul>
    </section>
  );
}
