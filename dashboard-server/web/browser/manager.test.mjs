// What a manager does, against a running server with data (MILLRACE_URL): filter by clicking a
// member, open the win rate, hold its records against the number, take them along as a file.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { base, enter, openBrowser, person, settled, signIn } from "./browser.mjs";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

/** The rows of a CSV file; quoted fields may hold line breaks. */
function rowsOf(text) {
  let rows = 0;
  let quoted = false;
  for (const char of text) {
    if (char === '"') quoted = !quoted;
    if (char === "\n" && !quoted) rows += 1;
  }
  return text.endsWith("\n") ? rows : rows + 1;
}

test("a manager filters by a region, opens the win rate and exports its records", async () => {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const failures = [];
  page.on("pageerror", (error) => failures.push(String(error)));
  const batches = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/api/batch")) batches.push(request);
  });

  await page.goto(`${base}/dashboard`);
  await signIn(page, person("director"));
  await settled(page);
  assert.equal(batches.length, 1, "the page is one batch");
  const value = page.getByTestId("value-win_rate");
  const whole = await value.textContent();

  const member = page.getByTestId("member").first();
  const name = await member.getAttribute("data-value");
  assert.ok(name, "the leaderboard has a named member");
  await member.locator(".member-name").click();
  await page.locator('[data-testid^="filter-"]').first().waitFor();
  await settled(page);
  assert.equal(batches.length, 2, "a filter is one batch more");
  assert.ok(new URL(page.url()).searchParams.get("where")?.endsWith(name));

  await value.click();
  const count = page.getByTestId("records-count");
  await count.waitFor();
  await page.getByTestId("records-equal").waitFor();
  const records = Number(await count.getAttribute("data-count"));
  assert.ok(records > 0, "there are records");

  // Every page of them, counted.
  const more = page.getByTestId("records-more");
  while (await more.isVisible()) {
    const shown = await page.getByTestId("records-shown").textContent();
    await more.click();
    await page.waitForFunction(
      (text) => document.querySelector('[data-testid="records-shown"]')?.textContent !== text,
      shown,
    );
  }
  const shown = await page.getByTestId("records-shown").textContent();
  const [loaded] = shown.match(/[\d,]+/) ?? [""];
  assert.equal(Number(loaded.replaceAll(",", "")), records, "as many as the number has records");
  const rows = await page.locator(".records .ant-table-row").count();
  assert.ok(rows > 5 && rows <= 100, "only the rows in sight are drawn");

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByTestId("export-csv").click(),
  ]);
  const csv = await readFile(await download.path(), "utf8");
  assert.equal(rowsOf(csv), records + 1, "a header and one line a record");

  const [workbook] = await Promise.all([
    page.waitForEvent("download"),
    page.getByTestId("export-xlsx").click(),
  ]);
  assert.match(workbook.suggestedFilename(), /\.xlsx$/);

  await page.keyboard.press("Escape");
  await count.waitFor({ state: "detached" });
  await page.goBack();
  await count.waitFor();
  await page.goBack();
  await page.goBack();
  await settled(page);
  assert.equal(new URL(page.url()).searchParams.get("where"), null);
  assert.equal(await value.textContent(), whole, "Back brings the first numbers");
  assert.deepEqual(failures, []);
  await page.close();
});

test("an address opens the same records again, and / opens the filter", async () => {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
  await enter(context, person("director"));
  const page = await context.newPage();
  // As it was written before the numbers had a page of their own.
  await page.goto(`${base}/?records=win_rate&lang=en`);
  await page.getByTestId("records-count").waitFor();
  assert.match(await page.getByTestId("records-count").textContent(), /records?$/);
  await page.keyboard.press("Escape");
  await page.getByTestId("records-count").waitFor({ state: "detached" });
  await page.keyboard.press("/");
  await page.getByTestId("filter-dimension").waitFor();
  await page.keyboard.press("Escape");
  await page.getByTestId("filter-dimension").waitFor({ state: "detached" });
  await context.close();
});
