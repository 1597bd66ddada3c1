// What somebody does who wants numbers to come by themselves, and an administrator who has things done
// by the calendar, against a running server with data (MILLRACE_URL).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { base, calm, enter, openBrowser, person, settled } from "./browser.mjs";

/** A run makes numbers anew; on a busy machine that takes its time. */
const RUN_MS = 180_000;

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

/** A page of somebody, with what went wrong on it. */
async function pageOf(who, width) {
  const context = await browser.newContext({
    viewport: { width, height: width === 390 ? 844 : 900 },
    hasTouch: width === 390,
    locale: "zh-CN",
    timezoneId: "Asia/Shanghai",
    reducedMotion: "reduce",
  });
  await enter(context, who);
  const page = await context.newPage();
  const failures = [];
  page.on("pageerror", (error) => failures.push(String(error)));
  return { context, page, failures };
}

/** Chooses what a list offers under that name. */
async function choose(page, list, name) {
  await page.getByTestId(list).click();
  await page.locator(".ant-select-item-option").filter({ hasText: name }).first().click();
}

/** What the server answered to a form that was sent. */
async function created(page, path, press) {
  const [answer] = await Promise.all([
    page.waitForResponse(
      (response) =>
        new URL(response.url()).pathname === path && response.request().method() === "POST",
    ),
    press(),
  ]);
  assert.equal(answer.status(), 201, await answer.text());
  return (await answer.json()).record;
}

for (const width of [1440, 390]) {
  test(`a director subscribes to the dashboard as it stands at ${width} px`, async () => {
    const { context, page, failures } = await pageOf(person("director"), width);
    await page.goto(`${base}/dashboard?period=this_quarter&compare=year_ago&by=region`);
    await settled(page);
    const name = await page.getByTestId("member").first().getAttribute("data-value");
    await page.goto(
      `${base}/dashboard?${new URLSearchParams({ where: `region=${name}`, period: "this_quarter", compare: "year_ago", by: "region" })}`,
    );
    await settled(page);
    await page.getByTestId("subscribe").click();
    await page.getByTestId("content-dashboard").waitFor();
    await page.getByTestId("rule-next").waitFor();

    // The copy is shown as it would come, in a frame that runs nothing.
    await page.getByTestId("preview").click();
    const frame = page.getByTestId("copy-frame");
    await frame.waitFor({ timeout: RUN_MS });
    assert.equal(await frame.getAttribute("sandbox"), "");
    assert.ok((await frame.getAttribute("srcdoc")).includes(name), "the copy names the filter");
    await page.locator(".copy-dialog .ant-modal-close").click();

    const title = `看板 ${width} ${Date.now()}`;
    await page.getByTestId("field-name").fill(title);
    const made = await created(page, "/api/subscriptions", () =>
      page.getByTestId("submit").click(),
    );
    assert.deepEqual(made.content.where, [{ dimension: "region", op: "in", values: [name] }]);
    assert.equal(made.content.span, "this_quarter");
    assert.equal(made.content.compare, "year_ago");
    assert.equal(made.content.by, "region");
    const link = new URL(made.content.link, base);
    assert.equal(link.searchParams.get("where"), `region=${name}`);
    assert.equal(made.recipients.length, 1);

    // Sent at once it has a receipt, whatever becomes of it.
    await page.getByTestId("subscription").waitFor();
    await page.getByTestId("send-now").click();
    await page.getByRole("tab", { name: "送达记录" }).click();
    await page.getByTestId("receipt").first().waitFor();

    await page.goto(`${base}/me/subscriptions`);
    const row = page.getByTestId("row").filter({ hasText: title });
    await row.waitFor();
    await row.click({ position: { x: 40, y: 12 } });
    const [paused] = await Promise.all([
      page.waitForResponse((response) => response.request().method() === "PATCH"),
      page.getByTestId("pause").click(),
    ]);
    assert.equal((await paused.json()).record.enabled, false);
    const me = await (await context.request.get(`${base}/api/session`)).json();
    const whole = await (await context.request.get(`${base}/api/subscriptions/${made.id}`)).json();
    const gone = await context.request.delete(`${base}/api/subscriptions/${made.id}`, {
      headers: { "x-csrf-token": me.csrf_token, "if-match": `"${whole.record.version}"` },
    });
    assert.equal(gone.status(), 204);
    assert.deepEqual(failures, []);
    await context.close();
  });
}

