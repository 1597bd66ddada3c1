import { CheckOutlined, ClockCircleOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Dropdown, Input } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { Due, RecordLink, UserName } from "@/components/Cells";
import { useAction } from "@/components/useAction";
import { act, createRecord, type Labels, type Rec, textOf } from "@/lib/api/records";
import { dayOf } from "@/lib/format";
import { addDays } from "@/lib/period";
import type { Entity } from "@/lib/resources";
import { useMay, useMe } from "@/lib/session";
import { momentOf } from "@/lib/when";
import { useTexts } from "@/locales/i18n";
import { Section } from "./Section";

/** What a to-do can be about, the closest first. */
const ABOUT: [string, Entity][] = [
  ["quote_id", "quote"],
  ["ticket_id", "ticket"],
  ["opportunity_id", "opportunity"],
  ["account_id", "account"],
];

/** Until when a to-do can be put off with one tap. */
const LATER = [
  ["tomorrow", 1],
  ["threeDays", 3],
  ["week", 7],
] as const;

/** To-dos, done or put off where they stand. */
export function Todos({ rows, labels }: { rows: Rec[]; labels: Labels }) {
  const { t } = useTexts();
  const may = useMay();
  const me = useMe();
  const { zone } = me.company;
  const complete = useAction(
    (todo: Rec) => act("todo", todo.id, "complete", {}),
    () => t("today.done"),
  );
  const snooze = useAction(
    ({ todo, days }: { todo: Rec; days: number }) => {
      const day = addDays(dayOf(new Date().toISOString(), zone), days);
      return act("todo", todo.id, "snooze", {
        until: momentOf(day, "09:00", zone),
        reason: t("today.snoozeReason"),
      });
    },
    () => t("today.snoozed"),
  );
  const busy = (id: number) =>
    (complete.isPending && complete.variables.id === id) ||
    (snooze.isPending && snooze.variables.todo.id === id);
  return (
    <Section
      title={t("today.todos")}
      rows={rows}
      testId="todos"
      action={may("todo", "create") && <NewTodo />}
    >
      {(todo) => {
        const about = ABOUT.find(([field]) => typeof todo[field] === "number");
        return (
          <li key={todo.id} data-testid="todo">
            <Button
              shape="circle"
              size="small"
              icon={<CheckOutlined />}
              loading={busy(todo.id)}
              aria-label={t("today.complete", { title: textOf(todo, "title") })}
              data-testid="todo-complete"
              onClick={() => complete.mutate(todo)}
            />
            <div className="grow">
              <div className="due-title">{textOf(todo, "title")}</div>
              <div className="quiet small due-line">
                {about && <RecordLink entity={about[1]} id={todo[about[0]]} labels={labels} />}
                {todo.source === "health" && (
                  <Link to={healthAddress(todo, labels)} data-testid="todo-health">
                    {t("today.health")}
                  </Link>
                )}
                {todo.owner_id !== me.user_id && <UserName id={todo.owner_id} labels={labels} />}
                {todo.source !== "manual" && (
                  <span>{t(`choice.todo.source.${textOf(todo, "source")}`)}</span>
                )}
              </div>
            </div>
            <Due value={todo.due_at} />
            <Dropdown
              trigger={["click"]}
              menu={{
                items: LATER.map(([key]) => ({ key, label: t(`today.later.${key}`) })),
                onClick: ({ key }) => {
                  const days = LATER.find(([name]) => name === key)?.[1];
                  if (days) snooze.mutate({ todo, days });
                },
              }}
            >
              <Button
                type="text"
                icon={<ClockCircleOutlined />}
                aria-label={t("today.snooze")}
                data-testid="todo-snooze"
              />
            </Dropdown>
          </li>
        );
      }}
    </Section>
  );
}

/** How the account of a to-do fares, else how all do. */
function healthAddress(todo: Rec, labels: Labels): string {
  const number = labels.account?.[String(todo.account_id)]?.number;
  return number ? `/health?health=${encodeURIComponent(number)}` : "/health";
}

/** One line: what is to be done. It is due today, unless it is put off. */
function NewTodo() {
  const { t } = useTexts();
  const { zone } = useMe().company;
  const [open, setOpen] = useState(false);
  const [title, setTitle] = useState("");
  const add = useAction(
    (text: string) =>
      createRecord(
        "todo",
        {
          title: text,
          due_at: momentOf(dayOf(new Date().toISOString(), zone), "18:00", zone),
        },
        crypto.randomUUID(),
      ),
    () => {
      setTitle("");
      setOpen(false);
      return t("part.created");
    },
  );
  if (!open) {
    return (
      <Button
        type="text"
        size="small"
        className="end"
        icon={<PlusOutlined />}
        data-testid="new-todo"
        onClick={() => setOpen(true)}
      >
        {t("today.newTodo")}
      </Button>
    );
  }
  return (
    <Input
      autoFocus
      className="new-todo"
      value={title}
      maxLength={400}
      disabled={add.isPending}
      placeholder={t("today.newTodoHint")}
      aria-label={t("create.todo")}
      data-testid="new-todo-title"
      onChange={(event) => setTitle(event.target.value)}
      onPressEnter={() => {
        if (title.trim()) add.mutate(title.trim());
      }}
      onBlur={() => {
        if (!title.trim()) setOpen(false);
      }}
    />
  );
}
