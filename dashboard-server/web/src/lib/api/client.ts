import type { paths } from "./schema";
import type {
  BatchAnswer,
  BatchItem,
  DrillRequest,
  DrillResult,
  ExportRequest,
  Problem,
} from "./types";

/** What the server refused, with the problem document that says why. */
export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    this.problem = problem;
  }
}

async function send(path: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(path, init);
  if (response.ok) return response;
  // Something between here and the server may answer in its place, without a problem document.
  const fallback: Problem = {
    type: "about:blank",
    title: response.statusText,
    status: response.status,
    detail: "",
  };
  const problem = (await response.json().catch(() => fallback)) as Partial<Problem>;
  throw new ApiError({ ...fallback, ...problem });
}

type PathsWith<Method extends "get" | "post"> = {
  [Path in keyof paths]: paths[Path][Method] extends { responses: unknown } ? Path : never;
}[keyof paths];
type Body<Path extends PathsWith<"post">> =
  paths[Path]["post"]["requestBody"]["content"]["application/json"];

function post<Path extends PathsWith<"post">>(
  path: Path,
  body: Body<Path>,
  signal?: AbortSignal,
): Promise<Response> {
  return send(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });
}

export async function get<Path extends PathsWith<"get">>(
  path: Path,
  parameters: Record<string, string>,
  signal?: AbortSignal,
): Promise<paths[Path]["get"]["responses"][200]["content"]["application/json"]> {
  const search = new URLSearchParams(parameters).toString();
  return (await send(search ? `${path}?${search}` : path, { signal })).json();
}

/** Several queries and drills answered from one published set; the answers by id. */
export async function postBatch(
  queries: BatchItem[],
  signal?: AbortSignal,
): Promise<Map<string, BatchAnswer>> {
  const response = await post("/api/batch", { queries }, signal);
  const { results } = (await response.json()) as { results: BatchAnswer[] };
  return new Map(results.map((answer) => [answer.id, answer]));
}

export async function postDrill(request: DrillRequest, signal?: AbortSignal): Promise<DrillResult> {
  return (await post("/api/drill", request, signal)).json() as Promise<DrillResult>;
}

/** All records behind a number as a file. */
export async function postExport(request: ExportRequest): Promise<{ name: string; data: Blob }> {
  const response = await post("/api/export", request);
  const disposition = response.headers.get("content-disposition") ?? "";
  return {
    name: fileName(disposition) ?? `records.${request.format}`,
    data: await response.blob(),
  };
}

/** The file's name in a Content-Disposition header, the encoded form (RFC 6266) first. */
export function fileName(disposition: string): string | null {
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition)?.[1];
  if (encoded) return decodeURIComponent(encoded);
  return /filename="?([^";]+)"?/i.exec(disposition)?.[1] ?? null;
}
