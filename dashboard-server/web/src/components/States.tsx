import { Alert, Button, Empty, Result } from "antd";
import type { ReactNode } from "react";
import { ApiError } from "@/lib/api/client";
import { tellProblem } from "@/lib/problem";
import { useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";

/** Why something was refused, in the reader's language. */
export function useTellProblem() {
  const { t } = useTexts();
  const { zone } = useMe().company;
  return (error: unknown) => tellProblem(error, t, zone);
}

/** What will be here, and the one button that fills it. */
export function EmptyState({
  title,
  children,
  action,
}: {
  title: ReactNode;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <Empty
      className="empty-state"
      image={Empty.PRESENTED_IMAGE_SIMPLE}
      description={
        <>
          <strong>{title}</strong>
          {children && <p className="quiet">{children}</p>}
        </>
      }
    >
      {action}
    </Empty>
  );
}

export function PermissionState() {
  const { t } = useTexts();
  return (
    <Result
      status="403"
      title={t("part.forbidden")}
      subTitle={t("part.forbiddenNote")}
      data-testid="forbidden"
    />
  );
}

/** The data could not be had: because of rights, because it is gone, or because something failed. */
export function FailureState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTexts();
  const tell = useTellProblem();
  const status = error instanceof ApiError ? error.problem.status : null;
  if (status === 403) return <PermissionState />;
  if (status === 404) {
    return (
      <Result
        status="404"
        title={t("part.gone")}
        subTitle={t("part.goneNote")}
        data-testid="gone"
      />
    );
  }
  const { sentence, detail } = tell(error);
  return (
    <Result
      status="warning"
      title={t("part.failed")}
      subTitle={
        <>
          {sentence}
          {detail && <span className="detail">{detail}</span>}
        </>
      }
      data-testid="failed"
      extra={
        onRetry && (
          <Button type="primary" onClick={onRetry}>
            {t("part.retry")}
          </Button>
        )
      }
    />
  );
}

/** A refused action, said where it was tried. */
export function Refusal({ error, action }: { error: unknown; action?: ReactNode }) {
  const tell = useTellProblem();
  const { sentence, detail } = tell(error);
  return (
    <Alert
      type="error"
      showIcon
      className="refusal"
      data-testid="refusal"
      title={sentence}
      description={detail ?? undefined}
      action={action}
    />
  );
}

/** A refresh failed; what was there before stays below. */
export function StaleNote({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { t } = useTexts();
  const tell = useTellProblem();
  return (
    <Alert
      type="warning"
      showIcon
      title={t("part.stale")}
      description={tell(error).sentence}
      action={
        <Button size="small" onClick={onRetry}>
          {t("part.retry")}
        </Button>
      }
    />
  );
}
