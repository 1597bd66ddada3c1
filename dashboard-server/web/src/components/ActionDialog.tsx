import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Form, Modal } from "antd";
import type { ReactNode } from "react";
import { refreshRecords } from "@/lib/api/records";
import { faultsOf, tellFault } from "@/lib/problem";
import type { Entity } from "@/lib/resources";
import { useTexts } from "@/locales/i18n";
import { FieldInput } from "./FieldInput";
import { type Field, kept, shown, type Values } from "./fields";
import { Refusal } from "./States";
import { useAction } from "./useAction";
import { fieldName } from "./words";

type Props<T> = {
  /** Whose words the fields use. */
  entity: Entity;
  title: ReactNode;
  note?: ReactNode;
  fields?: Field[];
  /** What the fields begin with, as records keep it. */
  initial?: Values;
  submitLabel: string;
  danger?: boolean;
  run: (values: Values) => Promise<T>;
  /** What is said when it is done. */
  said?: string;
  onDone?: (done: T) => void;
  onClose: () => void;
  children?: ReactNode;
};

/** An action that asks for a few things first. */
export function ActionDialog<T>({
  entity,
  title,
  note,
  fields = [],
  initial = {},
  submitLabel,
  danger,
  run,
  said,
  onDone,
  onClose,
  children,
}: Props<T>) {
  const { t } = useTexts();
  const client = useQueryClient();
  const { message } = App.useApp();
  const [form] = Form.useForm<Values>();
  const save = useMutation({
    mutationFn: (values: Values) =>
      run(
        Object.fromEntries(
          fields.flatMap(({ name, kind }) => {
            const value = kept(kind, values[name]);
            return value === null ? [] : [[name, value]];
          }),
        ),
      ),
    onSuccess: (done) => {
      if (said) void message.success(said);
      onClose();
      onDone?.(done);
      void refreshRecords(client);
    },
    onError: (error) => {
      form.setFields(
        faultsOf(error).map(({ field, message }) => ({
          name: field,
          errors: [tellFault(message, t)],
        })),
      );
      void refreshRecords(client);
    },
  });
  const known = new Set(fields.map(({ name }) => name));
  const elsewhere = save.error && !faultsOf(save.error).some(({ field }) => known.has(field));
  return (
    <Modal
      open
      title={title}
      onCancel={onClose}
      okText={submitLabel}
      okButtonProps={{ danger, loading: save.isPending, "data-testid": "action-submit" }}
      cancelText={t("part.cancel")}
      onOk={() => form.submit()}
      data-testid="action-dialog"
    >
      {note && <p className="quiet">{note}</p>}
      <Form<Values>
        form={form}
        layout="vertical"
        className="record-form"
        initialValues={Object.fromEntries(
          fields.map(({ name, kind }) => [name, shown(kind, initial[name])]),
        )}
        disabled={save.isPending}
        onFinish={(values) => save.mutate(values)}
      >
        {fields.map((field, index) => (
          <Form.Item
            key={field.name}
            name={field.name}
            label={field.label ?? fieldName(entity, field.name, t)}
            extra={field.help}
            rules={field.required ? [{ required: true, message: t("fault.empty") }] : []}
          >
            <FieldInput entity={entity} field={{ autoFocus: index === 0, ...field }} />
          </Form.Item>
        ))}
      </Form>
      {children}
      {save.error && elsewhere && <Refusal error={save.error} />}
    </Modal>
  );
}

/** An action that asks for nothing: done at once. */
export function useStep() {
  return useAction(
    ({ run }: { run: () => Promise<unknown>; said?: string }) => run(),
    (_done, { said }) => said ?? null,
  );
}
