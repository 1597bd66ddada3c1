import { readFile } from "node:fs/promises";
import openapiTS, { astToString, COMMENT_HEADER } from "openapi-typescript";
import { expect, test } from "vitest";

test("the types are those of the OpenAPI document", async () => {
  const document = new URL("../../../../openapi.json", import.meta.url);
  const committed = await readFile(new URL("./schema.d.ts", import.meta.url), "utf8");
  const made = `${COMMENT_HEADER}${astToString(await openapiTS(document))}`;
  expect(made === committed, "src/lib/api/schema.d.ts is out of date: run `npm run api`").toBe(
    true,
  );
}, 60_000);
