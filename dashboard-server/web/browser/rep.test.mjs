// What a rep does in a day, on the phone and on the desk, in both languages: claims an account,
// registers a lead, checks in, brings the deal on, quotes and wins it; their lead sees the number
// move and opens it to that deal; nobody sees anything of another team.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { base, enter, hands, openBrowser, people, person, signIn } from "./browser.mjs";

const STAGES = {
  zh: ["线索登记", "初步接触", "需求确认", "方案报价", "合同签订", "交付回款"],
  en: ["Lead", "First contact", "Requirements", "Quotation", "Signing", "Delivery and payment"],
};
/** The most fields of a form. */
const MOST_FIELDS = 8;
/** The server brings the lake up to date by itself; on a busy machine that takes its time. */
const NUMBERS_MS = 180_000;

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

const WAYS = [
  { width: 1440, lang: "zh" },
  { width: 390, lang: "zh" },
  { width: 1440, lang: "en" },
  { width: 390, lang: "en" },
];

/** Reps of teams that have a lead and an assistant, one for each way. */
function crew(index) {
  const staffed = people("rep").filter(({ team }) =>
    ["team_lead", "sales_assistant"].every((role) =>
      people(role).some((other) => other.team === team),
    ),
  );
  const rep = staffed[index % staffed.length];
  assert.ok(rep, "the demo has a team with rep, lead and assistant");
  const of = (role) => people(role).find(({ team }) => team === rep.team);
  return { rep, lead: of("team_lead"), assistant: of("sales_assistant") };
}

function newContext(width, lang, more = {}) {
  return browser.newContext({
    viewport: { width, height: width === 390 ? 844 : 900 },
    hasTouch: width === 390,
    locale: lang === "zh" ? "zh-CN" : "en-GB",
    timezoneId: "Asia/Shanghai",
    reducedMotion: "reduce",
    ...more,
  });
}

/** A page of somebody who is signed in already; what goes wrong on it is collected. */
async function pageOf(context, failures) {
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on("pageerror", (error) => failures.push(String(error)));
  return page;
}

async function json(context, path) {
  const answer = await context.request.get(base + path);
  return { status: answer.status(), body: await answer.json().catch(() => null) };
}

