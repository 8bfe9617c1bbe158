// Walks of every page, as a person takes them, against the real binary.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { walkAnalyses } from "./analyses.mjs";
import { walkAnswers } from "./answers.mjs";
import { walkBoards } from "./boards.mjs";
import { walkBuilders } from "./builders.mjs";
import { walkCampaigns } from "./campaigns.mjs";
import { walkChannels } from "./channels.mjs";
import { walkGrids } from "./grids.mjs";
import { holds, logIn, openHouse, openPage } from "./house.mjs";
import { walkOverTime } from "./over-time.mjs";
import { walkPeople } from "./people.mjs";
import { walkPrivacy } from "./privacy.mjs";
import { walkRules } from "./rules.mjs";
import { walkSegments } from "./segments.mjs";
import { walkSettings } from "./settings.mjs";
import { walkSql } from "./sql.mjs";
import { walkStates } from "./states.mjs";
import { walkSuppressions } from "./suppressions.mjs";
import { walkTemplates } from "./templates.mjs";
import { walkWhole } from "./whole.mjs";

const axe = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const NESTED = {
  all: [{ not: { any: [{ did: { event: "Charged" } }, { segment: "" }] } }, { sample: { percent: 10 } }],
};
const BUILDER = `/segments/new?rule=${encodeURIComponent(JSON.stringify(NESTED))}`;
const STEPS = encodeURIComponent(JSON.stringify([{ event: "Product Viewed" }, { event: "Charged" }]));
const EXCLUDE = encodeURIComponent(JSON.stringify([{ event: "Checkout Started", after: 1, before: 2 }]));
const MORE = encodeURIComponent(JSON.stringify([{ event: "Charged", measure: "total" }]));
const BY_THREE = encodeURIComponent(
  JSON.stringify(["OS", "Category", "Plan"].map((property) => ({ property, scope: "event" }))),
);
const BUILT = [
  `/trends?more=${MORE}&formula=B%2FA&compare=true`,
  `/trends?by=${BY_THREE}`,
  `/funnels?steps=${STEPS}&interval=day&compare=true`,
  `/funnels?steps=${STEPS}&exclude=${EXCLUDE}&order=any&hold=%5B%22Category%22%5D`,
];
const PAGES = ["/", "/trends", "/funnels", ...BUILT, "/segments", BUILDER, "/people", "/gate", "/settings"];
const CELL = encodeURIComponent(JSON.stringify({ days: 1 }));
const BY_PLAN = encodeURIComponent(JSON.stringify([{ property: "Plan", scope: "person" }]));
const ANALYSES = [
  "/board",
  "/retention",
  `/retention?by=${BY_PLAN}`,
  "/paths",
  "/stickiness",
  `/stickiness?cell=${CELL}`,
  "/rfm?compare=true",
  "/pivot",
];
const ENGAGE = ["/campaigns", "/campaigns/new", "/templates", "/templates/new", "/templates/new?channel=webhook", "/messages"];
const SQL = ["/sql", `/sql?sql=${encodeURIComponent("SELECT name, count(*) AS n FROM events GROUP BY name")}`];
const TABS = ["tokens", "channels", "outbox", "suppressions", "policy", "about"].map((tab) => `/settings?tab=${tab}`);
let house;
before(async () => (house = await openHouse()), { timeout: 120_000 });
after(() => house?.close());

const total = (page) =>
  page.locator("table.numbers tbody tr:first-child td.number strong").first().innerText();
const number = (text) => Number(text.replaceAll(",", ""));

