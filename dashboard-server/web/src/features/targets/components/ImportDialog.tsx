import { UploadOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Modal } from "antd";
import { useRef, useState } from "react";
import { Refusal } from "@/components/States";
import type { Metric } from "@/lib/api/types";
import { pick, short } from "@/lib/format";
import { faultsOf } from "@/lib/problem";
import { useTexts } from "@/locales/i18n";
import { importSheet, type TargetPlan } from "../api";

/** Changes and faults that are named; of others it is told how many there are. */
const SHOWN = 100;

/** A sheet of targets: what it would change first, then the change. */
export function ImportDialog({ metrics, onClose }: { metrics: Metric[]; onClose: () => void }) {
  const { t } = useTexts();
  const client = useQueryClient();
  const { message } = App.useApp();
  const input = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File | null>(null);
  const check = useMutation({ mutationFn: (chosen: File) => importSheet(chosen, true) });
  const take = useMutation({
    mutationFn: (chosen: File) => importSheet(chosen, false),
    onSuccess: async ({ added, changed }) => {
      void message.success(t("targets.taken", { added: added.length, changed: changed.length }));
      await client.invalidateQueries({ queryKey: ["records", "target"] });
      onClose();
    },
  });
  const plan = check.data;
  const changes = plan ? plan.added.length + plan.changed.length : 0;
  const error = take.error ?? check.error;
  const faults = faultsOf(error).filter(({ field }) => field.includes("!"));
  return (
    <Modal
      open
      title={t("targets.importTitle")}
      okText={t("targets.take")}
      okButtonProps={{
        disabled: !plan || changes === 0 || check.isPending,
        loading: take.isPending,
      }}
      onOk={() => file && take.mutate(file)}
      onCancel={onClose}
      width={640}
      data-testid="import-targets"
    >
      <p className="quiet">{t("targets.importNote")}</p>
      <div className="target-choose">
        <Button
          icon={<UploadOutlined />}
          loading={check.isPending}
          onClick={() => input.current?.click()}
        >
          {t("targets.choose")}
        </Button>
        <span className="clip">{file?.name}</span>
      </div>
      <input
        ref={input}
        type="file"
        hidden
        accept=".xlsx,.xlsm,.xls,.ods"
        data-testid="target-sheet"
        onChange={({ target }) => {
          const chosen = target.files?.[0];
          target.value = "";
          if (!chosen) return;
          setFile(chosen);
          take.reset();
          check.mutate(chosen);
        }}
      />
      {check.isPending && <p className="quiet">{t("targets.checking")}</p>}
      {error &&
        (faults.length > 0 ? (
          <Alert
            type="error"
            showIcon
            data-testid="target-faults"
            title={t("targets.faults", { count: faults.length })}
            description={
              <ul className="target-faults">
                {faults.slice(0, SHOWN).map(({ field, message: said }) => (
                  <li key={`${field} ${said}`}>
                    <strong>{field}</strong> {said}
                  </li>
                ))}
                {faults.length > SHOWN && (
                  <li>{t("targets.moreFaults", { count: faults.length - SHOWN })}</li>
                )}
              </ul>
            }
          />
        ) : (
          <Refusal error={error} />
        ))}
      {plan && !error && <Changes plan={plan} metrics={metrics} />}
    </Modal>
  );
}

function Changes({ plan, metrics }: { plan: TargetPlan; metrics: Metric[] }) {
  const { t, lang } = useTexts();
  const rows = [
    ...plan.added.map((own) => ({ own, kind: "added" as const })),
    ...plan.changed.map((own) => ({ own, kind: "changed" as const })),
  ];
  const metric = (name: string) => pick(metrics.find((own) => own.name === name)?.label, lang);
  return (
    <>
      <p data-testid="target-plan">
        {rows.length === 0
          ? t("targets.nothing")
          : t("targets.would", {
              added: plan.added.length,
              changed: plan.changed.length,
              unchanged: plan.unchanged,
            })}
      </p>
      {rows.length > 0 && (
        <div className="target-changes">
          <table>
            <tbody>
              {rows.slice(0, SHOWN).map(({ own, kind }) => (
                <tr key={`${own.metric} ${own.period} ${own.team_id} ${own.user_id}`}>
                  <td className="quiet">{t(`targets.${kind}`)}</td>
                  <td>{metric(own.metric) || own.metric}</td>
                  <td>{own.name ?? t("targets.company")}</td>
                  <td>{own.period}</td>
                  <td className="num">
                    {own.before !== null && own.before !== undefined && (
                      <span className="quiet">{short(own.before, own.unit, lang)} → </span>
                    )}
                    {short(own.after, own.unit, lang)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {rows.length > SHOWN && (
            <p className="quiet small">{t("targets.moreFaults", { count: rows.length - SHOWN })}</p>
          )}
        </div>
      )}
    </>
  );
}