for (const [index, { width, lang }] of WAYS.entries()) {
  test(`a rep claims, visits, quotes and wins at ${width} px in ${lang}`, async () => {
    const { rep, lead, assistant } = crew(index);
    const failures = [];

    // Their lead looks at the numbers first.
    const above = await newContext(1440, lang);
    await enter(above, lead);
    const board = await pageOf(above, failures);
    await board.goto(`${base}/dashboard?lang=${lang}&period=this_month&compare=none`);
    const won = board.getByTestId("value-won_amount");
    await won.waitFor();
    const wonBefore = await won.textContent();

    // The rep signs in on the way to the pool, and claims.
    const context = await newContext(width, lang, {
      permissions: ["geolocation"],
      geolocation: { latitude: 31.2304, longitude: 121.4737, accuracy: 20 },
    });
    const page = await pageOf(context, failures);
    await page.goto(`${base}/accounts?view=pool&lang=${lang}`);
    await page.waitForURL(/\/sign-in\?next=/);
    await signIn(page, rep);
    const { count, tap, type } = hands(page);
    // One that is routed to nobody or to the rep's own team: others are asked for, not claimed.
    const me = await json(context, "/api/session");
    const pool = await json(context, "/api/accounts?view=pool&limit=50");
    // Nor is one that was theirs until lately.
    const free = pool.body.rows.find(
      (account) =>
        (account.team_id === null || account.team_id === me.body.team_id) &&
        account.previous_owner_id !== me.body.user_id,
    );
    assert.ok(free, "the pool has an account for the rep");
    const accountId = String(free.id);
    const row = page.locator(`[data-testid="list-account"] [data-id="${accountId}"]`);
    await row.waitFor();
    await tap(row.getByTestId("claim"));
    await page
      .locator(`[data-testid="list-account"] [data-id="${accountId}"]`)
      .waitFor({ state: "detached" });
    await page.getByTestId("view-mine").click();
    const mine = page.locator(`[data-testid="list-account"] [data-id="${accountId}"]`);
    await mine.waitFor();
    assert.equal(count.taps, 1, "one tap claims");

    // A lead, registered from the account.
    count.taps = 0;
    await mine.click({ position: { x: 60, y: 12 } });
    await page.getByTestId("account").waitFor();
    await tap(page.getByTestId("new-lead"));
    const form = page.getByTestId("form");
    await form.getByTestId("field-name").waitFor();
    const fields = await form.locator(".ant-form-item").count();
    assert.ok(fields <= MOST_FIELDS, `${fields} fields`);
    const dealName = `${lang} ${width} 调节阀 ${index}`;
    await type(form.getByTestId("field-name"), dealName);
    await tap(form.getByTestId("submit"));
    const deal = page.getByTestId("opportunity");
    await deal.waitFor();
    console.log(
      `lead at ${width} px in ${lang}: ${fields} fields, ${count.taps} taps, ${count.keys} keys`,
    );
    const dealId = Number(/opportunity(?::|%3A)(\d+)/.exec(page.url())?.[1]);
    assert.ok(dealId > 0, page.url());
    const stageIs = (position) =>
      deal
        .locator('[data-testid="stages"] [aria-current="step"]', {
          hasText: STAGES[lang][position],
        })
        .waitFor();
    await stageIs(0);

    // A visit with its place: a tap opens it, a tap checks in.
    await page.goto(`${base}/accounts?view=mine&open=account:${accountId}&lang=${lang}`);
    count.taps = 0;
    await tap(page.getByTestId("check-in"));
    await page.locator('[data-testid="place"][data-state="found"]').waitFor();
    await tap(page.getByTestId("form").getByTestId("submit"));
    await page.getByTestId("account").waitFor();
    await page.locator('[data-testid="timeline"] [data-kind="interaction"]').first().waitFor();
    assert.equal(count.taps, 2, "two taps check in");
    const visits = await json(
      context,
      `/api/interactions?filter=account_id:in:${accountId}&sort=-at&limit=1`,
    );
    assert.equal(visits.body.rows[0].effective, true, "the visit counts");

    // Through the pipeline: the third stage asks for the customer's document, where it is moved.
    await page.goto(`${base}/opportunities?open=opportunity:${dealId}&lang=${lang}`);
    await deal.waitFor();
    for (const position of [1, 2]) {
      await page.getByTestId("move-next").click();
      await stageIs(position);
    }
    await page.getByTestId("move-next").click();
    const dialog = page.getByTestId("move-dialog");
    await dialog.getByTestId("upload").waitFor();
    await dialog.getByTestId("upload-file-requirements").setInputFiles({
      name: "需求.txt",
      mimeType: "text/plain",
      buffer: Buffer.from("DN50 调节阀 20 台"),
    });
    await stageIs(3);

    // Leaving the quotation asks for a quote: products in, sent, and the deal has moved.
    await page.getByTestId("move-next").click();
    await page.getByTestId("need-quote").click();
    const editor = page.getByTestId("quote-editor");
    await editor.waitFor();
    await editor.getByTestId("add-product").click();
    await page.locator(".ant-select-item-option").first().click();
    await editor.getByTestId("line-quantity").first().click();
    await page.keyboard.press("Control+a");
    await page.keyboard.insertText("20");
    await editor.getByTestId("within-limit").waitFor();
    await editor.getByTestId("save-and").click();
    await editor.waitFor({ state: "detached" });
    await page.goto(`${base}/opportunities?open=opportunity:${dealId}&lang=${lang}`);
    await deal.waitFor();
    const { body: quotes } = await json(context, `/api/quotes?filter=opportunity_id:in:${dealId}`);
    assert.deepEqual(
      quotes.rows.map(({ outcome }) => outcome),
      ["sent"],
    );
    const here = await deal.locator('[aria-current="step"]').textContent();
    if (here.includes(STAGES[lang][3])) await page.getByTestId("move-next").click();
    await stageIs(4);

    // The customer accepts; the assistant makes the contract and signs it, and the deal is won.
    await page.getByTestId("move-next").click();
    await page.getByTestId("need-accept").click();
    await page.getByTestId("need-accept").waitFor({ state: "detached" });
    const office = await newContext(1440, lang);
    await enter(office, assistant);
    const desk = await pageOf(office, failures);
    await desk.goto(`${base}/opportunities?open=opportunity:${dealId}&lang=${lang}`);
    await desk.getByTestId("move-next").click();
    await desk.getByTestId("need-contract").click();
    await desk.getByTestId("need-sign").click();
    await desk
      .locator('[data-testid="stages"] [aria-current="step"]', { hasText: STAGES[lang][5] })
      .waitFor();
    await office.close();
    await page.goto(`${base}/opportunities?open=opportunity:${dealId}&lang=${lang}`);
    await stageIs(5);
    const { body: shown } = await json(context, `/api/opportunities/${dealId}`);
    assert.equal(shown.record.outcome, "won");
    const { number, amount } = shown.record;
    assert.ok(amount > 0, "the deal is worth what was sold");

    // The lead sees the number move by itself, and opens it to that deal.
    await board.waitForFunction(
      (before) =>
        document.querySelector('[data-testid="value-won_amount"]')?.textContent !== before,
      wonBefore,
      { timeout: NUMBERS_MS },
    );
    await won.click();
    await board.getByTestId("records-equal").waitFor();
    const link = board.getByTestId("lake-link").filter({ hasText: number });
    const more = board.getByTestId("records-more");
    while (!(await link.count()) && (await more.isVisible())) await more.click();
    await link.first().click();
    await board.getByTestId("opportunity").filter({ hasText: dealName }).waitFor();
    await above.close();

    // Somebody of another team is told of none of it.
    const stranger = people("rep").find(({ team }) => team !== rep.team);
    const other = await newContext(width, lang);
    await enter(other, stranger);
    assert.equal((await json(other, `/api/opportunities/${dealId}`)).status, 404);
    const foreign = await pageOf(other, failures);
    await foreign.goto(`${base}/opportunities?open=opportunity:${dealId}&lang=${lang}`);
    await foreign.getByTestId("gone").waitFor();
    const found = await json(other, `/api/search?q=${encodeURIComponent(dealName)}&limit=20`);
    assert.ok(found.body.hits.every(({ record }) => record.id !== dealId));
    await other.close();

    assert.deepEqual(failures, []);
    await context.close();
  });
}

