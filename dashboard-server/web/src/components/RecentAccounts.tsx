import { useQuery } from "@tanstack/react-query";
import { labelOf, listQuery } from "@/lib/api/records";
import { useMay, useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";

/** Of so many contacts the customers are taken, and so many of those are offered. */
const CONTACTS = 30;
const OFFERED = 4;

/** The customers that somebody was last in touch with: chosen with one tap instead of a search. */
export function RecentAccounts({ onPick }: { onPick: (id: number) => void }) {
  const { t, lang } = useTexts();
  const me = useMe();
  const may = useMay();
  const { data } = useQuery({
    ...listQuery("interaction", {
      filters: [{ field: "by_id", op: "in", values: [String(me.user_id)] }],
      sort: "-at",
      limit: CONTACTS,
    }),
    enabled: may("interaction", "read"),
    staleTime: 60_000,
  });
  const ids = new Set<number>();
  for (const { account_id } of data?.rows ?? []) {
    if (typeof account_id === "number" && data?.labels.account?.[String(account_id)]) {
      ids.add(account_id);
    }
  }
  if (ids.size === 0) return null;
  return (
    <div className="recent">
      <span className="quiet small">{t("part.recent")}</span>
      {[...ids].slice(0, OFFERED).map((id) => (
        <button
          key={id}
          type="button"
          className="recent-choice clip"
          data-testid="recent-account"
          onClick={() => onPick(id)}
        >
          {labelOf(data?.labels, "account", id, lang)}
        </button>
      ))}
    </div>
  );
}
