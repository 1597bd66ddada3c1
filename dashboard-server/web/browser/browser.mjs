// What the browser test and the pictures share.
import { chromium } from "playwright-core";

export const base = process.env.MILLRACE_URL ?? "http://127.0.0.1:8080";

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