test("a rep sees nothing of another team", async () => {
  const { rep } = crew(0);
  const all = await browser.newContext();
  await enter(all, person("director"));
  const own = await browser.newContext();
  const me = await enter(own, rep);
  const rows = async (context, path) => (await json(context, path)).body.rows;
  for (const resource of ["accounts", "opportunities", "quotes", "contracts"]) {
    const foreign = (
      await rows(all, `/api/${resource}?filter=team_id:not_in:${me.team_id}&limit=100`)
    ).filter(({ owner_id }) => owner_id !== null);
    assert.ok(foreign.length > 0, `${resource} of other teams`);
    const { status } = await json(own, `/api/${resource}/${foreign[0].id}`);
    assert.equal(status, 404, resource);
    for (const row of await rows(own, `/api/${resource}?limit=100`)) {
      assert.ok(row.owner_id === me.user_id || row.owner_id === null, resource);
    }
  }
  // The numbers are theirs alone.
  const numbers = async (context) => {
    const answer = await context.request.post(`${base}/api/query`, {
      data: { metrics: ["opportunities_opened"], by: ["owner"], where: [], period: null },
      headers: { "x-csrf-token": (await json(context, "/api/session")).body.csrf_token },
    });
    return (await answer.json()).rows.map(({ owner }) => owner);
  };
  assert.ok((await numbers(all)).length > 5);
  assert.ok((await numbers(own)).length <= 2, "oneself, and what nobody owned when it was opened");
  await all.close();
  await own.close();
});
