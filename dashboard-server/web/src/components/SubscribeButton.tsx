import { BellOutlined } from "@ant-design/icons";
import { Button, Tooltip } from "antd";
import { useLocation } from "react-router";
import type { ListQuery } from "@/lib/api/records";
import { useMay } from "@/lib/session";
import { type Draft, type Listed, listContent } from "@/lib/subscribing";
import { useTexts } from "@/locales/i18n";
import { useOverlay } from "./navigation";

type Props = {
  /** What the page shows, at the moment that it is pressed. */
  draft: () => Draft;
  size?: "small";
  /** The mark alone, where there is little room. */
  bare?: boolean;
  label?: string;
  testId?: string;
};

/** Opens the form that subscribes to what is on the page, for those who may subscribe. */
export function SubscribeButton({ draft, size, bare, label, testId = "subscribe" }: Props) {
  const { t } = useTexts();
  const may = useMay();
  const { openDraft } = useOverlay();
  if (!may("subscription", "create")) return null;
  const text = label ?? t("subscriptions.subscribe");
  const button = (
    <Button
      type={bare ? "text" : undefined}
      size={size}
      icon={<BellOutlined />}
      aria-label={text}
      data-testid={testId}
      onClick={(event) => {
        event.stopPropagation();
        openDraft(draft());
      }}
    >
      {bare ? null : text}
    </Button>
  );
  return bare ? <Tooltip title={text}>{button}</Tooltip> : button;
}

/** So many columns a mail has room for. */
const MOST_COLUMNS = 6;

/** Subscribes to a list as it is asked for now. */
export function SubscribeList({
  entity,
  query,
  columns,
  bare,
}: {
  entity: Listed;
  query: ListQuery;
  columns: () => string[];
  bare?: boolean;
}) {
  const { t } = useTexts();
  const page = useLocation();
  return (
    <SubscribeButton
      bare={bare}
      draft={() => ({
        kind: "list",
        name: t("subscriptions.named.list", { name: t(`entity.${entity}`) }),
        content: listContent(entity, query, columns().slice(0, MOST_COLUMNS), page),
      })}
    />
  );
}
