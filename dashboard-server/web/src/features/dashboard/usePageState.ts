import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";
import { type PageState, readState, writeState } from "./state";

/** The page's state in the address; every change is a step that Back undoes. */
export function usePageState(): [PageState, (patch: Partial<PageState>) => void] {
  const [params, setParams] = useSearchParams();
  const state = useMemo(() => readState(params), [params]);
  const change = useCallback(
    (patch: Partial<PageState>) =>
      setParams((now) => writeState({ ...readState(now), ...patch }, now.get("lang"))),
    [setParams],
  );
  return [state, change];
}
