import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Checkbox, Input, Popconfirm, Segmented, Select, Tag } from "antd";
import { useEffect, useState } from "react";
import { useNavigate } from "react-router";
import { Ago, Day } from "@/components/Cells";
import { PasswordForm } from "@/components/PasswordForm";
import { FailureState, Refusal } from "@/components/States";
import { useAction } from "@/components/useAction";
import { deleteAt, getFrom, patchAt, postTo } from "@/lib/api/client";
import type { Lang } from "@/lib/format";
import { type Entity, RESOURCES } from "@/lib/resources";
import { type Action, type Me, scopeOf, sessionQuery, signOut, useMe } from "@/lib/session";
import { setLanguage, useTexts } from "@/locales/i18n";
import { deviceName } from "../device";
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
          <dl className="facts">
            {facts.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
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

/** Where one is signed in, the last used first. */
function Sessions() {
  const { t } = useTexts();
  const found = useQuery({
    queryKey: ["session", "all"],
    queryFn: ({ signal }) => getFrom<{ sessions: OpenSession[] }>("/api/sessions", {}, signal),
  });
  if (!found.data) return null;
  return (
    <ul className="plain-list sessions" data-testid="sessions">
      {found.data.sessions.map((session) => (
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

type Token = {
  id: number;
  name: string;
  scopes: { entity: string; action: Action }[];
  created_at: string;
  expires_at: string | null;
};

type OpenSession = {
  device: string | null;
  created_at: string;
  seen_at: string;
  expires_at: string;
  current: boolean;
};

const ACTIONS: Action[] = ["read", "create", "update", "delete", "export", "claim", "assign"];

/** Tokens for programs that act in one's name; each may do no more than is chosen for it. */
function Tokens() {
  const { t } = useTexts();
  const { rights } = useMe();
  const client = useQueryClient();
  const [adding, setAdding] = useState(false);
  const [name, setName] = useState("");
  const [entities, setEntities] = useState<string[]>(["*"]);
  const [actions, setActions] = useState<Action[]>(["read"]);
  const [days, setDays] = useState<number | null>(90);
  const [made, setMade] = useState<string | null>(null);
  const key = ["tokens"];
  const found = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => getFrom<{ tokens: Token[] }>("/api/tokens", {}, signal),
  });
  const refresh = () => client.invalidateQueries({ queryKey: key });
  const create = useMutation({
    mutationFn: () =>
      postTo<{ id: number; token: string }>("/api/tokens", {
        name: name.trim(),
        scopes: entities.flatMap((entity) => actions.map((action) => ({ entity, action }))),
        expires_at: days === null ? null : new Date(Date.now() + days * 86_400_000).toISOString(),
      }),
    onSuccess: ({ token }) => {
      setMade(token);
      setAdding(false);
      setName("");
      return refresh();
    },
  });
  const revoke = useAction(
    (id: number) => deleteAt(`/api/tokens/${id}`),
    () => t("me.revoked"),
  );
  const tokens = found.data?.tokens ?? [];
  const readable = (Object.keys(RESOURCES) as Entity[]).filter(
    (entity) => scopeOf(rights, entity, "read") !== null,
  );
  return (
    <section className="card" data-testid="tokens">
      <h2>{t("me.tokens")}</h2>
      <p className="quiet small">{t("me.tokensNote")}</p>
      {found.error && <FailureState error={found.error} onRetry={() => found.refetch()} />}
      {made && (
        <Alert
          type="success"
          title={t("me.tokenMade")}
          description={<code className="token">{made}</code>}
          closable={{ onClose: () => setMade(null) }}
        />
      )}
      <ul className="plain-list">
        {tokens.map((token) => (
          <li key={token.id}>
            <div className="grow">
              <div className="strong">{token.name}</div>
              <div className="quiet small">
                {token.scopes.slice(0, 4).map(({ entity, action }) => (
                  <Tag key={`${entity} ${action}`}>
                    {entity === "*" ? t("part.all") : t(`entity.${entity}`)} ·{" "}
                    {t(`me.action.${action}`)}
                  </Tag>
                ))}
                {token.scopes.length > 4 && `+${token.scopes.length - 4} `}
                {token.expires_at && (
                  <>
                    {t("me.expires")} <Day value={token.expires_at} />
                  </>
                )}
              </div>
            </div>
            <Popconfirm
              title={t("me.revokeSure", { name: token.name })}
              okText={t("me.revoke")}
              onConfirm={async () => {
                await revoke.mutateAsync(token.id);
                await refresh();
              }}
            >
              <Button type="text" icon={<DeleteOutlined />} aria-label={t("me.revoke")} />
            </Popconfirm>
          </li>
        ))}
      </ul>
      {adding ? (
        <form
          className="token-form"
          onSubmit={(event) => {
            event.preventDefault();
            create.mutate();
          }}
        >
          <Input
            autoFocus
            value={name}
            maxLength={100}
            placeholder={t("me.tokenName")}
            aria-label={t("me.tokenName")}
            onChange={(event) => setName(event.target.value)}
          />
          <Select
            mode="multiple"
            value={entities}
            aria-label={t("me.tokenEntities")}
            onChange={(next) =>
              setEntities(next.at(-1) === "*" ? ["*"] : next.filter((one) => one !== "*"))
            }
            options={[
              { value: "*", label: t("part.all") },
              ...readable.map((entity) => ({ value: entity, label: t(`entity.${entity}`) })),
            ]}
          />
          <Checkbox.Group<Action>
            value={actions}
            onChange={setActions}
            options={ACTIONS.map((action) => ({ value: action, label: t(`me.action.${action}`) }))}
          />
          <Select<number | null>
            value={days}
            aria-label={t("me.expires")}
            onChange={setDays}
            options={[
              { value: 30, label: t("part.days", { count: 30 }) },
              { value: 90, label: t("part.days", { count: 90 }) },
              { value: 365, label: t("part.days", { count: 365 }) },
              { value: null, label: t("me.never") },
            ]}
          />
          {create.error && <Refusal error={create.error} />}
          <div className="token-foot">
            <Button
              type="primary"
              htmlType="submit"
              loading={create.isPending}
              disabled={!name.trim() || entities.length === 0 || actions.length === 0}
            >
              {t("part.create")}
            </Button>
            <Button onClick={() => setAdding(false)}>{t("part.cancel")}</Button>
          </div>
        </form>
      ) : (
        <Button icon={<PlusOutlined />} onClick={() => setAdding(true)}>
          {t("me.newToken")}
        </Button>
      )}
    </section>
  );
}
