import { Button } from "antd";
import { useNavigate } from "react-router";
import { PasswordForm } from "@/components/PasswordForm";
import { signOut } from "@/lib/session";
import { useTexts } from "@/locales/i18n";

/** Nothing else can be done before a one-time password is changed. */
export function PasswordPage({ onDone }: { onDone: () => void }) {
  const { t } = useTexts();
  const navigate = useNavigate();
  const leave = async () => {
    await signOut(false).catch(() => undefined);
    navigate("/sign-in");
  };
  return (
    <main className="sign-in" data-testid="forced-password">
      <div className="sign-in-box">
        <h1>{t("session.forced")}</h1>
        <p className="quiet">{t("session.forcedNote")}</p>
        <PasswordForm onDone={onDone} />
        <Button type="link" onClick={() => void leave()}>
          {t("session.leave")}
        </Button>
      </div>
    </main>
  );
}
