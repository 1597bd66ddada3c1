import { Alert, App, Button, Card, Result } from "antd";
import { Link } from "react-router";
import { ApiError } from "@/lib/api/client";
import type { Problem } from "@/lib/api/types";
import { useTexts } from "@/locales/i18n";
import type { Suggestion } from "../problems";
import { Why } from "./Why";

const DEMO = "millrace --data-dir demo demo\nmillrace --data-dir demo serve";
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
        <div>
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
            <Link to="/accounts">
              <Button type="primary">{t("state.begin")}</Button>
            </Link>
            <Button onClick={onCheck}>{t("state.check")}</Button>
          </div>
        </div>
      }
    />
  );
}

/** Why there is nothing to see, and what to do next. */
export function Failure({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const { t } = useTexts();
  const status = error instanceof ApiError ? error.problem.status : null;
  const forbidden = status === 401 || status === 403;
  return (
    <Result
      status={forbidden ? "403" : "warning"}
      title={forbidden ? t("state.forbidden") : t("state.failed")}
      subTitle={<Why problem={error} />}
      data-testid="failure"
      extra={
        <Button type="primary" onClick={onRetry}>
          {t("state.retry")}
        </Button>
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
      data-testid="stale"
      title={t("state.stale")}
      description={<Why problem={error} />}
      action={
        <Button size="small" onClick={onRetry}>
          {t("state.retry")}
        </Button>
      }
    />
  );
}

type RefusedProps = {
  problem: Problem;
  onTake: (replace: NonNullable<Suggestion["replace"]>) => void;
  onDrop: () => void;
};

/** No number of the page can be had with these filters. */
export function RefusedNotice({ problem, onTake, onDrop }: RefusedProps) {
  const { t } = useTexts();
  return (
    <Alert
      type="warning"
      showIcon
      data-testid="refused"
      title={t("state.refused")}
      description={<Why problem={problem} onTake={onTake} />}
      action={
        <Button size="small" onClick={onDrop}>
          {t("state.drop")}
        </Button>
      }
    />
  );
}