test("a list is subscribed to as it is filtered, and a number with the filters of its page", async () => {
  const { context, page, failures } = await pageOf(person("director"), 1440);
  await page.goto(`${base}/opportunities?view=table&who=team&filter=outcome:in:open&sort=-amount`);
  await page.getByTestId("list-opportunity").waitFor();
  await calm(page);
  await page.getByTestId("subscribe").click();
  await page.getByTestId("content-list").waitFor();
  const draft = JSON.parse(new URL(page.url()).searchParams.get("draft"));
  const asked = new URLSearchParams(draft.content.query);
  assert.deepEqual(asked.getAll("filter"), ["outcome:in:open"]);
  assert.equal(asked.get("sort"), "-amount");
  const content = page.getByTestId("content-list");
  await content.getByTestId("filter-outcome").waitFor();
  // A filter is one of the list, and does not send the form around it.
  const sent = [];
  page.on("request", (request) => {
    if (request.method() === "POST" && request.url().endsWith("/api/subscriptions"))
      sent.push(request);
  });
  await content.getByTestId("filter-outcome").locator(".chip-text").click();
  await page.getByTestId("filter-apply").click();
  await page.getByTestId("filter-apply").waitFor({ state: "hidden" });
  assert.deepEqual(sent, []);

  await page.goto(`${base}/dashboard?period=this_quarter`);
  await settled(page);
  await page.getByTestId("watch-win_rate").click();
  await page.getByTestId("content-threshold").waitFor();
  // Without a limit there is nothing to watch.
  await page.getByTestId("submit").click();
  await page.locator(".ant-form-item-explain-error").first().waitFor();
  await page.getByTestId("limit-now").waitFor({ timeout: RUN_MS });
  await page
    .getByTestId("content-threshold")
    .locator("input[inputmode=decimal]")
    .first()
    .fill("30");
  const made = await created(page, "/api/subscriptions", () => page.getByTestId("submit").click());
  assert.equal(made.content.metric, "win_rate");
  assert.equal(made.content.limit, 0.3, "30 % is kept as 0.3");
  assert.equal(made.content.comparison, "below");
  assert.deepEqual(failures, []);
  await context.close();
});

test("an administrator makes a schedule without knowing how rules are written, and runs it", async () => {
  const { context, page, failures } = await pageOf(person("administrator"), 1440);
  await page.goto(`${base}/schedules?new=schedule`);
  await page.getByTestId("rule-next").waitFor();
  const title = `周二更新 ${Date.now()}`;
  await page.getByTestId("field-name").fill(title);
  await choose(page, "rule-kind", "每周");
  await page.getByTestId("rule-tue").click();
  await page.getByTestId("rule-mon").click();
  await choose(page, "rule-move", "顺延到下一个工作日");
  await page.waitForFunction(() =>
    [...document.querySelectorAll('[data-testid="rule-next"] li')].some((next) =>
      next.textContent.includes("周二"),
    ),
  );
  const made = await created(page, "/api/schedules", () => page.getByTestId("submit").click());
  assert.equal(made.rule, "weekly tue 02:00 next");
  assert.equal(made.work, "marts");

  await page.getByTestId("schedule").waitFor();
  await page.getByTestId("schedule").getByTestId("run-now").click();
  await page.getByRole("tab", { name: "运行记录" }).click();
  await page.getByTestId("run").first().click();
  await page
    .getByTestId("schedule-run")
    .locator(".ant-tag")
    .filter({ hasText: "完成" })
    .waitFor({ timeout: RUN_MS });
  assert.deepEqual(failures, []);
  await context.close();
});
