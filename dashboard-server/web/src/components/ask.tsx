import { App, Form } from "antd";
import { useRef } from "react";
import type { Entity } from "@/lib/resources";
import { useTexts } from "@/locales/i18n";
import { FieldInput } from "./FieldInput";
import { type Field, kept, type Values } from "./fields";
import { fieldName } from "./words";

export type Question = {
  entity: Entity;
  title: string;
  note?: string;
  fields: Field[];
  initial?: Values;
  ok: string;
  danger?: boolean;
};

/** Asks for what an action needs, as a reason; null where the one who was asked stepped back. */
export function useAsk(): (question: Question) => Promise<Values | null> {
  const { t } = useTexts();
  const { modal } = App.useApp();
  const [form] = Form.useForm<Values>();
  const forms = useRef(0);
  return ({ entity, title, note, fields, initial, ok, danger }) =>
    new Promise((resolve) => {
      forms.current += 1;
      form.resetFields();
      modal.confirm({
        title,
        icon: null,
        okText: ok,
        okButtonProps: { danger, ...{ "data-testid": "ask-ok" } },
        cancelText: t("part.cancel"),
        content: (
          <>
            {note && <p className="quiet">{note}</p>}
            <Form<Values>
              key={forms.current}
              form={form}
              layout="vertical"
              requiredMark={false}
              initialValues={initial}
            >
              {fields.map((field) => (
                <Form.Item
                  key={field.name}
                  name={field.name}
                  label={field.label ?? fieldName(entity, field.name, t)}
                  extra={field.help}
                  rules={field.required ? [{ required: true, message: t("fault.empty") }] : []}
                >
                  <FieldInput entity={entity} field={field} />
                </Form.Item>
              ))}
            </Form>
          </>
        ),
        onOk: async () => {
          const values = await form.validateFields();
          resolve(
            Object.fromEntries(fields.map(({ name, kind }) => [name, kept(kind, values[name])])),
          );
        },
        onCancel: () => resolve(null),
      });
    });
}
