import { Select } from "antd";
import { ATTACHMENT_KINDS } from "@/components/Uploader";
import { fieldName } from "@/components/words";
import { criterionText } from "@/lib/problem";
import { useTexts } from "@/locales/i18n";
import { criterionOf } from "../stages";

/** The fields of a deal that a stage can ask for. */
const FIELDS = [
  "amount",
  "expected_close_on",
  "contact_id",
  "product_id",
  "source",
  "requirements",
  "delivery_address",
];

/** What must hold, chosen from a list of sentences. */
export function CriteriaSelect({
  value,
  disabled,
  label,
  onChange,
}: {
  value: string[];
  disabled: boolean;
  label: string;
  onChange: (words: string[]) => void;
}) {
  const { t } = useTexts();
  const groups = {
    field: FIELDS.map((name) => `field:${name}`),
    attachment: ATTACHMENT_KINDS.map((kind) => `attachment:${kind}`),
    quote: ["quote:sent", "quote:accepted"],
    contract: ["contract:signed", "contract:effective"],
  } as const;
  const known: string[] = Object.values(groups).flat();
  // What a stage asks for beside the usual stays on the list.
  const others = value.filter((word) => !known.includes(word));
  const text = (word: string): string => {
    const criterion = criterionOf(word);
    if (!criterion) return word;
    if ("field" in criterion) {
      return t("criterion.field", { name: fieldName("opportunity", criterion.field, t) });
    }
    return criterionText(criterion, t);
  };
  const option = (word: string) => ({ value: word, label: text(word) });
  return (
    <Select
      mode="multiple"
      className="wide"
      disabled={disabled}
      value={value}
      aria-label={label}
      placeholder={t("admin.pipeline.noCriteria")}
      onChange={onChange}
      optionFilterProp="label"
      options={[
        ...(["attachment", "quote", "contract", "field"] as const).map((group) => ({
          label: t(`admin.pipeline.criteria.${group}`),
          options: groups[group].map(option),
        })),
        ...others.map(option),
      ]}
    />
  );
}
