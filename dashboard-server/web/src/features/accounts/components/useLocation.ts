import { useCallback, useEffect, useState } from "react";

export type Place = { latitude: number; longitude: number; accuracy_metres: number; at: string };
export type Locating =
  | { state: "asking" }
  | { state: "found"; place: Place }
  | { state: "denied" | "unavailable" | "insecure" };

const WAIT_MS = 15_000;
const MILLIONTHS = 1_000_000;

/** Where the device is, asked for when the form opens so that checking in is one tap more. */
export function useLocation(): { locating: Locating; again: () => void } {
  const [locating, setLocating] = useState<Locating>({ state: "asking" });
  const ask = useCallback(() => {
    // Browsers tell places to secure pages only.
    if (!window.isSecureContext) return setLocating({ state: "insecure" });
    if (!navigator.geolocation) return setLocating({ state: "unavailable" });
    setLocating({ state: "asking" });
    navigator.geolocation.getCurrentPosition(
      ({ coords, timestamp }) =>
        setLocating({
          state: "found",
          place: {
            latitude: Math.round(coords.latitude * MILLIONTHS),
            longitude: Math.round(coords.longitude * MILLIONTHS),
            accuracy_metres: Math.ceil(coords.accuracy),
            at: new Date(timestamp).toISOString(),
          },
        }),
      (error) =>
        setLocating({ state: error.code === error.PERMISSION_DENIED ? "denied" : "unavailable" }),
      { enableHighAccuracy: true, timeout: WAIT_MS, maximumAge: 60_000 },
    );
  }, []);
  useEffect(ask, [ask]);
  return { locating, again: ask };
}
