import { Button } from "antd";
import { useAsk } from "@/components/ask";
import { useAction } from "@/components/useAction";
import { usePhone } from "@/lib/media";
import { useMay, useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";
import { type Account, assign, claim, release, request } from "../api";
import { useRouted } from "../routing";

/** Claims with one tap, or asks for what is routed to others; who was faster is told. */
export function ClaimButton({ account, inList }: { account: Account; inList?: boolean }) {
  const { t } = useTexts();
  const phone = usePhone();
  const routed = useRouted();
  const { askRequest, requesting } = useOwnership();
  const take = useAction(claim, () => t("accounts.claimed", { name: account.name }));
  const size = inList && !phone ? "small" : "middle";
  if (routed(account) === "elsewhere") {
    // In the drawer the buttons of ownership have it.
    if (!inList) return null;
    return (
      <Button
        type="text"
        size={size}
        title={t("accounts.routedElsewhere")}
        loading={requesting.isPending}
        data-testid="request"
        onClick={async (event) => {
          event.stopPropagation();
          const answer = await askRequest();
          if (answer) requesting.mutate({ id: account.id, why: String(answer.reason) });
        }}
      >
        {t("accounts.request")}
      </Button>
    );
  }
  return (
    <Button
      type={inList ? "default" : "primary"}
      size={size}
      loading={take.isPending}
      data-testid="claim"
      onClick={(event) => {
        event.stopPropagation();
        take.mutate(account.id);
      }}
    >
      {t("accounts.claim")}
    </Button>
  );
}

/** What can be done about whose an account is. */
export function useOwnership() {
  const { t } = useTexts();
  const ask = useAsk();
  const reason = {
    name: "reason",
    kind: "long" as const,
    required: true,
    label: t("field.reason"),
    maxLength: 1000,
  };
  const releasing = useAction(
    ({ id, why }: { id: number; why: string }) => release(id, why),
    () => t("accounts.released"),
  );
  const assigning = useAction(
    ({ id, to, why }: { id: number; to: number; why: string }) => assign(id, to, why),
    () => t("accounts.assigned"),
  );
  const requesting = useAction(
    ({ id, why }: { id: number; why: string }) => request(id, why),
    ({ asked }) => t("accounts.requested", { name: asked.name }),
  );
  return {
    askRelease: () =>
      ask({
        entity: "account",
        title: t("accounts.releaseTitle"),
        note: t("accounts.releaseNote"),
        fields: [reason],
        ok: t("accounts.release"),
        danger: true,
      }),
    askAssign: () =>
      ask({
        entity: "account",
        title: t("accounts.assignTitle"),
        fields: [
          {
            name: "user_id",
            kind: "reference",
            entity: "user",
            required: true,
            label: t("accounts.assignTo"),
            where: [{ field: "enabled", op: "in", values: ["true"] }],
          },
          reason,
        ],
        ok: t("accounts.assign"),
      }),
    askRequest: () =>
      ask({
        entity: "account",
        title: t("accounts.requestTitle"),
        note: t("accounts.requestNote"),
        fields: [reason],
        ok: t("accounts.request"),
      }),
    releasing,
    assigning,
    requesting,
  };
}

/** The buttons that say whose an account is to be. */
export function OwnershipButtons({ account }: { account: Account }) {
  const { t } = useTexts();
  const me = useMe();
  const may = useMay();
  const { askRelease, askAssign, askRequest, releasing, assigning, requesting } = useOwnership();
  const mine = account.owner_id === me.user_id;
  const pooled = account.owner_id === null;
  return (
    <>
      {!mine && may("account", "claim") && !may("account", "assign") && (
        <Button
          loading={requesting.isPending}
          onClick={async () => {
            const answer = await askRequest();
            if (answer) requesting.mutate({ id: account.id, why: String(answer.reason) });
          }}
        >
          {t("accounts.request")}
        </Button>
      )}
      {may("account", "assign") && (
        <Button
          loading={assigning.isPending}
          data-testid="assign"
          onClick={async () => {
            const answer = await askAssign();
            if (answer) {
              const to = Number(answer.user_id);
              assigning.mutate({ id: account.id, to, why: String(answer.reason) });
            }
          }}
        >
          {t("accounts.assign")}
        </Button>
      )}
      {!pooled && (mine || may("account", "assign")) && (
        <Button
          loading={releasing.isPending}
          data-testid="release"
          onClick={async () => {
            const answer = await askRelease();
            if (answer) releasing.mutate({ id: account.id, why: String(answer.reason) });
          }}
        >
          {t("accounts.release")}
        </Button>
      )}
    </>
  );
}
