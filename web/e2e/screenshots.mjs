import { chromium } from "playwright-core";
const [base, email, password, out] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const pages = { today: "/", trends: "/trends?event=Charged&compare=true", by: '/trends?by=[{"property":"OS","scope":"event"}]', funnels: "/funnels", gate: "/gate", settings: "/settings" };
for (const [width, scheme] of [[1280, "light"], [1280, "dark"], [390, "light"], [390,"dark"]]) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme });
  const page = await context.newPage();
  page.on("console", (m) => ["error", "warning"].includes(m.type()) && console.log(width, scheme, page.url(), m.text().slice(0, 300)));
  page.on("pageerror", (e) => console.log("pageerror", page.url(), String(e).slice(0, 400)));
  await page.goto(`${base}/`);
  await page.waitForSelector("form");
  if (scheme === "light") await page.screenshot({ path: `${out}/login-${width}.png` });
  await page.fill('input[type=email]', email); await page.fill('input[type=password]', password);
  await page.click("button[type=submit]");
  await page.waitForSelector("#content");
  for (const [name, path] of Object.entries(pages)) {
    if (scheme === "dark" && ["by", "settings"].includes(name)) continue;
    await page.goto(base + path); await page.waitForTimeout(2500);
    await page.screenshot({ path: `${out}/${name}-${width}-${scheme}.png`, fullPage: true });
  }
  await context.close();
}
await browser.close();
