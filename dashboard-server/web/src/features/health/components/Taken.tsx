import { useQuery } from "@tanstack/react-query";
import { Skeleton, Table, Tag } from "antd";
import { Choice, UserName } from "@/components/Cells";
import { EmptyState, FailureState } from "@/components/States";
import { StatusMark } from "@/components/StatusMark";
import { type Labels, labelOf, type Rec } from "@/lib/api/records";
import { dayOf } from "@/lib/format";
import { usePhone } from "@/lib/media";
import { useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { type Score, scoresQuery, takenQuery } from "../api";
import { effects, type Step, stepOf } from "../effects";
import { points } from "../words";
import { Moved } from "./Moved";

/** What was done because of scores, and how those accounts stand now. */
export function Taken({
  published,
  onOpen,
}: {
  published: number | null;
  onOpen: (account: string) => void;
}) {
  const { t, lang } = useTexts();
  const { zone } = useMe().company;
  const phone = usePhone();
  const found = useQuery(takenQuery);
  const labels: Labels = found.data?.labels ?? {};
  const name = (todo: Rec) => labelOf(labels, "account", Number(todo.account_id), lang);
  const todos = found.data?.rows ?? [];
  const steps = todos.flatMap((todo) => stepOf(todo) ?? []);
  const number = (todo: Rec) => labels.account?.[String(todo.account_id)]?.number ?? "";
  const numbers = [...new Set(todos.map(number))].filter(Boolean).sort();
  const scores = useQuery(scoresQuery(numbers, published));
  const error = found.error ?? scores.error;
  if (error) return <FailureState error={error} onRetry={() => void found.refetch()} />;
  if (!found.data) return <Skeleton active paragraph={{ rows: 6 }} />;
  if (steps.length === 0) {
    return <EmptyState title={t("health.taken.none")}>{t("health.taken.noneText")}</EmptyState>;
  }
  const rowOf = (step: Step): Score | undefined =>
    scores.data?.scores.find(({ account_id }) => account_id === number(step.todo));
  const ordered = (step: Step) => {
    const last = rowOf(step)?.last_order_at;
    return last ? dayOf(last, zone) > step.made : false;
  };
  const { all, done, doneChange, openChange, orderedAfter } = effects(
    steps.map((step) => ({
      ...step,
      now: rowOf(step)?.score ?? null,
      ordered: ordered(step),
    })),
  );
  const state = (step: Step) => (
    <Choice entity="todo" field="state" value={String(step.todo.state)} />
  );
  return (
    <>
      <p className="verdict" data-testid="taken-summary">
        {t("health.taken.summary", { all, done })}{" "}
        {doneChange !== null &&
          t("health.taken.doneMoved", { change: points(doneChange), ordered: orderedAfter })}{" "}
        {openChange !== null && t("health.taken.openMoved", { change: points(openChange) })}
      </p>
      {phone ? (
        <ul className="health-cards">
          {steps.map((step) => (
            <li key={step.todo.id}>
              <button
                type="button"
                className="health-card"
                onClick={() => onOpen(number(step.todo))}
              >
                <span className="health-card-line">
                  <strong className="clip grow">{name(step.todo)}</strong>
                  <Now step={step} row={rowOf(step)} />
                </span>
                <span className="health-card-line small quiet">
                  <span className="grow">{t(`health.factor.${step.factor}`)}</span>
                  {state(step)} {step.made.slice(5)}
                </span>
              </button>
            </li>
          ))}
        </ul>
      ) : (
        <Table<Step>
          size="small"
          rowKey={(step) => step.todo.id}
          dataSource={steps}
          pagination={false}
          scroll={{ x: 800 }}
          onRow={(step) => ({ onClick: () => onOpen(number(step.todo)), className: "clickable" })}
          columns={[
            { title: t("health.taken.account"), width: 230, render: (_, step) => name(step.todo) },
            {
              title: t("health.taken.factor"),
              width: 130,
              render: (_, step) => t(`health.factor.${step.factor}`),
            },
            {
              title: t("health.taken.owner"),
              width: 90,
              render: (_, step) => <UserName id={step.todo.owner_id} labels={labels} />,
            },
            { title: t("health.taken.made"), width: 100, render: (_, step) => step.made },
            {
              title: t("health.taken.state"),
              width: 90,
              render: (_, step) => <Tag>{state(step)}</Tag>,
            },
            {
              title: t("health.taken.earlier"),
              width: 70,
              align: "right",
              render: (_, step) => <span className="figures">{step.score.toFixed(0)}</span>,
            },
            {
              title: t("health.taken.now"),
              width: 140,
              render: (_, step) => <Now step={step} row={rowOf(step)} />,
            },
            {
              title: t("health.taken.ordered"),
              width: 90,
              render: (_, step) => (ordered(step) ? t("health.taken.yes") : "–"),
            },
          ]}
        />
      )}
      <p className="quiet small">{t("health.taken.note")}</p>
    </>
  );
}

function Now({ step, row }: { step: Step; row: Score | undefined }) {
  if (!row) return <span className="faint">–</span>;
  return (
    <span className="health-score">
      <StatusMark status={row.status} score={row.score} />
      <Moved now={row.score} before={step.score} />
    </span>
  );
}
