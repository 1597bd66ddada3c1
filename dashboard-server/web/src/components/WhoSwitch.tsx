import { Segmented } from "antd";
import { useSearchParams } from "react-router";
import { leads, useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";

export type Who = "mine" | "all";

/** Whether a list is of one's own records or of all that one sees, as the address says. */
export function useWho(): { who: Who; setWho: (who: Who) => void } {
  const me = useMe();
  const [params, setParams] = useSearchParams();
  const standard: Who = leads(me) ? "all" : "mine";
  const asked = params.get("who");
  return {
    who: asked === "mine" || asked === "all" ? asked : standard,
    setWho: (who) =>
      setParams((now) => {
        const next = new URLSearchParams(now);
        if (who === standard) next.delete("who");
        else next.set("who", who);
        return next;
      }),
  };
}

/** One's own, or all; nothing for who sees nothing but their own. */
export function WhoSwitch() {
  const { t } = useTexts();
  const me = useMe();
  const { who, setWho } = useWho();
  if (!leads(me) && who === "mine") return null;
  return (
    <Segmented<Who>
      value={who}
      aria-label={t("part.who")}
      onChange={setWho}
      options={[
        { value: "mine", label: t("part.mine") },
        { value: "all", label: t("part.everybody") },
      ]}
    />
  );
}
