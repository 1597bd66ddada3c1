import { Button, Result } from "antd";
import { Link } from "react-router";
import { useTexts } from "@/locales/i18n";

export function NotFound() {
  const { t } = useTexts();
  return (
    <Result
      status="404"
      title={t("app.notFound")}
      extra={
        <Link to="/">
          <Button type="primary">{t("app.home")}</Button>
        </Link>
      }
    />
  );
}
