import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Form, Input } from "antd";
import { useEffect } from "react";
import { useLocation, useNavigate, useSearchParams } from "react-router";
import { safeNext } from "@/lib/address";
import { tellProblem } from "@/lib/problem";
import { sessionQuery, signIn } from "@/lib/session";
import { setLanguage, useTexts } from "@/locales/i18n";

/** Until somebody is signed in the company's zone is not known: times are the reader's own. */
const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone;

export function SignInPage() {
  const { t, lang } = useTexts();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { state } = useLocation() as { state: { ended?: boolean } | null };
  const [params] = useSearchParams();
  const enter = useMutation({
    mutationFn: ({ username, password }: { username: string; password: string }) =>
      signIn(username.trim(), password),
    onSuccess: (me) => {
      client.clear();
      client.setQueryData(sessionQuery.queryKey, me);
      navigate(safeNext(params.get("next")), { replace: true });
    },
  });
  useEffect(() => {
    document.title = `${t("session.title")} · Millrace`;
  }, [t]);
  return (
    <main className="sign-in">
      <div className="sign-in-box">
        <div className="sign-in-head">
          <img src="/icon.svg" alt="" width="32" height="32" />
          <h1>Millrace</h1>
          <Button
            type="text"
            size="small"
            data-testid="language"
            onClick={() => setLanguage(lang === "zh" ? "en" : "zh")}
          >
            {t("app.language")}
          </Button>
        </div>
        {state?.ended && <Alert type="info" showIcon title={t("session.ended")} />}
        <Form
          layout="vertical"
          requiredMark={false}
          disabled={enter.isPending}
          onFinish={enter.mutate}
        >
          <Form.Item
            name="username"
            label={t("session.username")}
            rules={[{ required: true, whitespace: true, message: t("fault.empty") }]}
          >
            <Input autoFocus autoComplete="username" autoCapitalize="none" size="large" />
          </Form.Item>
          <Form.Item
            name="password"
            label={t("session.password")}
            rules={[{ required: true, message: t("fault.empty") }]}
          >
            <Input.Password autoComplete="current-password" size="large" />
          </Form.Item>
          {enter.error && (
            <Alert
              type="error"
              showIcon
              data-testid="refusal"
              className="refusal"
              title={tellProblem(enter.error, t, HERE).sentence}
            />
          )}
          <Button
            type="primary"
            htmlType="submit"
            size="large"
            block
            loading={enter.isPending}
            data-testid="sign-in"
          >
            {t("session.enter")}
          </Button>
        </Form>
        <p className="quiet small">{t("session.forgotten")}</p>
      </div>
    </main>
  );
}
