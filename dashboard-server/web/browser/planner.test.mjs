// What a director plans by, against a running server with data (MILLRACE_URL): a target changed in
// place and in a sheet, and the forecast beside it, whose numbers open what they are of.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { base, calm, enter, openBrowser, person } from "./browser.mjs";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

async function opened(path) {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    acceptDownloads: true,
  });
  await enter(context, person("director"));
  const page = await context.newPage();
  const failures = [];
  page.on("pageerror", (error) => failures.push(String(error)));
  await page.goto(`${base}${path}`);
  await calm(page);
  return { page, failures };
}

test("a target is changed where it stands, and its sheet brings nothing new", async () => {
  const { page, failures } = await opened("/targets?year=2031&lang=zh");
  const cell = page.getByTestId("targets-of-company").getByTestId("target-2031-03-01-month");
  await cell.click();
  const input = page.getByTestId("target-input");
  await input.fill("12.345.6");
  await input.press("Enter");
  assert.ok(await input.isVisible(), "what is no number is not taken");
  await input.fill("120万");
  await input.press("Enter");
  await cell.getByText("120.0 万").waitFor();
  await calm(page);
  const next = await page.evaluate(() => document.activeElement?.getAttribute("data-testid"));
  assert.equal(next, "target-2031-04-01-month", "Enter goes on to the next");

  const [sheet] = await Promise.all([
    page.waitForEvent("download"),
    page.getByTestId("target-template").click(),
  ]);
  await page.getByTestId("target-import").click();
  await page.getByTestId("target-sheet").setInputFiles(await sheet.path());
  await page.getByTestId("target-plan").waitFor();
  assert.match(await page.getByTestId("target-plan").textContent(), /没有要改的/);
  await page.keyboard.press("Escape");

  await cell.click();
  await input.fill("");
  await input.press("Enter");
  await cell.getByText("+", { exact: true }).waitFor();
  assert.deepEqual(failures, []);
});

test("the forecast opens what it is made of, and holds its target", async () => {
  const { page, failures } = await opened("/forecast?period=this_quarter&lang=zh");
  await page.getByTestId("forecast-verdict").waitFor();
  await page.locator(".forecast-path canvas").waitFor();
  const won = (await page.getByTestId("forecast-won").textContent()).trim();
  await page.getByTestId("forecast-won").click();
  await page.getByTestId("records-equal").waitFor();
  const sum = await page.getByTestId("records-sum").textContent();
  assert.ok(sum.includes(won), `${won} is not ${sum}`);
  await page.keyboard.press("Escape");
  await page.getByTestId("records").waitFor({ state: "hidden" });

  // all open deals are there, page by page
  const more = page.getByTestId("forecast-more");
  const deals = page.getByTestId("forecast-deal");
  await deals.first().waitFor();
  for (let turn = 0; turn < 40 && (await more.isVisible()); turn += 1) {
    // What others write meanwhile brings the list anew, and takes the button from under the pointer.
    await more.click({ timeout: 3_000 }).catch(() => {});
    await calm(page);
  }
  const [count, head] = await page.evaluate(() => [
    document.querySelectorAll('[data-testid="forecast-deal"]').length,
    document.querySelector('[data-testid="forecast-deals"] .card-head')?.textContent ?? "",
  ]);
  assert.ok(count > 0, "there are open deals");
  assert.ok(head.includes(`${count} 个`), head);

  // one team alone
  const team = page.getByTestId("forecast-group").first().locator(".forecast-name");
  const name = (await team.textContent()).trim();
  await team.click();
  await page.locator('[data-testid="filter-team"]').waitFor();
  await calm(page);
  assert.equal(await page.getByTestId("forecast-group").count(), 1);
  assert.ok((await deals.count()) <= count);
  assert.ok(new URL(page.url()).searchParams.get("where")?.includes(name));
  assert.deepEqual(failures, []);
});
