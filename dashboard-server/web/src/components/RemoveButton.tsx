import { DeleteOutlined } from "@ant-design/icons";
import { Button, Popconfirm } from "antd";
import { type Rec, removeRecord } from "@/lib/api/records";
import type { Entity } from "@/lib/resources";
import { useTexts } from "@/locales/i18n";
import { useOverlay } from "./navigation";
import { useAction } from "./useAction";

/** Deletes the record that is open once that is sure, and closes it. */
export function RemoveButton({
  entity,
  record,
  sure,
}: {
  entity: Entity;
  record: Pick<Rec, "id" | "version">;
  sure: string;
}) {
  const { t } = useTexts();
  const { close } = useOverlay();
  const remove = useAction(
    () => removeRecord(entity, record),
    () => t("part.removed"),
  );
  return (
    <Popconfirm
      title={sure}
      okText={t("part.remove")}
      onConfirm={() => remove.mutate(undefined, { onSuccess: close })}
    >
      <Button
        danger
        type="text"
        className="remove-record"
        icon={<DeleteOutlined />}
        loading={remove.isPending}
      >
        {t("part.remove")}
      </Button>
    </Popconfirm>
  );
}
