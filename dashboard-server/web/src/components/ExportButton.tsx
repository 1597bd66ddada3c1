import { DownloadOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { App, Button, Dropdown } from "antd";
import { getFile, keep } from "@/lib/api/client";
import { type ListQuery, listParameters } from "@/lib/api/records";
import { type Entity, pathOf } from "@/lib/resources";
import { useMay } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { useTellProblem } from "./States";

/** The whole list as a file, for who may take it along. */
export function ExportButton({
  entity,
  query,
  disabled,
}: {
  entity: Entity;
  query: ListQuery;
  disabled: boolean;
}) {
  const { t, lang } = useTexts();
  const may = useMay();
  const { notification } = App.useApp();
  const tell = useTellProblem();
  const save = useMutation({
    mutationFn: (format: "csv" | "xlsx") =>
      getFile(
        pathOf(entity, undefined, "export"),
        { ...listParameters({ ...query, limit: undefined }), format, lang },
        `${entity}.${format}`,
      ),
    onSuccess: keep,
    onError: (error) => notification.error({ title: tell(error).sentence }),
  });
  if (!may(entity, "export")) return null;
  return (
    <Dropdown
      trigger={["click"]}
      disabled={disabled}
      menu={{
        items: [
          { key: "csv", label: t("part.exportCsv") },
          { key: "xlsx", label: t("part.exportXlsx") },
        ],
        onClick: ({ key }) => save.mutate(key as "csv" | "xlsx"),
      }}
    >
      <Button icon={<DownloadOutlined />} loading={save.isPending} data-testid="export">
        {t("part.export")}
      </Button>
    </Dropdown>
  );
}
