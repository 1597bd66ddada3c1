import { useCallback } from "react";
import { useLocation, useNavigate } from "react-router";
import { type Opened, OVERLAY, withValues, writeOpened } from "@/lib/address";
import { type Draft, writeDraft } from "@/lib/subscribing";

/** The address that opens a record over the page that is there. */
export function useRecordAddress(): (opened: Opened) => string {
  const { search } = useLocation();
  return useCallback(
    (opened) => withValues(search, { ...OVERLAY, open: writeOpened(opened) }),
    [search],
  );
}

/** Opens records and forms over the page, and closes them; each is a step that Back undoes. */
export function useOverlay() {
  const navigate = useNavigate();
  const location = useLocation();
  const go = useCallback(
    (values: Record<string, string | null>, replace = false) =>
      navigate({ search: withValues(location.search, values) }, { replace }),
    [navigate, location.search],
  );
  return {
    openRecord: useCallback(
      (opened: Opened, options: { tab?: string; replace?: boolean } = {}) =>
        go(
          { ...OVERLAY, open: writeOpened(opened), tab: options.tab ?? null },
          options.replace ?? false,
        ),
      [go],
    ),
    /** Opens the form of that name, for a record where it belongs to one. */
    openForm: useCallback(
      (form: string, subject?: Opened) =>
        go({ ...OVERLAY, new: form, for: subject ? writeOpened(subject) : null }),
      [go],
    ),
    /** Opens the form that subscribes, with what a page suggests. */
    openDraft: useCallback(
      (draft: Draft) => go({ ...OVERLAY, new: "subscription", draft: writeDraft(draft) }),
      [go],
    ),
    setTab: useCallback((tab: string | null) => go({ tab }, true), [go]),
    close: useCallback(() => go(OVERLAY), [go]),
  };
}
