import { Button, Result } from "antd";
import { useEffect } from "react";
import { useRouteError } from "react-router";
import { useTexts } from "@/locales/i18n";

/** A page failed, or its code is of another version than the server's. */
export function Broken() {
  const { t } = useTexts();
  const error = useRouteError();
  useEffect(() => {
    console.error(error);
  }, [error]);
  return (
    <Result
      status="warning"
      title={t("session.broken")}
      subTitle={t("session.brokenNote")}
      data-testid="broken"
      extra={
        <Button type="primary" onClick={() => window.location.reload()}>
          {t("session.reload")}
        </Button>
      }
    />
  );
}
