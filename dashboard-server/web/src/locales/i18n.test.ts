import { expect, test } from "vitest";
import { en } from "./en";
import { zh } from "./zh";

function texts(tree: object, path = ""): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]): [string, string][] =>
    typeof value === "string" ? [[path + key, value]] : texts(value, `${path}${key}.`),
  );
}

const holes = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort();

test("english has every text, none of them empty", () => {
  const english = new Map(texts(en));
  for (const [key, text] of texts(zh)) {
    expect(english.get(key), key).toBeTruthy();
    expect(holes(english.get(key) ?? ""), key).toEqual(holes(text));
  }
});
