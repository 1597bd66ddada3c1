// Pictures of the pages in both widths, languages and themes.
// MILLRACE_URL: the running server. MILLRACE_LOGINS: who may sign in. OUT: the folder for the
// pictures. ONLY: names of pages, those alone; WIDTHS, LANGS and THEMES: those alone, too.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { base, calm, enter, openBrowser, people } from "./browser.mjs";

const out = process.env.OUT ?? "pictures";
const only = process.env.ONLY?.split(",");
const chosen = (name, all) => process.env[name]?.split(",") ?? all;
await mkdir(out, { recursive: true });

/** Somebody of the first of these roles that there is. */
function whoever(...roles) {
  return roles.flatMap(people)[0] ?? people("administrator")[0];
}

const rep = whoever("rep");
const lead = whoever("team_lead", "regional_manager");
const director = whoever("director");
const administrator = whoever("administrator");
const success = whoever("customer_success", "director");

/** The first row of a list, opened. */
const first = (list) => async (page) => {
  const box = `[data-testid="${list}"]`;
  const row = page.locator(`${box} [data-testid="row"]`).first();
  await row.or(page.locator(`${box} :is(.ant-empty, .resource-none)`).first()).waitFor();
  if (!(await row.count())) return false;
  await row.click({ position: { x: 40, y: 12 } });
  await page.locator(".record-drawer").waitFor();
  return true;
};

/** The standing of the account that is first in the ranking. */
async function standing(page) {
  const account = page.getByTestId("health-account").first();
  if (!(await account.count())) return false;
  await account.click();
  await page.getByTestId("factors").waitFor();
  return true;
}

/** A form that subscribes, of that kind. */
const kind = (name) => async (page) => {
  await page.getByTestId(`kind-${name}`).click();
  await page.getByTestId("rule").waitFor();
};

/** The first record of a list, with a button of it pressed. */
const pressed = (list, button, shown) => async (page) => {
  if ((await first(list)(page)) === false) return false;
  await page.getByTestId(button).first().click();
  await page.getByTestId(shown).waitFor({ timeout: 60_000 });
  return true;
};

/** A tab of the record that is open. */
const tab = (list, name) => async (page) => {
  if ((await first(list)(page)) === false) return false;
  await page.locator(`.record-drawer [data-node-key="${name}"]`).click();
  await page.locator(`.record-drawer .ant-tabs-tab-active[data-node-key="${name}"]`).waitFor();
  return true;
};

/** The chart of the forecast is drawn once its code is there. */
async function drawn(page) {
  await page.getByTestId("forecast-outcome").waitFor({ timeout: 60_000 });
  await page.locator(".forecast-path canvas").waitFor();
}

