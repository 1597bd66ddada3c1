import { Alert, App, Button, Card, Result } from "antd";
import { ApiError } from "@/lib/api/client";
import type { Problem } from "@/lib/api/types";
import { useTexts } from "@/locales/i18n";

const DEMO = "millrace demo\nmillrace serve";
const REAL = "millrace ingest --mapping mapping.toml\nmillrace run\nmillrace serve";

/** Nothing is published yet: what will be here, and the commands that bring it. */
export function NoNumbers({ onCheck }: { onCheck: () => void }) {
  const { t } = useTexts();
  const { message } = App.useApp();
  const copy = async (commands: string) => {
    await navigator.clipboard.writeText(commands);
    void message.success(t("state.copied"));
  };
  return (
    <Result
      icon={<img src="/icon.svg" alt="" width="56" height="56" />}
      title={t("state.emptyTitle")}
      subTitle={t("state.emptyText")}
      data-testid="empty"
      extra={
        <div className="starts">
          {(
            [
              [t("state.emptyDemo"), DEMO],
              [t("state.emptyReal"), REAL],
            ] as const
          ).map(([title, commands]) => (
            <Card key={title} size="small" title={title}>
              <pre>{commands}</pre>
              <Button size="small" onClick={() => copy(commands)}>
                {t("state.copy")}
              </Button>
            </Card>
          ))}
          <Button type="primary" onClick={onCheck}>
            {t("state.check")}
          </Button>
        </div>
      }
    />
  );
}

/** Why there is nothing to see, and what to do next. */
export function Failure({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const { t } = useTexts();
  const problem = error instanceof ApiError ? error.problem : null;
  const forbidden = problem?.status === 401 || problem?.status === 403;
  return (
    <Result
      status={forbidden ? "403" : "warning"}
      title={forbidden ? t("state.forbidden") : t("state.failed")}
      subTitle={
        forbidden
          ? t("state.forbiddenNote")
          : (problem?.detail ?? problem?.title ?? t("state.offline"))
      }
      data-testid="failure"
      extra={
        <>
          {problem?.suggestions?.length ? (
            <p>{t("state.suggestions", { values: problem.suggestions.join(", ") })}</p>
          ) : null}
          <Button type="primary" onClick={onRetry}>
            {t("state.retry")}
          </Button>
        </>
      }
    />
  );
}

/** New numbers failed to come; the old ones stay below. */
export function StaleNotice({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const { t } = useTexts();
  return (
    <Alert
      type="warning"
      showIcon
      title={t("state.failed")}
      description={error instanceof ApiError ? error.message : t("state.offline")}
      action={
        <Button size="small" onClick={onRetry}>
          {t("state.retry")}
        </Button>
      }
    />
  );
}

/** No number of the page can be had with these filters. */
export function RefusedNotice({ problem, onDrop }: { problem: Problem; onDrop: () => void }) {
  const { t } = useTexts();
  const suggestions = problem.suggestions ?? [];
  return (
    <Alert
      type="warning"
      showIcon
      data-testid="refused"
      title={t("state.otherFilter")}
      description={
        <>
          {problem.detail}
          {suggestions.length > 0 && (
            <div>{t("state.suggestions", { values: suggestions.join(", ") })}</div>
          )}
        </>
      }
      action={
        <Button size="small" onClick={onDrop}>
          {t("state.drop")}
        </Button>
      }
    />
  );
}
