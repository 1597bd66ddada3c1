/** What of the work is in the address: the open record, the open form. */
import { type Entity, isEntity } from "./resources";

export type Opened = { entity: Entity; id: number };

/** "account:12" as a record. */
export function readOpened(text: string | null): Opened | null {
  const [entity = "", id = ""] = (text ?? "").split(":");
  return isEntity(entity) && /^\d+$/.test(id) ? { entity, id: Number(id) } : null;
}

export function writeOpened({ entity, id }: Opened): string {
  return `${entity}:${id}`;
}

/** The search with other values; null takes one away. */
export function withValues(search: string, values: Record<string, string | null>): string {
  const params = new URLSearchParams(search);
  for (const [name, value] of Object.entries(values)) {
    if (value === null) params.delete(name);
    else params.set(name, value);
  }
  const text = params.toString();
  return text ? `?${text}` : "";
}

/** What belongs to an open record or form, and goes away with it. */
export const OVERLAY = { open: null, tab: null, new: null, for: null, draft: null };

/** Where to go after signing in: an address of this app and of no other. */
export function safeNext(next: string | null): string {
  if (!next?.startsWith("/") || next.startsWith("//") || next.includes("\\")) return "/";
  return next.startsWith("/sign-in") ? "/" : next;
}
