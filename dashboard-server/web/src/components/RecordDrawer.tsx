import { CloseOutlined, LinkOutlined } from "@ant-design/icons";
import { App, Button, Drawer, Skeleton, Tabs, Tooltip } from "antd";
import { type ReactNode, useEffect, useState } from "react";
import { useSearchParams } from "react-router";
import { usePhone } from "@/lib/media";
import { useTexts } from "@/locales/i18n";
import { useKeys } from "./keyboard";
import { useOverlay } from "./navigation";
import { FailureState } from "./States";

export type DrawerTab = { key: string; label: ReactNode; children: ReactNode };

type Props = {
  /** What the record is called. */
  title: ReactNode;
  /** Its number and how it stands, under the title. */
  subtitle?: ReactNode;
  /** The steps that its state allows; on a phone at the foot, within the thumb's reach. */
  actions?: ReactNode;
  /** Head numbers and notices over the tabs. */
  head?: ReactNode;
  tabs?: DrawerTab[];
  children?: ReactNode;
  loading?: boolean;
  error?: unknown;
  onRetry?: () => void;
  /** `e` edits. */
  onEdit?: () => void;
  width?: number;
  testId?: string;
};

/** A record over the page that it was opened from; its address opens it again. */
export function RecordDrawer({
  title,
  subtitle,
  actions,
  head,
  tabs,
  children,
  loading,
  error,
  onRetry,
  onEdit,
  width = 720,
  testId,
}: Props) {
  const { t } = useTexts();
  const { message } = App.useApp();
  const phone = usePhone();
  const { close, setTab } = useOverlay();
  const [params] = useSearchParams();
  // Closing leads back to what was in focus.
  const [opener] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      setTimeout(() => {
        if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
      });
    },
    [opener],
  );
  useKeys((key) => {
    if (key !== "e" || !onEdit) return false;
    onEdit();
    return true;
  });
  const copy = async () => {
    await navigator.clipboard.writeText(window.location.href);
    void message.success(t("part.copied"));
  };
  const tab = params.get("tab");
  const known = tabs?.some(({ key }) => key === tab);
  return (
    <Drawer
      open
      size={phone ? "100%" : width}
      onClose={close}
      keyboard
      closable={false}
      className="record-drawer"
      data-testid={testId ?? "record"}
      title={
        <div className="record-head">
          <div className="record-title">
            <span className="clip strong">
              {loading ? <Skeleton.Input size="small" active /> : title}
            </span>
            {subtitle && <span className="quiet small">{subtitle}</span>}
          </div>
          <Tooltip title={t("part.copyLink")}>
            <Button
              type="text"
              icon={<LinkOutlined />}
              aria-label={t("part.copyLink")}
              onClick={() => void copy()}
            />
          </Tooltip>
          <Button
            type="text"
            icon={<CloseOutlined />}
            aria-label={t("part.close")}
            data-testid="drawer-close"
            onClick={close}
          />
        </div>
      }
      footer={phone && actions ? <div className="record-actions">{actions}</div> : null}
    >
      {error ? (
        <FailureState error={error} onRetry={onRetry} />
      ) : loading ? (
        <Skeleton active paragraph={{ rows: 10 }} />
      ) : (
        <>
          {!phone && actions && <div className="record-actions">{actions}</div>}
          {head}
          {tabs && (
            <Tabs
              size="small"
              activeKey={known && tab ? tab : tabs[0]?.key}
              onChange={(key) => setTab(key === tabs[0]?.key ? null : key)}
              items={tabs}
              destroyOnHidden
            />
          )}
          {children}
        </>
      )}
    </Drawer>
  );
}

/** The drawer of a record that is not there yet, or cannot be had. */
export function PendingDrawer({
  found,
  testId,
  width,
}: {
  found: { error: unknown; refetch: () => unknown };
  testId: string;
  width?: number;
}) {
  return (
    <RecordDrawer
      title=""
      loading={!found.error}
      error={found.error}
      onRetry={() => void found.refetch()}
      testId={testId}
      width={width}
    />
  );
}

/** A form over the page; its address opens it again. */
export function FormDrawer({
  title,
  children,
  width = 480,
}: {
  title: ReactNode;
  children: ReactNode;
  width?: number;
}) {
  const { t } = useTexts();
  const phone = usePhone();
  const { close } = useOverlay();
  return (
    <Drawer
      open
      size={phone ? "100%" : width}
      onClose={close}
      keyboard
      closable={false}
      className="record-drawer form-drawer"
      data-testid="form"
      title={
        <div className="record-head">
          <span className="strong clip">{title}</span>
          <Button
            type="text"
            icon={<CloseOutlined />}
            aria-label={t("part.close")}
            data-testid="drawer-close"
            onClick={close}
          />
        </div>
      }
    >
      {children}
    </Drawer>
  );
}
