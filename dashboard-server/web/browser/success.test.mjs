// What a customer-success lead does: whom to call first, why, what to do, and did it help.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { base, calm, openBrowser, person, signIn } from "./browser.mjs";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

for (const width of [1440, 390]) {
  test(`a lead finds whom to call, why, and makes a to-do of it at ${width} px`, async () => {
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    const failures = [];
    page.on("pageerror", (error) => failures.push(String(error)));
    await page.goto(`${base}/health?of=all`);
    await signIn(page, person("customer_success"));
    await page.getByTestId("health-account").first().waitFor();
    await calm(page);

    // The count of a status is that of its accounts.
    const red = page.getByTestId("health-red");
    const count = Number((await red.locator(".health-count").textContent()).replaceAll(",", ""));
    assert.ok(count > 0, "the demo has accounts at risk");
    await red.click();
    await page.waitForURL(/status=red/);
    await page.waitForFunction((wanted) => {
      const shown = document.querySelector('[data-testid="health-shown"]')?.textContent ?? "";
      const [, of] = shown.match(/[\d,]+/g) ?? [];
      return of !== undefined && Number(of.replaceAll(",", "")) === wanted;
    }, count);

    // The points of the factors add up to the score.
    const place = width === 390 ? 1 : 0;
    const account = page.getByTestId("health-account").nth(place);
    await account.click();
    await page.getByTestId("factors").waitFor();
    const id = new URL(page.url()).searchParams.get("health");
    const answer = await page.request.get(
      `${base}/api/health/account?account=${encodeURIComponent(id)}`,
    );
    const { now } = await answer.json();
    const points = now.factors.reduce((sum, factor) => sum + factor.points, 0);
    assert.ok(Math.abs(points + now.scored.held_down - now.scored.score) < 1e-9);

    // A step becomes a to-do, and its effect is followed.
    const step = page.locator('[data-testid^="take-"]').first();
    const [made] = await Promise.all([
      page.waitForResponse((response) => response.url().endsWith("/api/health/steps")),
      step.click(),
    ]);
    assert.equal(made.status(), 200);
    assert.equal((await made.json()).record.source, "health");
    await page.goto(`${base}/health?view=taken`);
    await page.getByTestId("taken-summary").waitFor();
    await page.getByText(id, { exact: true }).first().waitFor();
    assert.deepEqual(failures, []);
    await page.close();
  });
}

test("a lead is told of a fall, opens it and is done with it", async () => {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const failures = [];
  page.on("pageerror", (error) => failures.push(String(error)));
  await page.goto(`${base}/health`);
  await signIn(page, person("customer_success"));
  await page.getByTestId("notice").first().waitFor();
  await calm(page);

  // One's own accounts come first, and their number is that of all that one looks after.
  assert.equal(
    await page.getByTestId("health-whose").locator(".ant-segmented-item-selected").count(),
    1,
  );
  const session = await (await page.request.get(`${base}/api/session`)).json();
  const managers = await (await page.request.get(`${base}/api/health/success-managers`)).json();
  const own = managers.people.find(({ user_id }) => user_id === session.user_id);
  assert.ok(own.accounts > 0, "the demo has success managers");

  // A notice opens to the account, which says who looks after it and since when.
  const notice = page.getByTestId("notice").first();
  const name = await notice.getByTestId("notice-open").textContent();
  await notice.getByTestId("notice-open").click();
  await page.getByTestId("success-history").waitFor();
  await page.getByTestId("standing").getByText(name, { exact: true }).first().waitFor();
  await page.getByTestId("standing").getByText(session.name).first().waitFor();
  await page.keyboard.press("Escape");
  await page.getByTestId("standing").waitFor({ state: "hidden" });

  // It is done with one tap, and is gone.
  const before = await page.getByTestId("notice").count();
  const [done] = await Promise.all([
    page.waitForResponse((response) => response.url().endsWith("/complete")),
    notice.getByTestId("notice-done").click(),
  ]);
  assert.equal(done.status(), 200);
  await page.waitForFunction(
    (count) => document.querySelectorAll('[data-testid="notice"]').length === count,
    before - 1,
  );
  assert.deepEqual(failures, []);
  await page.close();
});
