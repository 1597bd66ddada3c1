import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Collapse, Form, Tag } from "antd";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { type Labels, type One, type Rec, refreshRecords } from "@/lib/api/records";
import { faultsOf, staleOf, tellFault } from "@/lib/problem";
import { type Entity, RESOURCES } from "@/lib/resources";
import { useTexts } from "@/locales/i18n";
import { Conflict } from "./Conflict";
import { FieldInput } from "./FieldInput";
import { arranged, conflicts, type Field, initialValues, submitted, type Values } from "./fields";
import { Refusal } from "./States";
import { useDirtyGuard } from "./useDirtyGuard";
import { fieldName } from "./words";

export type Sent = {
  values: Values;
  /** One for each opening of the form, so that a repeated create is told apart from a second one. */
  key: string;
  /** The version that the change is made from. */
  version?: number;
};

type Props<T extends Rec> = {
  entity: Entity;
  fields: Field[];
  /** The record that is changed; none for a new one. */
  record?: T;
  labels?: Labels;
  /** What a new record begins with. */
  initial?: Values;
  submit: (sent: Sent) => Promise<One<T>>;
  onDone: (made: One<T>) => void;
  onCancel?: () => void;
  /** Follows what is typed, for hints and for fields that depend on others. */
  onTyping?: (values: Values) => void;
  submitLabel?: string;
  /** Stands between the required fields and the others. */
  children?: ReactNode;
  /** Optional fields stand open from the start. */
  open?: boolean;
};

/** A form in one column: required fields first, then what may be said beside. */
export function RecordForm<T extends Rec>({
  entity,
  fields,
  record,
  labels,
  initial,
  submit,
  onDone,
  onCancel,
  onTyping,
  submitLabel,
  children,
  open,
}: Props<T>) {
  const { t } = useTexts();
  const client = useQueryClient();
  const [form] = Form.useForm<Values>();
  const [key] = useState(() => crypto.randomUUID());
  const setDirty = useDirtyGuard();
  const sent = useRef<Values>({});
  const start = useMemo(() => initialValues(fields, record ?? initial), [fields, record, initial]);
  const { first, optional } = arranged(fields);

  // Suggestions may come while somebody is typing; they fill only what nobody has touched.
  useEffect(() => {
    const untouched = fields.filter(({ name }) => !form.isFieldTouched(name));
    form.setFieldsValue(Object.fromEntries(untouched.map(({ name }) => [name, start[name]])));
  }, [fields, form, start]);

  const save = useMutation({
    mutationFn: ({ values, version }: { values: Values; version?: number }) =>
      submit({ values, key, version }),
    onSuccess: (made) => {
      setDirty(false);
      void refreshRecords(client);
      onDone(made);
    },
    onError: (error) => {
      form.setFields(
        faultsOf(error).map(({ field, message }) => ({
          name: field,
          errors: [tellFault(message, t)],
        })),
      );
    },
  });

  const finish = (values: Values) => {
    sent.current = submitted(fields, values, record);
    if (record && Object.keys(sent.current).length === 0) {
      setDirty(false);
      onCancel?.();
      return;
    }
    save.mutate({ values: sent.current, version: record?.version });
  };

  const stale = record ? staleOf(save.error) : null;
  if (record && stale) {
    const differing = conflicts(sent.current, record, stale.current);
    return (
      <Conflict
        entity={entity}
        title={String(stale.current[RESOURCES[entity].title] ?? record.id)}
        fields={differing}
        mine={sent.current}
        current={stale.current}
        labels={labels}
        saving={save.isPending}
        onSave={(values) => save.mutate({ values, version: stale.current.version })}
        onCancel={() => {
          setDirty(false);
          void refreshRecords(client);
          onCancel?.();
        }}
      />
    );
  }

  const item = (field: Field) => (
    <FormItem
      key={field.name}
      entity={entity}
      field={field}
      suggested={field.suggestion != null && start[field.name] !== undefined && !record}
    />
  );
  const known = new Set(fields.map(({ name }) => name));
  const elsewhere = faultsOf(save.error).some(({ field }) => !known.has(field));
  const told = save.error && (faultsOf(save.error).length === 0 || elsewhere);
  return (
    <Form<Values>
      form={form}
      layout="vertical"
      className="record-form"
      initialValues={start}
      disabled={save.isPending}
      scrollToFirstError
      onValuesChange={(_changed, values) => {
        setDirty(true);
        onTyping?.(values);
      }}
      onFinish={finish}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) form.submit();
      }}
    >
      {first.map(item)}
      {children}
      {optional.length > 0 &&
        (first.length === 0 || open ? (
          optional.map(item)
        ) : (
          <Collapse
            ghost
            className="optional"
            items={[
              {
                key: "optional",
                forceRender: true,
                label: t("part.optional", { count: optional.length }),
                children: optional.map(item),
              },
            ]}
          />
        ))}
      {told && <Refusal error={save.error} />}
      <div className="form-foot">
        <Button type="primary" htmlType="submit" loading={save.isPending} data-testid="submit">
          {submitLabel ?? t(record ? "part.save" : "part.create")}
        </Button>
        {onCancel && (
          <Button onClick={onCancel} data-testid="cancel">
            {t("part.cancel")}
          </Button>
        )}
      </div>
    </Form>
  );
}

function FormItem({
  entity,
  field,
  suggested,
}: {
  entity: Entity;
  field: Field;
  suggested: boolean;
}) {
  const { t } = useTexts();
  const label = field.label ?? fieldName(entity, field.name, t);
  return (
    <Form.Item
      name={field.name}
      label={
        suggested ? (
          <>
            {label}
            <Tag className="source" data-testid={`source-${field.name}`}>
              {t("part.from", { source: field.suggestion?.source })}
            </Tag>
          </>
        ) : (
          label
        )
      }
      extra={field.help}
      rules={
        field.required
          ? [
              { required: true, whitespace: true, message: t("fault.empty"), ...typeOf(field) },
              ...checked(field),
            ]
          : checked(field)
      }
    >
      <FieldInput entity={entity} field={field} />
    </Form.Item>
  );
}

function checked({ check }: Field) {
  if (!check) return [];
  const validator = (_rule: unknown, value: Values[string]) => {
    const wrong = check(value);
    return wrong ? Promise.reject(new Error(wrong)) : Promise.resolve();
  };
  return [{ validator }];
}

/** Ant checks blanks in texts only. */
function typeOf({ kind }: Field): {
  whitespace?: boolean;
  type?: "number" | "boolean" | "array" | "object";
} {
  switch (kind) {
    case undefined:
    case "text":
    case "long":
    case "phone":
    case "password":
      return {};
    case "flag":
      return { whitespace: false, type: "boolean" };
    case "tags":
      return { whitespace: false, type: "array" };
    case "object":
      return { whitespace: false, type: "object" };
    case "day":
    case "moment":
    case "choice":
      return { whitespace: false };
    default:
      return { whitespace: false, type: "number" };
  }
}
