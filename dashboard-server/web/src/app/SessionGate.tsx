import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Result, Spin } from "antd";
import { useEffect } from "react";
import { Navigate, Outlet, useLocation } from "react-router";
import { PasswordPage } from "@/features/session/pages/PasswordPage";
import { ApiError, onSignedOut } from "@/lib/api/client";
import { SessionContext, sessionQuery } from "@/lib/session";
import { takeLanguage, useTexts } from "@/locales/i18n";

/** Pages are shown to those who are signed in; the others are led to the sign-in and back. */
export function SessionGate() {
  const { t } = useTexts();
  const client = useQueryClient();
  const location = useLocation();
  const session = useQuery({
    ...sessionQuery,
    retry: (count, error) => !isOut(error) && count < 2,
  });
  const out = isOut(session.error);

  // The session may end while pages are open: the next request that is refused says so.
  useEffect(
    () => onSignedOut(() => void client.invalidateQueries({ queryKey: sessionQuery.queryKey })),
    [client],
  );
  const language = session.data?.language;
  useEffect(() => {
    if (language) takeLanguage(language);
  }, [language]);

  if (out) {
    const next = location.pathname + location.search;
    const asked = next === "/" ? "" : `?next=${encodeURIComponent(next)}`;
    return (
      <Navigate to={`/sign-in${asked}`} replace state={{ ended: session.data !== undefined }} />
    );
  }
  if (session.data?.must_change_password) {
    return (
      <SessionContext value={session.data}>
        <PasswordPage onDone={() => session.refetch()} />
      </SessionContext>
    );
  }
  if (session.data) {
    return (
      <SessionContext value={session.data}>
        {/* Dialogs that ask for something need the session too. */}
        <App component={false}>
          <Outlet />
        </App>
      </SessionContext>
    );
  }
  if (session.error) {
    return (
      <Result
        status="warning"
        title={t("session.failed")}
        subTitle={t("problems.offline")}
        extra={
          <Button type="primary" onClick={() => void session.refetch()}>
            {t("part.retry")}
          </Button>
        }
      />
    );
  }
  return <Spin fullscreen delay={300} description={t("session.loading")} />;
}

function isOut(error: unknown): boolean {
  return error instanceof ApiError && error.problem.status === 401;
}
