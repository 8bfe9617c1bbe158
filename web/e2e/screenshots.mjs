// Pictures of every page and state, for eyes: node e2e/screenshots.mjs BASE EMAIL PASSWORD FOLDER [NAME…]
import { mkdirSync } from "node:fs";

import { chromium } from "playwright-core";

const [base, email, password, out, ...only] = process.argv.slice(2);
const json = (value) => encodeURIComponent(JSON.stringify(value));
const steps = ["App Launched", "Product Viewed", "Added To Cart", "Charged"].map((event) => ({ event }));
const by = (property, scope = "event") => json([{ property, scope }]);
const where = json([
  { property: "OS", op: "eq", value: "iOS", scope: "event" },
  { property: "Amount", op: "gte", value: 100, scope: "event" },
]);
const hold = (page) => page.route("**/api/v1/insights/**", () => {});
const fail = (page) =>
  page.route("**/api/v1/**", (route) =>
    /account|login/.test(route.request().url())
      ? route.continue()
      : route.fulfill({ status: 503, json: { code: "question_too_long", detail: "the question took too long: ask for less time or fewer groups", errors: [] } }),
  );
const refuse = (page) =>
  page.route("**/api/v1/**", (route) =>
    /account|login/.test(route.request().url())
      ? route.continue()
      : route.fulfill({ status: 403, json: { code: "forbidden", detail: "this token lacks the scope 'people'", errors: [] } }),
  );

/** Name: the address, what to do before and after it is opened. */
const PAGES = {
  today: ["/"],
  trends: ["/trends?event=Charged"],
  compare: ["/trends?event=Charged&compare=true"],
  by: [`/trends?by=${by("OS")}`],
  many: [`/trends?by=${by("Category")}&measure=total`],
  where: [`/trends?event=Charged&where=${where}&by=${by("Plan", "person")}`],
  funnels: [`/funnels?steps=${json(steps)}`],
  groups: [`/funnels?steps=${json(steps)}&by=${by("OS")}&compare=true`],
  gate: ["/gate"],
  settings: ["/settings"],
  tokens: ["/settings?tab=tokens"],
  policy: ["/settings?tab=policy"],
  about: ["/settings?tab=about"],
  nothing: ["/trends?event=Nope"],
  loading: ["/trends", hold],
  failed: ["/trends", fail],
  refused: ["/gate", refuse],
  period: ["/trends", undefined, (page) => page.getByRole("button", { name: "Period" }).click()],
  search: ["/trends", undefined, (page) => page.keyboard.press("/")],
  tooltip: [`/trends?by=${by("OS")}&measure=total`, undefined, (page) => page.mouse.move(page.viewportSize().width / 2, 420)],
  missing: ["/nowhere"],
};

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
mkdirSync(out, { recursive: true });
for (const width of [1280, 390]) {
  for (const colorScheme of ["light", "dark"]) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
    const entry = await context.newPage();
    await entry.goto(base);
    await entry.waitForSelector("form");
    await entry.screenshot({ path: `${out}/log-in-${width}-${colorScheme}.png` });
    await entry.fill("input[type=email]", email);
    await entry.fill("input[type=password]", password);
    await entry.click("button[type=submit]");
    await entry.waitForSelector("#content");
    await entry.close();
    for (const [name, [path, before, after]] of Object.entries(PAGES)) {
      if (only.length > 0 && !only.includes(name)) continue;
      const page = await context.newPage();
      page.on("pageerror", (error) => console.log(name, width, colorScheme, String(error)));
      await before?.(page);
      await page.goto(base + path);
      await page.waitForTimeout(2_000);
      await after?.(page);
      if (after) await page.waitForTimeout(400);
      await page.screenshot({ path: `${out}/${name}-${width}-${colorScheme}.png`, fullPage: !after });
      await page.close();
    }
    await context.close();
  }
}
await browser.close();
