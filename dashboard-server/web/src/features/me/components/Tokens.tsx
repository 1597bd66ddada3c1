import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Checkbox, Input, Popconfirm, Select, Tag } from "antd";
import { useState } from "react";
import { Day } from "@/components/Cells";
import { FailureState, Refusal } from "@/components/States";
import { useAction } from "@/components/useAction";
import { deleteAt, getFrom, postTo } from "@/lib/api/client";
import { type Entity, RESOURCES } from "@/lib/resources";
import { type Action, scopeOf, useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";

type Token = {
  id: number;
  name: string;
  scopes: { entity: string; action: Action }[];
  created_at: string;
  expires_at: string | null;
};

const ACTIONS: Action[] = ["read", "create", "update", "delete", "export", "claim", "assign"];

/** Tokens for programs that act in one's name; each may do no more than is chosen for it. */
export function Tokens() {
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
