import { useEffect, useRef } from "react";

/** Whether somebody is writing, so that letters are text and no commands. */
export function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) ||
      target.closest('[role="combobox"], [role="listbox"]') !== null)
  );
}

/** Whether a dialog lies over the page, which then gets no keys. */
export function isCovered(): boolean {
  return document.querySelector(".ant-modal-wrap:not([style*='display: none'])") !== null;
}

/** Calls back for single keys while nobody is writing; true from the callback takes the key. */
export function useKeys(onKey: (key: string, event: KeyboardEvent) => boolean, active = true) {
  const latest = useRef(onKey);
  latest.current = onKey;
  useEffect(() => {
    if (!active) return;
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isWriting(event.target) || isCovered()) return;
      if (latest.current(event.key, event)) event.preventDefault();
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, [active]);
}