/** What is looked at: name, address, who, and what is done there first; false where there is nothing. */
const PAGES = [
  ["sign-in", "/sign-in", null],
  ["today", "/today", rep],
  ["today-lead", "/today", lead],
  ["accounts", "/accounts?view=mine", rep],
  ["pool", "/accounts?view=pool", rep],
  ["account", "/accounts?view=mine", rep, first("list-account")],
  ["lead-form", "/today?new=lead", rep],
  ["visit-form", "/today?new=visit", rep],
  ["account-form", "/today?new=account", rep],
  ["board", "/opportunities", lead],
  ["deals", "/opportunities?view=table", lead],
  ["deal", "/opportunities?view=table", rep, first("list-opportunity")],
  ["quotes", "/quotes", lead],
  ["quote", "/quotes", lead, first("list-quote")],
  ["contracts", "/contracts", director],
  ["contract", "/contracts", director, first("list-contract")],
  ["tickets", "/tickets", director],
  ["ticket", "/tickets", director, first("list-ticket")],
  ["health", "/health", success],
  ["health-account", "/health", success, standing],
  ["health-groups", "/health?view=groups", success],
  ["health-proof", "/health?view=proof", director],
  ["forecast", "/forecast?period=this_quarter", director, drawn],
  ["forecast-rep", "/forecast?by=owner", rep, drawn],
  ["forecast-ahead", "/forecast?period=next_quarter&by=owner", lead, drawn],
  ["targets", "/targets", director, (page) => page.locator(".target-cell").first().waitFor()],
  ["targets-lead", "/targets?metric=win_rate&grain=quarter", lead],
  [
    "report",
    "/reports",
    director,
    (page) => page.getByTestId("report").waitFor({ timeout: 120_000 }),
  ],
  ["subscriptions", "/me/subscriptions", director],
  ["subscription", "/me/subscriptions", director, first("list-subscription")],
  ["subscription-receipts", "/me/subscriptions", director, tab("list-subscription", "receipts")],
  ["subscription-settings", "/me/subscriptions", director, tab("list-subscription", "settings")],
  [
    "subscription-preview",
    "/me/subscriptions",
    director,
    pressed("list-subscription", "preview", "copy-frame"),
  ],
  ["subscription-form", "/me/subscriptions?new=subscription", director],
  ["subscription-report", "/me/subscriptions?new=subscription", director, kind("monthly_report")],
  ["subscription-board", "/me/subscriptions?new=subscription", director, kind("dashboard")],
  ["subscription-list", "/me/subscriptions?new=subscription", director, kind("list")],
  ["subscription-threshold", "/me/subscriptions?new=subscription", director, kind("threshold")],
  ["received", "/me/subscriptions?view=received", rep],
  ["receipts", "/me/subscriptions?view=receipts", administrator],
  ["receipt", "/me/subscriptions?view=receipts", administrator, first("list-dispatch")],
  ["schedules", "/schedules", administrator],
  ["schedule", "/schedules", administrator, first("list-schedule")],
  ["schedule-runs", "/schedules", administrator, tab("list-schedule", "runs")],
  ["schedule-settings", "/schedules", administrator, tab("list-schedule", "settings")],
  ["schedule-form", "/schedules?new=schedule", administrator],
  [
    "schedule-run",
    "/schedules",
    administrator,
    async (page) => {
      const run = page.locator(".run-dot").last();
      if (!(await run.count())) return false;
      await run.click();
      await page.getByTestId("schedule-run").waitFor();
      return true;
    },
  ],
  ["admin", "/admin", administrator],
  ["me", "/me", rep],
  [
    "search",
    "/today",
    rep,
    async (page) => {
      await page.getByTestId("search").click();
      await page.getByTestId("palette-input").fill("阀门");
      await page.getByTestId("palette-item").first().waitFor();
    },
  ],
  [
    "dashboard",
    "/dashboard",
    director,
    async (page) => {
      await page.locator('[data-testid="page"], [data-testid="empty"]').first().waitFor();
      // The chart is drawn once its code is there.
      if (await page.getByTestId("trend").count()) await page.locator(".chart canvas").waitFor();
    },
  ],
  [
    "records",
    "/dashboard",
    director,
    async (page) => {
      await page.locator('[data-testid="page"], [data-testid="empty"]').first().waitFor();
      if (!(await page.getByTestId("value-win_rate").count())) return false;
      await page.getByTestId("value-win_rate").click();
      await page.getByTestId("records-count").waitFor();
      return true;
    },
  ],
  [
    "drivers",
    "/dashboard?period=last_quarter&why=won_amount",
    director,
    async (page) => {
      await page.locator('[data-testid="page"], [data-testid="empty"]').first().waitFor();
      if (!(await page.getByTestId("drivers").count())) return false;
      await page.getByTestId("segments").waitFor();
      return true;
    },
  ],
];

const browser = await openBrowser();
const wrong = [];
try {
  for (const width of chosen("WIDTHS", [1440, 390]).map(Number)) {
    for (const lang of chosen("LANGS", ["zh", "en"])) {
      for (const theme of chosen("THEMES", ["light", "dark"])) {
        for (const [name, path, who, prepare] of PAGES) {
          if (only && !only.includes(name)) continue;
          const context = await browser.newContext({
            viewport: { width, height: width === 390 ? 844 : 900 },
            deviceScaleFactor: width === 390 ? 2 : 1,
            colorScheme: theme,
            reducedMotion: "reduce",
            hasTouch: width === 390,
            permissions: ["geolocation"],
            geolocation: { latitude: 31.2304, longitude: 121.4737, accuracy: 25 },
          });
          if (who) await enter(context, who);
          const page = await context.newPage();
          const what = `${name} at ${width} px, ${lang}, ${theme}`;
          page.on("pageerror", (error) => wrong.push(`${what}: ${error}`));
          await page.goto(`${base}${path}${path.includes("?") ? "&" : "?"}lang=${lang}`);
          await calm(page);
          if ((await prepare?.(page)) !== false) {
            await calm(page);
            await page.mouse.move(0, 0);
            const sideways = await page.evaluate(
              () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
            );
            if (sideways) wrong.push(`${what} scrolls sideways`);
            const file = join(out, `${name}-${width}-${lang}-${theme}.png`);
            await page.screenshot({
              path: file,
              fullPage: name === "dashboard" || name.startsWith("forecast"),
            });
            console.log(file);
          }
          await context.close();
        }
      }
    }
  }
} finally {
  await browser.close();
}
if (wrong.length > 0) {
  console.error(wrong.join("\n"));
  process.exitCode = 1;
}
