import type { paths } from "./schema";
import type {
  BatchAnswer,
  BatchItem,
  DrillRequest,
  DrillResult,
  DriversRequest,
  DriversResult,
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

  /** The code of the problem, as `stale`; empty where the document names none. */
  get code(): string {
    return codeOf(this.problem);
  }
}

const KIND = "urn:millrace:problem:";

export function codeOf(problem: Problem): string {
  const type = problem.type ?? "";
  return type.startsWith(KIND) ? type.slice(KIND.length) : "";
}

/** The token that goes with every change; the session says it. */
let csrfToken: string | null = null;

export function setCsrfToken(token: string | null): void {
  csrfToken = token;
}

const signedOut = new Set<() => void>();

/** Calls back when the server says that nobody is signed in; gives the way to stop that. */
export function onSignedOut(listener: () => void): () => void {
  signedOut.add(listener);
  return () => signedOut.delete(listener);
}

async function send(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  const method = init.method ?? "GET";
  if (method !== "GET" && csrfToken) headers.set("x-csrf-token", csrfToken);
  const response = await fetch(path, { ...init, headers });
  if (response.ok) return response;
  // Something between here and the server may answer in its place, without a problem document.
  const fallback: Problem = {
    type: "about:blank",
    title: response.statusText,
    status: response.status,
    detail: "",
  };
  const problem = (await response.json().catch(() => fallback)) as Partial<Problem>;
  const error = new ApiError({ ...fallback, ...problem });
  if (error.code === "unauthenticated") for (const listener of signedOut) listener();
  throw error;
}

export type Parameters = Record<string, string | number | boolean | null | undefined | string[]>;

/** A path with its parameters; those without a value are left out, lists are repeated. */
export function address(path: string, parameters: Parameters = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value === null || value === undefined || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
  }
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}

export type Sending = {
  /** The version of the record that the change was made from. */
  version?: number;
  /** Told apart from a repetition of the same create. */
  key?: string;
  signal?: AbortSignal;
};

function headersOf({ version, key }: Sending): Record<string, string> {
  return {
    ...(version === undefined ? {} : { "if-match": `"${version}"` }),
    ...(key === undefined ? {} : { "idempotency-key": key }),
  };
}

async function answer<T>(response: Response): Promise<T> {
  return (response.status === 204 ? undefined : await response.json()) as T;
}

function json(method: string, path: string, body: unknown, sending: Sending): Promise<Response> {
  return send(path, {
    method,
    headers: { "content-type": "application/json", ...headersOf(sending) },
    body: JSON.stringify(body ?? {}),
    signal: sending.signal,
  });
}

type PathsWith<Method extends "get" | "post"> = {
  [Path in keyof paths]: paths[Path][Method] extends { responses: unknown } ? Path : never;
}[keyof paths];
type Got<Path extends PathsWith<"get">> = paths[Path]["get"] extends {
  responses: { 200: { content: { "application/json": infer Body } } };
}
  ? Body
  : never;
type Body<Path extends PathsWith<"post">> = paths[Path]["post"] extends {
  requestBody?: { content: { "application/json": infer Sent } };
}
  ? Sent
  : never;

/** A path of the document, with the answer that the document says it gives. */
export async function get<Path extends PathsWith<"get">>(
  path: Path,
  parameters: Parameters,
  signal?: AbortSignal,
): Promise<Got<Path>> {
  return answer(await send(address(path, parameters), { signal }));
}

/** A path with an id in it; the caller says what comes. */
export async function getFrom<T>(
  path: string,
  parameters?: Parameters,
  signal?: AbortSignal,
): Promise<T> {
  return answer(await send(address(path, parameters), { signal }));
}

export async function postTo<T>(path: string, body: unknown, sending: Sending = {}): Promise<T> {
  return answer(await json("POST", path, body, sending));
}

export async function putTo<T>(path: string, body: unknown, sending: Sending = {}): Promise<T> {
  return answer(await json("PUT", path, body, sending));
}

export async function patchAt<T>(path: string, body: unknown, sending: Sending): Promise<T> {
  return answer(await json("PATCH", path, body, sending));
}

export async function deleteAt(path: string, sending: Sending = {}): Promise<void> {
  await send(path, { method: "DELETE", headers: headersOf(sending), signal: sending.signal });
}

/** Sends a form with a file in it. */
export async function upload<T>(path: string, form: FormData, sending: Sending = {}): Promise<T> {
  const headers = headersOf(sending);
  return answer(await send(path, { method: "POST", headers, body: form, signal: sending.signal }));
}

function post<Path extends PathsWith<"post">>(
  path: Path,
  body: Body<Path>,
  signal?: AbortSignal,
): Promise<Response> {
  return json("POST", path, body, { signal });
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

export async function postDrivers(
  request: Partial<DriversRequest> & { metric: string },
  signal?: AbortSignal,
): Promise<DriversResult> {
  return (await post("/api/drivers", request, signal)).json() as Promise<DriversResult>;
}

/** A file that the server sends, and the name that it gives it. */
export type Download = { name: string; data: Blob };

async function download(response: Response, fallback: string): Promise<Download> {
  const disposition = response.headers.get("content-disposition") ?? "";
  return { name: fileName(disposition) ?? fallback, data: await response.blob() };
}

/** All records behind a number as a file. */
export async function postExport(request: ExportRequest): Promise<Download> {
  return download(await post("/api/export", request), `records.${request.format}`);
}

/** What is at an address, as a file. */
export async function getFile(
  path: string,
  parameters: Parameters,
  fallback: string,
): Promise<Download> {
  return download(await send(address(path, parameters)), fallback);
}

/** Hands a file to the browser to keep. */
export function keep({ name, data }: Download): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(data);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** The file's name in a Content-Disposition header, the encoded form (RFC 6266) first. */
export function fileName(disposition: string): string | null {
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition)?.[1];
  if (encoded) return decodeURIComponent(encoded);
  return /filename="?([^";]+)"?/i.exec(disposition)?.[1] ?? null;
}
