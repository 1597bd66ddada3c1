// What the browser tests and the pictures share.
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

export const base = process.env.MILLRACE_URL ?? "http://127.0.0.1:8080";

/** Who may sign in: {password, logins: [{username, name, role, team}]}. */
const known = JSON.parse(readFileSync(process.env.MILLRACE_LOGINS ?? "logins.json", "utf8"));

/** People of a role, in the order of the demo. */
export function people(role) {
  return known.logins.filter((login) => login.role === role);
}

/** Somebody of a role. */
export function person(role) {
  const [found] = people(role);
  if (!found) throw new Error(`the demo has nobody with the role ${role}`);
  return found;
}

/** A headless browser: MILLRACE_CHROMIUM, or Debian's. */
export function openBrowser() {
  return chromium.launch({
    executablePath: process.env.MILLRACE_CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
}

/** Waits until the page has its numbers, or says why it has none. */
export async function settled(page) {
  await page.locator('[data-testid="page"][aria-busy="false"], [data-testid="empty"]').waitFor();
  await page.waitForLoadState("networkidle");
}

/** Waits until nothing is being fetched or stands in for what is. */
export async function calm(page) {
  await page.waitForLoadState("networkidle");
  await page.waitForFunction(
    () =>
      (document.getElementById("root")?.textContent ?? "").trim() !== "" &&
      !document.querySelector('.ant-skeleton, .ant-spin-spinning, [aria-busy="true"]'),
    undefined,
    { timeout: 60_000 },
  );
}

/** The password chosen in the place of a one-time one. */
const CHOSEN = "a-password-of-our-own";
let password = known.password;

/** Signs a context in without its page; for what is not about signing in. */
export async function enter(context, { username }) {
  const request = (method, path, data, csrf) =>
    context.request.fetch(base + path, {
      method,
      data,
      headers: csrf ? { "x-csrf-token": csrf } : {},
    });
  const answer = await request("POST", "/api/session", { username, password });
  if (!answer.ok()) throw new Error(`${username} cannot sign in: ${await answer.text()}`);
  let me = await answer.json();
  if (me.must_change_password) {
    const change = { old: password, new: CHOSEN };
    const changed = await request("PUT", "/api/password", change, me.csrf_token);
    if (!changed.ok()) throw new Error(`the password cannot be changed: ${await changed.text()}`);
    password = CHOSEN;
    me = await (await context.request.get(`${base}/api/session`)).json();
  }
  return me;
}

/** Signs in as people do, on the page that is there. */
export async function signIn(page, { username }) {
  await page.locator("#username").fill(username);
  await page.locator("#password").fill(password);
  await page.getByTestId("sign-in").click();
  await page.waitForURL((url) => url.pathname !== "/sign-in");
}

/** Counts what hands do on a page: taps, and keys by which something is typed. */
export function hands(page) {
  const count = { taps: 0, keys: 0 };
  return {
    count,
    async tap(locator) {
      count.taps += 1;
      await locator.click();
    },
    async type(locator, text) {
      count.taps += 1;
      count.keys += 1 + [...text].length;
      await locator.click();
      await page.keyboard.press("Control+a");
      await page.keyboard.insertText(text);
    },
  };
}