test("a wrong password is told, and a link survives the log-in", async () => {
  const { page, context, complaints } = await openPage(house);
  await page.goto(`${house.base}/trends?event=Charged&measure=total`);
  await page.waitForURL(/log-in/);
  await page.fill("input[type=email]", house.email);
  await page.fill("input[type=password]", "not it");
  await page.click("button[type=submit]");
  await page.getByText("the e-mail or password is wrong").waitFor();
  await page.fill("input[type=password]", house.password);
  await page.keyboard.press("Enter");
  await page.waitForURL(/trends\?event=Charged&measure=total/);
  await page.getByRole("button", { name: house.email }).click();
  await page.getByText("Log out").click();
  await page.waitForURL(/log-in/);
  await page.goto(house.base);
  await page.waitForURL(/log-in/);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("Today moves by itself and stands still when it is paused", async () => {
  const { page, context, complaints } = await openPage(house);
  await logIn(house, page);
  const feed = page.locator("table.numbers tbody");
  await feed.locator("tr").first().waitFor();
  const first = await feed.innerText();
  await page.waitForFunction((old) => document.querySelector("tbody").innerText !== old, first);
  await page.getByRole("button", { name: "Pause" }).click();
  const held = await feed.innerText();
  await page.waitForTimeout(2_500);
  assert.equal(await feed.innerText(), held);
  await page.getByRole("button", { name: "Go on" }).click();
  await page.waitForFunction((old) => document.querySelector("tbody").innerText !== old, held);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("Trends asks what the sentence says, and the link reproduces it", async () => {
  const { page, context, complaints } = await openPage(house);
  await logIn(house, page, "/trends");
  await page.getByLabel("Measure", { exact: true }).selectOption("total");
  const event = page.getByRole("combobox", { name: "Event", exact: true });
  await event.fill("Product");
  await page.getByRole("option", { name: "Product Viewed" }).click();
  await page.getByRole("button", { name: "Period" }).click();
  await page.getByRole("button", { name: "last 7 days" }).click();
  await page.waitForURL(/last=7/);
  await page.getByRole("button", { name: "Add a condition" }).click();
  await page.getByLabel("Property", { exact: true }).selectOption("event:OS");
  await page.getByRole("combobox", { name: "Value", exact: true }).fill("iOS");
  await page.keyboard.press("Enter");
  await page.waitForURL(/where=/);
  await page.locator('[aria-busy="false"] table.numbers').waitFor();
  const zone = "Asia/Kolkata";
  const day = (at) => new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(at);
  const asked = {
    event: "Product Viewed",
    measure: "total",
    where: [{ property: "OS", op: "eq", value: "iOS", scope: "event" }],
    from: day(Date.now() - 6 * 86_400_000),
    to: day(Date.now() + 86_400_000),
  };
  const answer = await house.ask("/api/v1/insights/trend", asked);
  const shown = number(await total(page));
  // Live traffic goes on between the two.
  assert.ok(shown > 0 && Math.abs(answer.series[0].total - shown) < 200, `${shown}`);
  const link = page.url();
  await page.reload();
  await page.locator('[aria-busy="false"] table.numbers').waitFor();
  assert.equal(page.url(), link);
  await holds(page.getByRole("combobox", { name: "Value", exact: true }), "iOS");
  await holds(event, "Product Viewed");
  await page.getByLabel("Breakdown", { exact: true }).selectOption("event:OS");
  await page.getByRole("rowheader", { name: "iOS" }).waitFor();
  await page.goBack();
  await page.waitForURL(link);
  await page.getByLabel("Remove the condition").click();
  await page.waitForURL((url) => !url.search.includes("where"));
  await page.waitForFunction(
    (old) => Number(document.querySelector("td strong").innerText.replaceAll(",", "")) > old,
    shown,
  );
  assert.deepEqual(complaints, []);
  await context.close();
});

test("Funnels counts what the API counts, and steps come and go", async () => {
  const { page, context, complaints } = await openPage(house);
  const steps = [{ event: "Product Viewed" }, { event: "Added To Cart" }, { event: "Charged" }];
  const range = { from: "2026-01-01", until: "2026-01-02" };
  await logIn(house, page, `/funnels?steps=${encodeURIComponent(JSON.stringify(steps))}`);
  await page.locator("ol.funnel li").nth(2).waitFor();
  const rows = page.locator("table.numbers tbody tr");
  const people = number(await rows.nth(0).locator("td.number").first().innerText());
  const charged = number(await rows.nth(2).locator("td.number").first().innerText());
  assert.ok(people > charged && charged > 0, `${people} ${charged}`);
  await page.getByLabel("Remove step 2").click();
  await page.locator("ol.funnel li").nth(2).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Add a step" }).click();
  await page.locator("ol.funnel li").nth(2).waitFor();
  await page.getByLabel("Breakdown", { exact: true }).selectOption("person:Plan");
  await page.locator("ul.keys").waitFor();
  // A period before all history: nothing, and what to do.
  await page.goto(`${page.url()}&from=${range.from}&until=${range.until}`);
  await page.getByText("Nobody did the first step").waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test("Gate shows what waits for a class, and classing it keeps it", async () => {
  const { page, context, complaints } = await openPage(house);
  const said = (n) => ({ identity: `walker${n}`, purposes: { analytics: true } });
  for (let n = 0; n < 5; n++) {
    await house.ask("/api/v1/consents", said(n));
    const event = { type: "event", identity: `walker${n}`, name: "Walked" };
    const properties = { shoe: "brown" };
    await house.ask("/api/v1/events", { records: [{ ...event, properties }] });
  }
  await logIn(house, page, "/gate");
  await page.getByLabel("What shoe tells").selectOption("behaviour");
  await page.getByText("No property waits for a class").waitFor({ timeout: 15_000 });
  const all = await house.ask("/api/v1/properties");
  assert.equal(all.find((property) => property.name === "shoe").class, "behaviour");
  await page.getByRole("region", { name: "Consent by purpose" }).getByText("analytics").waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test("the keyboard alone finds an event", async () => {
  const { page, context, complaints } = await openPage(house);
  await logIn(house, page);
  await page.keyboard.press("/");
  await page.waitForFunction(() => document.activeElement.role === "combobox");
  await page.keyboard.type("checkout");
  await page.getByRole("option", { name: /Checkout Started/ }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(/trends\?event=/);
  await holds(page.getByRole("combobox", { name: "Event", exact: true }), "Checkout Started");
  assert.deepEqual(complaints, []);
  await context.close();
});

/** The pages of what the walks made. */
async function engageOf(of) {
  const { campaigns } = await of.ask("/api/v1/campaigns");
  const { templates } = await of.ask("/api/v1/templates");
  const { messages } = await of.ask("/api/v1/messages?state=accepted");
  const { id } = campaigns.find(({ name }) => name === "Club in March");
  const steps = ["who", "what", "when", "goal", "review"].map((step) => `/campaigns/${id}/edit?step=${step}`);
  return [`/campaigns/${id}`, ...steps, `/templates/${templates[0].id}`, `/messages?message=${messages[0].id}`];
}

walkSettings(() => house);
walkAnswers(() => house);
walkAnalyses(() => house);
walkBuilders(() => house);
walkOverTime(() => house);
walkGrids(() => house);
walkSegments(() => house);
walkRules(() => house);
walkPeople(() => house);
walkPrivacy(() => house, axe);
walkBoards(() => house, axe);
walkTemplates(() => house);
walkChannels(() => house);
walkCampaigns(() => house);
walkSuppressions(() => house);
walkWhole(() => house);
walkStates(() => house);
walkSql(() => house);

for (const [width, colorScheme] of [
  [1280, "light"],
  [1280, "dark"],
  [390, "light"],
  [390, "dark"],
]) {
  test(`no page hinders anyone at ${width} px, ${colorScheme}`, async () => {
    const viewport = { width, height: 844 };
    const { page, context, complaints } = await openPage(house, { viewport, colorScheme, reducedMotion: "reduce" });
    await logIn(house, page);
    const { segments } = await house.ask("/api/v1/segments");
    const { people } = await house.ask("/api/v1/people?identity=asha-1");
    const saved = segments.map(({ id }) => `/segments/${id}?people=true`);
    const engage = await engageOf(house);
    for (const path of [...PAGES, ...ANALYSES, ...SQL, ...TABS, ...saved, ...ENGAGE, ...engage, `/people/${people[0].id}`]) {
      await page.goto(house.base + path);
      await page.locator("#content h1").waitFor();
      await page.waitForTimeout(1_200);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `${path} is ${wide} px wide`);
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run());
      const grave = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
      const told = grave.map(({ id, nodes }) => `${path} ${id}: ${nodes[0].html}`);
      assert.deepEqual(told, []);
    }
    assert.deepEqual(complaints, []);
    await context.close();
  });
}

test("a server that is gone is told, and the last answer stays", async () => {
  const { page, context } = await openPage(house);
  await logIn(house, page, "/trends");
  await page.locator("table.numbers").waitFor();
  const ended = new Promise((resolve) => house.server.once("exit", resolve));
  house.server.kill("SIGTERM");
  assert.equal(await ended, 0, "it stops by itself though a page is open");
  await page.getByLabel("Interval").selectOption("week");
  await page.getByText("The server does not answer").waitFor({ timeout: 20_000 });
  await page.getByText("Below is the last good answer").waitFor();
  await page.locator('[data-old="true"] table.numbers').waitFor();
  await context.close();
});
