import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Popconfirm, Segmented } from "antd";
import { useEffect } from "react";
import { useNavigate } from "react-router";
import { NamedFacts } from "@/components/Facts";
import { PasswordForm } from "@/components/PasswordForm";
import { Refusal } from "@/components/States";
import { useAction } from "@/components/useAction";
import { patchAt } from "@/lib/api/client";
import type { Lang } from "@/lib/format";
import { type Me, sessionQuery, signOut, useMe } from "@/lib/session";
import { setLanguage, useTexts } from "@/locales/i18n";
import { Sessions } from "../components/Sessions";
import { Tokens } from "../components/Tokens";
import "../me.css";

/** One's own settings: language, password, tokens for programs, signing out. */
export function MePage() {
  const { t, lang } = useTexts();
  const me = useMe();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { message } = App.useApp();
  useEffect(() => {
    document.title = `${t("nav.me")} · Millrace`;
  }, [t]);
  const language = useAction(
    (next: Lang) => patchAt<Me>("/api/me", { language: next }, {}),
    () => t("part.saved"),
  );
  const leave = useMutation({
    mutationFn: (everywhere: boolean) => signOut(everywhere),
    onSettled: () => {
      client.clear();
      navigate("/sign-in");
    },
  });
  const facts: [string, string][] = [
    [t("field.username"), me.username],
    [t("field.role_id"), lang === "en" ? me.role.name_en : me.role.name_zh],
    [t("field.team_id"), me.team ?? t("part.none")],
    [
      t("field.pool_capacity"),
      me.pool_capacity === null ? t("me.unlimited") : String(me.pool_capacity),
    ],
    [
      t("field.daily_claims"),
      me.daily_claims === null ? t("me.unlimited") : String(me.daily_claims),
    ],
  ];
  return (
    <main className="work-page me" data-testid="me-page">
      <div className="page-head">
        <h1>{me.name}</h1>
        <Button
          className="end"
          loading={leave.isPending && !leave.variables}
          data-testid="sign-out"
          onClick={() => leave.mutate(false)}
        >
          {t("session.leave")}
        </Button>
      </div>
      <div className="me-grid">
        <section className="card">
          <h2>{t("me.account")}</h2>
          <NamedFacts facts={facts} />
          <h2>{t("field.language")}</h2>
          <Segmented<Lang>
            value={lang}
            onChange={(next) => {
              setLanguage(next);
              language.mutate(next, {
                onSuccess: () => client.invalidateQueries({ queryKey: sessionQuery.queryKey }),
              });
            }}
            options={[
              { value: "zh", label: "中文" },
              { value: "en", label: "English" },
            ]}
          />
        </section>
        <section className="card">
          <h2>{t("session.change")}</h2>
          <p className="quiet small">{t("me.passwordNote")}</p>
          <PasswordForm
            onDone={() => {
              void message.success(t("me.passwordChanged"));
              void client.invalidateQueries({ queryKey: sessionQuery.queryKey });
            }}
          />
        </section>
        <Tokens />
        <section className="card">
          <h2>{t("me.everywhere")}</h2>
          <p className="quiet small">{t("me.everywhereNote")}</p>
          <Sessions />
          {leave.error && <Refusal error={leave.error} />}
          <Popconfirm
            title={t("me.everywhereSure")}
            okText={t("me.everywhere")}
            onConfirm={() => leave.mutate(true)}
          >
            <Button danger data-testid="sign-out-everywhere">
              {t("me.everywhere")}
            </Button>
          </Popconfirm>
        </section>
      </div>
    </main>
  );
}
