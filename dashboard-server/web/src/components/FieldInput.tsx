import { DatePicker, Input, InputNumber, Select, Switch } from "antd";
import dayjs from "dayjs";
import type { Json } from "@/lib/api/records";
import { instant } from "@/lib/format";
import { usePhone } from "@/lib/media";
import { grouped, typedNumber } from "@/lib/numberInput";
import { type Entity, referenceOf } from "@/lib/resources";
import { useMe } from "@/lib/session";
import { isScaled } from "@/lib/units";
import { momentOf } from "@/lib/when";
import { useTexts } from "@/locales/i18n";
import type { Field, InputProps } from "./fields";
import { RecentAccounts } from "./RecentAccounts";
import { RecordSelect } from "./RecordSelect";
import { choiceOptions } from "./words";

type Props = InputProps & { entity: Entity; field: Field };

const UNITS = { money: 2, price: 6, share: 2, quantity: 3 } as const;
/** Up to so many words are buttons, more of them a list. */
const LONG_ROWS = { minRows: 3, maxRows: 10 };

/** The input of a field; Ant's form gives it its value. */
export function FieldInput({ entity, field, id, value, onChange }: Props) {
  const { t } = useTexts();
  const me = useMe();
  const kind = field.kind ?? "text";
  const common = {
    id,
    autoFocus: field.autoFocus,
    placeholder: field.placeholder,
    "data-testid": `field-${field.name}`,
  };
  if (field.input) return field.input({ id, value, onChange });
  const text = typeof value === "string" ? value : "";
  if (isScaled(kind)) {
    return (
      <InputNumber<number | string>
        {...common}
        className="wide"
        inputMode="decimal"
        precision={UNITS[kind]}
        controls={false}
        value={typeof value === "number" ? value : null}
        onChange={(next) => onChange?.(typeof next === "number" ? next : undefined)}
        // Trailing zeros of a price or a quantity say nothing.
        formatter={(shown, { userTyping, input }) =>
          userTyping ? input : grouped(shown === undefined ? "" : String(shown), kind === "money")
        }
        parser={typedNumber}
        suffix={kind === "share" ? "%" : undefined}
        prefix={kind === "money" || kind === "price" ? me.company.currency : undefined}
      />
    );
  }
  switch (kind) {
    case "long":
      return (
        <Input.TextArea
          {...common}
          autoSize={LONG_ROWS}
          maxLength={field.maxLength}
          value={text}
          onChange={(event) => onChange?.(event.target.value)}
        />
      );
    case "integer":
      return (
        <InputNumber
          {...common}
          className="wide"
          inputMode="numeric"
          precision={0}
          controls={false}
          value={typeof value === "number" ? value : null}
          onChange={(next) => onChange?.(next ?? undefined)}
        />
      );
    case "day":
    case "moment":
      return <TimeInput {...common} kind={kind} value={text} onChange={onChange} />;
    case "choice":
      return (
        <Select
          {...common}
          className="wide"
          allowClear={!field.required}
          value={text || undefined}
          onChange={(next) => onChange?.(next)}
          options={field.options ?? choiceOptions(entity, field.name, t)}
        />
      );
    case "tags":
      return (
        <Select
          {...common}
          className="wide"
          mode="tags"
          value={Array.isArray(value) ? value.map(String) : []}
          onChange={(next) => onChange?.(next)}
          options={field.options ?? []}
        />
      );
    case "reference":
      return (
        <>
          <RecordSelect
            {...common}
            entity={field.entity ?? referenceOf(entity, field.name) ?? "account"}
            filters={field.where}
            allowClear={!field.required}
            value={typeof value === "number" ? value : null}
            onChange={(next) => onChange?.(next ?? undefined)}
          />
          {field.recent && typeof value !== "number" && (
            <RecentAccounts onPick={(account) => onChange?.(account)} />
          )}
        </>
      );
    case "flag":
      return (
        <Switch
          id={id}
          data-testid={common["data-testid"]}
          checked={value === true}
          onChange={(next) => onChange?.(next)}
        />
      );
    case "password":
      return (
        <Input.Password
          {...common}
          value={text}
          onChange={(event) => onChange?.(event.target.value)}
        />
      );
    default:
      return (
        <Input
          {...common}
          type={kind === "phone" ? "tel" : "text"}
          maxLength={field.maxLength}
          value={text}
          onChange={(event) => onChange?.(event.target.value)}
        />
      );
  }
}

type TimeProps = {
  kind: "day" | "moment";
  id?: string;
  value: string;
  onChange?: (value: Json | undefined) => void;
  "data-testid"?: string;
};

/** A day, or a moment in the company's zone; on a phone with the phone's own picker. */
function TimeInput({ kind, value, onChange, ...rest }: TimeProps) {
  const { zone } = useMe().company;
  const phone = usePhone();
  const local = kind === "moment" && value ? instant(value, zone) : value;
  const take = (text: string) => {
    if (text === "") return onChange?.(undefined);
    const [day = "", time = "00:00"] = text.split(/[ T]/);
    return onChange?.(kind === "day" ? day : momentOf(day, time.slice(0, 5), zone));
  };
  if (phone) {
    return (
      <Input
        {...rest}
        type={kind === "day" ? "date" : "datetime-local"}
        value={local.replace(" ", "T")}
        onChange={(event) => take(event.target.value)}
      />
    );
  }
  return (
    <DatePicker
      {...rest}
      className="wide"
      showTime={kind === "moment" ? { format: "HH:mm", minuteStep: 5 } : false}
      format={kind === "day" ? "YYYY-MM-DD" : "YYYY-MM-DD HH:mm"}
      needConfirm={false}
      value={local ? dayjs(local) : null}
      onChange={(next) =>
        take(next ? next.format(kind === "day" ? "YYYY-MM-DD" : "YYYY-MM-DD HH:mm") : "")
      }
    />
  );
}
