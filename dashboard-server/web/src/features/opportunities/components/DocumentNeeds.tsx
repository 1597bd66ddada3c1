import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Skeleton } from "antd";
import type { ReactNode } from "react";
import { useOverlay } from "@/components/navigation";
import { FailureState, Refusal } from "@/components/States";
import { postTo } from "@/lib/api/client";
import { act, listQuery, type One, type Rec, refreshRecords, textOf } from "@/lib/api/records";
import { dayOf } from "@/lib/format";
import { useMay, useMe } from "@/lib/session";
import { useTexts } from "@/locales/i18n";

/** The quotes and contracts of a deal, the latest first. */
function useOfDeal(entity: "quote" | "contract", dealId: number) {
  return useQuery(
    listQuery(entity, {
      filters: [{ field: "opportunity_id", op: "in", values: [String(dealId)] }],
      sort: "-id",
      limit: 50,
    }),
  );
}

/** One step that brings a document on; everything is asked for again afterwards. */
function Step({
  run,
  children,
  testId,
}: {
  run: () => Promise<unknown>;
  children: ReactNode;
  testId: string;
}) {
  const client = useQueryClient();
  const step = useMutation({
    mutationFn: run,
    onSettled: () => refreshRecords(client),
  });
  return (
    <>
      <Button
        type="primary"
        ghost
        block
        loading={step.isPending}
        data-testid={testId}
        onClick={() => step.mutate()}
      >
        {children}
      </Button>
      {step.error && <Refusal error={step.error} />}
    </>
  );
}

/** A quote that must be sent or accepted: the ones that can be, or a new one. */
export function QuoteNeed({ dealId, state }: { dealId: number; state: "sent" | "accepted" }) {
  const { t } = useTexts();
  const { openForm } = useOverlay();
  const may = useMay();
  const quotes = useOfDeal("quote", dealId);
  if (quotes.error) return <FailureState error={quotes.error} />;
  if (!quotes.data) return <Skeleton active paragraph={{ rows: 1 }} title={false} />;
  const rows = quotes.data.rows;
  const of = (...outcomes: string[]) =>
    rows.filter((quote) => outcomes.includes(textOf(quote, "outcome")));
  const named = (quote: Rec) => ({
    number: textOf(quote, "number"),
    version: Number(quote.quote_version ?? 1),
  });
  return (
    <div className="need-steps">
      {of("draft", "approved").map((quote) => (
        <Step
          key={quote.id}
          testId="need-send"
          run={() => act("quote", quote.id, "send", {}, { version: quote.version })}
        >
          {t("deal.missing.sendQuote", named(quote))}
        </Step>
      ))}
      {of("in_approval").map((quote) => (
        <p key={quote.id} className="quiet">
          {t("deal.missing.inApproval", named(quote))}
        </p>
      ))}
      {state === "accepted" &&
        of("sent").map((quote) => (
          <Step
            key={quote.id}
            testId="need-accept"
            run={() =>
              act("quote", quote.id, "decide", { decision: "accepted" }, { version: quote.version })
            }
          >
            {t("deal.missing.accept", named(quote))}
          </Step>
        ))}
      {may("quote", "create") && (
        <Button
          block
          data-testid="need-quote"
          onClick={() => openForm("quote", { entity: "opportunity", id: dealId })}
        >
          {t("deal.newQuote")}
        </Button>
      )}
    </div>
  );
}

/** A contract that must be signed or effective: from the accepted quote, step by step. */
export function ContractNeed({ dealId, state }: { dealId: number; state: "signed" | "effective" }) {
  const { t } = useTexts();
  const { openForm } = useOverlay();
  const may = useMay();
  const { zone } = useMe().company;
  const quotes = useOfDeal("quote", dealId);
  const contracts = useOfDeal("contract", dealId);
  const error = quotes.error ?? contracts.error;
  if (error) return <FailureState error={error} />;
  if (!quotes.data || !contracts.data)
    return <Skeleton active paragraph={{ rows: 1 }} title={false} />;
  const today = dayOf(new Date().toISOString(), zone);
  const standing = contracts.data.rows.filter(({ status }) => status !== "terminated");
  const accepted = quotes.data.rows.filter(
    ({ id, outcome }) =>
      (outcome === "accepted" || outcome === "partial") &&
      !standing.some(({ quote_id }) => quote_id === id),
  );
  const number = (record: Rec) => ({ number: textOf(record, "number") });
  const writes = may("contract", "update");
  return (
    <div className="need-steps">
      {standing
        .filter(({ status }) => status === "draft")
        .map((contract) =>
          writes ? (
            <Step
              key={contract.id}
              testId="need-sign"
              run={() =>
                act(
                  "contract",
                  contract.id,
                  "sign",
                  { signed_on: today },
                  { version: contract.version },
                )
              }
            >
              {t("deal.missing.sign", number(contract))}
            </Step>
          ) : null,
        )}
      {state === "effective" &&
        standing
          .filter(({ status }) => status === "signed")
          .map((contract) =>
            writes ? (
              <Step
                key={contract.id}
                testId="need-deposit"
                run={() =>
                  act(
                    "contract",
                    contract.id,
                    "deposit",
                    { received_on: today },
                    { version: contract.version },
                  )
                }
              >
                {t("deal.missing.deposit", number(contract))}
              </Step>
            ) : (
              <p key={contract.id} className="quiet">
                {t("deal.missing.waitsDeposit", number(contract))}
              </p>
            ),
          )}
      {may("contract", "create") &&
        accepted.map((quote) => (
          <Step
            key={quote.id}
            testId="need-contract"
            run={() => postTo<One>("/api/contracts/from-quote", { quote_id: quote.id })}
          >
            {t("deal.missing.toContract", number(quote))}
          </Step>
        ))}
      {standing.length === 0 && accepted.length === 0 && (
        <>
          <QuoteNeed dealId={dealId} state="accepted" />
          {may("contract", "create") && (
            <Button
              block
              onClick={() => openForm("contract", { entity: "opportunity", id: dealId })}
            >
              {t("deal.newContract")}
            </Button>
          )}
        </>
      )}
    </div>
  );
}
