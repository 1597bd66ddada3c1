import { Navigate, useLocation } from "react-router";
import { PLACES } from "./places";

/** What addresses of the page of numbers carried when it was the only page. */
const NUMBERS = [
  "where",
  "period",
  "compare",
  "metric",
  "by",
  "more",
  "view",
  "records",
  "in",
  "days",
];

/** The first page: what is due; addresses from when numbers were all there was still lead there. */
export function Start() {
  const { search } = useLocation();
  const params = new URLSearchParams(search);
  const numbers = NUMBERS.some((name) => params.has(name));
  const path = numbers ? "/dashboard" : (PLACES[0]?.path ?? "/dashboard");
  return <Navigate to={{ pathname: path, search }} replace />;
}
