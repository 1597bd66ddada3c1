import type { BatchAnswer, BatchItem, DrillRequest, DrillResult, Problem, Query } from "./types";

/** What the server refused, with the problem document that says why. */
export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail ?? problem.title);
    this.problem = problem;
  }
}

async function send(path: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(path, init);
  if (response.ok) return response;
  const fallback: Problem = { title: response.statusText, status: response.status };
  const problem = (await response.json().catch(() => fallback)) as Problem;
  throw new ApiError({ ...fallback, ...problem });
}

function json(body: unknown, signal?: AbortSignal): RequestInit {
  return {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal,
  };
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await send(path, { signal })).json() as Promise<T>;
}

/** Several queries and drills answered from one published set; the answers by id. */
export async function postBatch(
  queries: BatchItem[],
  signal?: AbortSignal,
): Promise<Map<string, BatchAnswer>> {
  const response = await send("/api/batch", json({ queries }, signal));
  const { results } = (await response.json()) as { results: BatchAnswer[] };
  return new Map(results.map((answer) => [answer.id, answer]));
}

export async function postDrill(request: DrillRequest, signal?: AbortSignal): Promise<DrillResult> {
  return (await send("/api/drill", json(request, signal))).json() as Promise<DrillResult>;
}

export type ExportRequest = {
  query: Query;
  metric: string;
  order: string | null;
  format: "csv" | "xlsx";
  lang: "zh" | "en";
};

/** All records behind a number as a file. */
export async function postExport(request: ExportRequest): Promise<{ name: string; data: Blob }> {
  const response = await send("/api/export", json(request));
  const disposition = response.headers.get("content-disposition") ?? "";
  return {
    name: fileName(disposition) ?? `${request.metric}.${request.format}`,
    data: await response.blob(),
  };
}

/** The file's name in a Content-Disposition header, the encoded form (RFC 6266) first. */
export function fileName(disposition: string): string | null {
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition)?.[1];
  if (encoded) return decodeURIComponent(encoded);
  return /filename="?([^";]+)"?/i.exec(disposition)?.[1] ?? null;
}
