// Pictures of the dashboard in both widths, languages and themes.
// MILLRACE_URL: the running server. OUT: the folder for the pictures.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { base, openBrowser, settled } from "./browser.mjs";

const out = process.env.OUT ?? "pictures";
await mkdir(out, { recursive: true });
const browser = await openBrowser();
try {
  for (const width of [1440, 390]) {
    for (const lang of ["zh", "en"]) {
      for (const theme of ["light", "dark"]) {
        const context = await browser.newContext({
          viewport: { width, height: width === 390 ? 844 : 900 },
          deviceScaleFactor: width === 390 ? 2 : 1,
          colorScheme: theme,
          reducedMotion: "reduce",
          hasTouch: width === 390,
        });
        const page = await context.newPage();
        const shoot = async (name) => {
          const sideways = await page.evaluate(
            () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
          );
          if (sideways) throw new Error(`${name} at ${width} px scrolls sideways`);
          const path = join(out, `${name}-${width}-${lang}-${theme}.png`);
          await page.screenshot({ path, fullPage: name === "dashboard" });
          console.log(path);
        };
        await page.goto(`${base}/?lang=${lang}`);
        await settled(page);
        // The chart is drawn once its code is there.
        if (await page.getByTestId("trend").count()) await page.locator(".chart canvas").waitFor();
        await shoot("dashboard");
        if (await page.getByTestId("value-win_rate").count()) {
          await page.getByTestId("value-win_rate").click();
          await page.getByTestId("records-count").waitFor();
          await page.mouse.move(0, 0);
          await shoot("records");
        }
        await context.close();
      }
    }
  }
} finally {
  await browser.close();
}
