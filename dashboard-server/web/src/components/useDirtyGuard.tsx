import { App } from "antd";
import { useCallback, useEffect, useRef } from "react";
import { useBlocker } from "react-router";
import { useTexts } from "@/locales/i18n";

/** Asks before what was entered is lost. Gives the way to say that there is something to lose. */
export function useDirtyGuard(): (dirty: boolean) => void {
  const { t } = useTexts();
  const { modal } = App.useApp();
  const dirty = useRef(false);
  const blocker = useBlocker(
    ({ currentLocation, nextLocation }) =>
      dirty.current &&
      currentLocation.pathname + currentLocation.search !==
        nextLocation.pathname + nextLocation.search,
  );
  useEffect(() => {
    if (blocker.state !== "blocked") return;
    const asked = modal.confirm({
      title: t("part.dirty"),
      content: t("part.dirtyNote"),
      okText: t("part.discard"),
      okButtonProps: { danger: true },
      cancelText: t("part.stay"),
      onOk: () => {
        dirty.current = false;
        blocker.proceed();
      },
      onCancel: () => blocker.reset(),
    });
    return () => asked.destroy();
  }, [blocker, modal, t]);
  useEffect(() => {
    const leaving = (event: BeforeUnloadEvent) => {
      if (dirty.current) event.preventDefault();
    };
    window.addEventListener("beforeunload", leaving);
    return () => window.removeEventListener("beforeunload", leaving);
  }, []);
  return useCallback((now) => {
    dirty.current = now;
  }, []);
}
