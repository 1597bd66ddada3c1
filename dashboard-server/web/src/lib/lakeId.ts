/** What records of operations are called in the numbers: by their human number, or kind and id. */
import { type Entity, isEntity } from "./resources";

const PREFIXES: Record<string, Entity> = {
  ACC: "account",
  OPP: "opportunity",
  CON: "contract",
  ORD: "order",
  RCP: "receipt",
  TIC: "ticket",
  DEL: "delivery",
};

export type LakeId =
  | { entity: Entity; id: number; number?: undefined }
  | { entity: Entity; number: string; id?: undefined };

/** The record that an id of the lake means; null for one of another system. */
export function readLakeId(text: string): LakeId | null {
  const numbered = /^([A-Z]{3})-\d{4}-\d+$/.exec(text);
  if (numbered) {
    const entity = PREFIXES[numbered[1] ?? ""];
    return entity ? { entity, number: text } : null;
  }
  const [, entity = "", id = ""] = /^([a-z_]+)-(\d+)$/.exec(text) ?? [];
  return isEntity(entity) ? { entity, id: Number(id) } : null;
}
