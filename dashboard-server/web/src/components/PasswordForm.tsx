import { useMutation } from "@tanstack/react-query";
import { Button, Form, Input } from "antd";
import { changePassword } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { Refusal } from "./States";

type Values = { old: string; fresh: string; repeat: string };

/** Changes one's own password; all sessions but the one that does it end. */
export function PasswordForm({ onDone }: { onDone: () => void }) {
  const { t } = useTexts();
  const [form] = Form.useForm<Values>();
  const change = useMutation({
    mutationFn: ({ old, fresh }: Values) => changePassword(old, fresh),
    onSuccess: () => {
      form.resetFields();
      onDone();
    },
  });
  const needed = { required: true, message: t("fault.empty") };
  return (
    <Form<Values>
      form={form}
      layout="vertical"
      requiredMark={false}
      disabled={change.isPending}
      onFinish={change.mutate}
    >
      <Form.Item name="old" label={t("session.old")} rules={[needed]}>
        <Input.Password autoComplete="current-password" />
      </Form.Item>
      <Form.Item name="fresh" label={t("session.fresh")} rules={[needed]}>
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      <Form.Item
        name="repeat"
        label={t("session.repeat")}
        dependencies={["fresh"]}
        rules={[
          needed,
          ({ getFieldValue }) => ({
            validator: (_rule, value) =>
              !value || value === getFieldValue("fresh")
                ? Promise.resolve()
                : Promise.reject(new Error(t("session.unequal"))),
          }),
        ]}
      >
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      {change.error && <Refusal error={change.error} />}
      <Button
        type="primary"
        htmlType="submit"
        loading={change.isPending}
        data-testid="change-password"
      >
        {t("session.change")}
      </Button>
    </Form>
  );
}
