/** What the lists of the catalogue share. */
import { PlusOutlined } from "@ant-design/icons";
import { Button, Tag } from "antd";
import { useOverlay } from "@/components/navigation";
import type { Entity } from "@/lib/resources";
import { useMay, useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";

export function useSeesMargin(): boolean {
  return useMe().rights.visibility.includes("margin");
}

export function AddButton({
  entity,
  form,
  label,
}: {
  entity: Entity;
  form: string;
  label: string;
}) {
  const may = useMay();
  const { openForm } = useOverlay();
  if (!may(entity, "create")) return null;
  return (
    <Button
      type="primary"
      icon={<PlusOutlined />}
      data-testid={`new-${form}`}
      onClick={() => openForm(form)}
    >
      {label}
    </Button>
  );
}

export function Enabled({ value }: { value: unknown }) {
  const { t } = useTexts();
  return (
    <Tag color={value ? "success" : "default"}>
      {t(value ? "admin.user.enabled" : "admin.user.disabled")}
    </Tag>
  );
}
