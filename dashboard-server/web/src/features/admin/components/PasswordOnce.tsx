import { CopyOutlined } from "@ant-design/icons";
import { App, Button, Modal, Typography } from "antd";
import { useTexts } from "@/locales/i18n";

/** A one-time password, shown once: it goes away only when somebody says that they have it. */
export function PasswordOnce({
  name,
  password,
  onDone,
}: {
  name: string;
  password: string;
  onDone: () => void;
}) {
  const { t } = useTexts();
  const { message } = App.useApp();
  const copy = async () => {
    await navigator.clipboard.writeText(password);
    void message.success(t("admin.user.copied"));
  };
  return (
    <Modal
      open
      closable={false}
      keyboard={false}
      mask={{ closable: false }}
      title={t("admin.user.passwordTitle")}
      data-testid="password-once"
      footer={
        <Button type="primary" data-testid="password-done" onClick={onDone}>
          {t("admin.user.done")}
        </Button>
      }
    >
      <p>{t("admin.user.passwordNote", { name })}</p>
      <div className="password-once">
        <Typography.Text code data-testid="password">
          {password}
        </Typography.Text>
        <Button icon={<CopyOutlined />} onClick={() => void copy()}>
          {t("admin.user.copy")}
        </Button>
      </div>
    </Modal>
  );
}
