import { Input } from "antd";
import { useState } from "react";
import { useTexts } from "@/locales/i18n";

/** The words that a list is searched by; sent when there is a pause. */
export function ListSearch({
  value,
  onChange,
}: {
  value: string;
  onChange: (value: string) => void;
}) {
  const { t } = useTexts();
  const [typed, setTyped] = useState(value);
  const [last, setLast] = useState(value);
  if (value !== last) {
    setLast(value);
    setTyped(value);
  }
  const [timer, setTimer] = useState<number | undefined>();
  const take = (text: string, wait: number) => {
    window.clearTimeout(timer);
    setTimer(
      window.setTimeout(() => {
        setLast(text.trim());
        onChange(text.trim());
      }, wait),
    );
  };
  return (
    <Input.Search
      className="list-search"
      allowClear
      value={typed}
      placeholder={t("part.searchHere")}
      aria-label={t("part.searchHere")}
      data-testid="list-search"
      onChange={(event) => {
        setTyped(event.target.value);
        take(event.target.value, 250);
      }}
      onSearch={(text) => take(text, 0)}
    />
  );
}
