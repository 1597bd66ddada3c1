import { Skeleton } from "antd";
import { useTexts } from "@/locales/i18n";

export function PageSkeleton() {
  const { t } = useTexts();
  return (
    <main className="work-page" aria-busy="true" aria-label={t("session.loading")}>
      <Skeleton active paragraph={{ rows: 8 }} />
    </main>
  );
}
