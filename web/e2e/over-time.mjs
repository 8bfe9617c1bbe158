// Walks of a funnel over time: what part converts by when people started, who they are, and what leaves the page.
import assert from "node:assert/strict";
import { test } from "node:test";

import { behind, files, FROM, json, NEVER, number, panel, RANGE, removed, savedToBoard, TO } from "./asked.mjs";
import { logIn, openPage, picture } from "./house.mjs";

const STEPS = [{ event: "Product Viewed" }, { event: "Added To Cart" }, { event: "Charged" }];
const RULE = { all: [{ person: { property: "Plan", op: "eq", value: "free" } }] };
const range = { from: FROM, to: TO };
const FUNNEL = `/funnels?${RANGE}&window=1d&steps=${json(STEPS)}`;

const settled = (page) => page.locator('[aria-busy="false"][data-old="false"] table.numbers').first().waitFor();
const table = (page) => page.getByRole("region", { name: "By when people started, as a table" });
const percent = (share) => `${(100 * share).toFixed(1)}%`;
/** The numbers of a row of the table over time, by its name. */
const row = async (page, name, nth = 0) =>
  table(page).getByRole("row", { name }).nth(nth).locator("td.number").allInnerTexts();

export function walkOverTime(house) {
  const asking = (more) =>
    house().ask("/api/v1/insights/funnel", { steps: STEPS, ...range, window: "1d", interval: "day", ...more });

  test("Funnels tell what part converts day by day, as the API does, and who they are", async () => {
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, FUNNEL);
    await page.locator("ol.funnel li").nth(2).waitFor();
    await page.getByLabel("Conversion over time").selectOption("day");
    await page.waitForURL(/interval=day/);
    await table(page).waitFor();
    await settled(page);
    const { points } = await asking();
    assert.ok(points.length > 5);
    for (const [name, index] of [["1. Product Viewed", 0], ["2. Added To Cart", 1], ["3. Charged", 2]]) {
      const shown = (await row(page, name)).map(number);
      assert.deepEqual(shown, points.map(({ counts }) => counts[index]));
    }
    const whole = ({ counts }) => (counts[0] > 0 ? percent(counts[2] / counts[0]) : "–");
    assert.deepEqual(await row(page, "Conversion 1 → 3"), points.map(whole));
    await page.getByRole("img", { name: /per day of the start/ }).waitFor();
    await picture(page, "funnel-over-time");
    // From one step to the next, which the address holds.
    await page.getByLabel("From where to where it is drawn").selectOption("2");
    await page.waitForURL(/way=2/);
    const first = ({ counts }) => (counts[0] > 0 ? percent(counts[1] / counts[0]) : "–");
    assert.deepEqual(await row(page, "Conversion 1 → 2"), points.map(first));
    await page.reload();
    await page.getByRole("img", { name: /^Conversion 1 → 2: People who did/ }).waitFor();
    // By keyboard to the people of a day, which the address holds, too.
    const place = points.findIndex(({ counts }) => counts[0] > 0);
    await table(page).getByRole("button").first().focus();
    await page.keyboard.press("Enter");
    assert.equal(await behind(page), points[place].counts[0]);
    await panel(page).getByText(/^Came to 1\. Product Viewed, started /).waitFor();
    await page.reload();
    assert.equal(await behind(page), points[place].counts[0]);
    await page.keyboard.press("Escape");
    await panel(page).waitFor({ state: "detached" });
    const csv = await files(page, /^conversion-1-2-people-who-did-product-viewed/);
    assert.match(csv, /\r\nGroup,Start,1\. Product Viewed,2\. Added To Cart,3\. Charged,Conversion 1 → 3,incomplete\r\n/);
    assert.match(csv, new RegExp(`\r\nEveryone,${points[0].at.replaceAll("+", "\\+")},${points[0].counts.join(",")},`));
    await page.getByLabel("Conversion over time").selectOption("whole");
    await page.locator("ol.funnel li").nth(2).waitFor();
    await page.waitForURL((url) => !/interval|way/.test(url.search));
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("a funnel over time lies beside the period before, and segments beside each other", async () => {
    const { page, context, complaints } = await openPage(house());
    const { id } = await house().ask("/api/v1/segments", { name: "Free of charge", definition: RULE });
    await logIn(house(), page, `${FUNNEL}&interval=day&compare=true`);
    await table(page).waitFor();
    await page.getByRole("columnheader", { name: "Period before" }).waitFor();
    await settled(page);
    assert.match(await files(page, /^people-who-did-product-viewed/), /^Group,Step,Event,People,Period before,/);
    // A card has all of it, and leads back to it.
    const board = await savedToBoard(page, "Over time");
    await page.getByRole("img", { name: /per day of the start/ }).waitFor();
    await page.getByRole("columnheader", { name: "Period before" }).waitFor();
    await page.getByRole("link", { name: /per day of the start/ }).click();
    await page.waitForURL(/interval=day/);
    await page.waitForURL(/compare=true/);
    await page.getByLabel("Compare a segment").selectOption(id);
    await table(page).getByRole("rowheader", { name: "Free of charge" }).waitFor();
    await settled(page);
    const { segments } = await asking({ segments: [{ name: id, people: { segment: id } }] });
    const shown = (await row(page, "2. Added To Cart", 1)).map(number);
    assert.deepEqual(shown, segments[0].points.map(({ counts }) => counts[1]));
    for (const made of [board, `/segments/${id}`]) await removed(house(), `/api/v1${made}`);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("a table of many intervals shows the first of them, and all where one likes", async () => {
    const { page, context, complaints } = await openPage(house());
    for (const path of [`/trends?${RANGE}&interval=hour`, `${FUNNEL}&interval=hour`]) {
      await (path.startsWith("/trends") ? logIn(house(), page, path) : page.goto(house().base + path));
      const heads = page.getByRole("table").first().getByRole("columnheader");
      await page.getByText("The first 100 of 168 columns; the file has all.").waitFor();
      const before = await heads.count();
      await page.getByRole("button", { name: "Show all columns" }).click();
      await page.getByRole("button", { name: "Show all columns" }).waitFor({ state: "detached" });
      assert.equal((await heads.count()) - before, 68);
    }
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("a funnel over time marks what may still change, and says when nobody started", async () => {
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, `/funnels?last=7&interval=day&steps=${json(STEPS)}`);
    await table(page).waitFor();
    await settled(page);
    const heads = await table(page).getByRole("columnheader").allInnerTexts();
    assert.ok(heads.at(-1).endsWith("*"), `${heads}`);
    await page.getByText(/^\* Who started then may still come further/).waitFor();
    const chart = page.getByRole("img", { name: /per day of the start/ });
    const told = await chart.evaluate((node) => document.getElementById(node.getAttribute("aria-describedby")).textContent);
    assert.match(told, /is not over yet\.$/);
    await page.goto(`${house().base}/funnels?${NEVER}&interval=hour&steps=${json(STEPS)}`);
    await page.getByText("Nobody did the first step in the period").waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });
}
