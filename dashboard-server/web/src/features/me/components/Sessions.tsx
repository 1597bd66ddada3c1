import { useQuery } from "@tanstack/react-query";
import { Tag } from "antd";
import { Ago } from "@/components/Cells";
import { getFrom } from "@/lib/api/client";
import { useTexts } from "@/locales/i18n";
import { deviceName } from "../device";

type OpenSession = {
  device: string | null;
  created_at: string;
  seen_at: string;
  expires_at: string;
  current: boolean;
};

const MOST = 8;

/** Where one is signed in, the last used first. */
export function Sessions() {
  const { t } = useTexts();
  const found = useQuery({
    queryKey: ["session", "all"],
    queryFn: ({ signal }) => getFrom<{ sessions: OpenSession[] }>("/api/sessions", {}, signal),
  });
  if (!found.data) return null;
  return (
    <ul className="plain-list sessions" data-testid="sessions">
      {found.data.sessions.slice(0, MOST).map((session) => (
        <li key={`${session.created_at} ${session.device}`}>
          <div className="grow">
            <div>
              {deviceName(session.device) ?? t("me.device")}{" "}
              {session.current && <Tag color="blue">{t("me.here")}</Tag>}
            </div>
            <div className="quiet small">
              {t("me.used")} <Ago value={session.seen_at} />
            </div>
          </div>
        </li>
      ))}
    </ul>
  );
}
