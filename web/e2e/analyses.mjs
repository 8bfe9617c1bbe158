// Walks of retention, paths, stickiness and the board, and of the people behind their numbers.
import assert from "node:assert/strict";
import { test } from "node:test";

import { behind, files, FROM, json, NEVER, number, panel, RANGE, TO } from "./asked.mjs";
import { logIn, openPage } from "./house.mjs";

export function walkAnalyses(house) {
  test("a cell of Retention leads to its people, who are kept as a segment", async () => {
    const { page, context, complaints } = await openPage(house());
    const born = { event: "App Launched" };
    await logIn(house(), page, `/retention?${RANGE}&born=${json(born)}`);
    await page.locator("table.heat").waitFor();
    const asked = { born, back: { event: "*" }, from: FROM, to: TO, periods: 15 };
    const { cohorts } = await house().ask("/api/v1/insights/retention", asked);
    const first = cohorts.find(({ size }) => size > 0);
    // By keyboard: one stop of the tab key, then the arrows.
    const cells = page.locator(".heat-cell button");
    await cells.first().focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    assert.equal(await behind(page), first.values[1]);
    await page.waitForURL(/cell=/);
    await page.reload();
    assert.equal(await behind(page), first.values[1]);
    await panel(page).getByLabel("Name of the segment").fill("Back on the first day");
    await panel(page).getByRole("button", { name: "Save as segment" }).click();
    await panel(page).getByText(`Kept as a list of ${first.values[1]}.`).waitFor();
    const { segments } = await house().ask("/api/v1/segments");
    const kept = segments.find(({ name }) => name === "Back on the first day");
    assert.equal(kept.list.people, first.values[1]);
    const headers = { authorization: `Bearer ${house().token}` };
    await fetch(`${house().base}/api/v1/segments/${kept.id}`, { method: "DELETE", headers });
    await page.keyboard.press("Escape");
    await panel(page).waitFor({ state: "detached" });
    await page.waitForURL((url) => !url.search.includes("cell"));
    assert.match(await files(page, /^people-who-did-app-launched/), /^Group,Began,People,Day 0,Day 1,/);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("Retention asks what its sentence says", async () => {
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, `/retention?${RANGE}`);
    await page.locator("table.heat").waitFor();
    await page.getByLabel("When coming back counts").selectOption("brackets");
    await page.getByRole("columnheader", { name: "Day 2–3" }).first().waitFor();
    await page.getByLabel("The periods that count together").fill("0, 1-9");
    await page.keyboard.press("Enter");
    await page.getByRole("columnheader", { name: "Day 1–9" }).first().waitFor();
    await page.getByLabel("Length of a period").selectOption("week");
    await page.getByLabel("Where periods begin").selectOption("rolling");
    await page.waitForURL(/rolling=true/);
    await page.getByLabel("Breakdown").selectOption("person:Plan");
    await page.getByLabel("Group").selectOption({ index: 1 });
    await page.locator('[aria-busy="false"] .heat-cell button').first().click();
    assert.ok((await behind(page)) > 0);
    await page.goto(`${house().base}/retention?${NEVER}`);
    await page.getByText("Nobody began in the period").waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("Stickiness counts what the API counts, and its numbers lead to people", async () => {
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, `/stickiness?${RANGE}`);
    await page.locator(".columns li").first().waitFor();
    const asked = { event: "*", from: FROM, to: TO };
    const { days, histogram } = await house().ask("/api/v1/insights/stickiness", asked);
    const newest = page.locator("table.numbers tbody tr").first().locator("button");
    assert.deepEqual((await newest.allInnerTexts()).map(number), [
      days.at(-1).dau,
      days.at(-1).wau,
      days.at(-1).mau,
    ]);
    await newest.nth(1).click();
    assert.equal(await behind(page), days.at(-1).wau);
    await page.keyboard.press("Escape");
    await panel(page).waitFor({ state: "detached" });
    await page.locator(".columns button").nth(1).click();
    assert.equal(await behind(page), histogram[1].people);
    await page.goBack();
    await panel(page).waitFor({ state: "detached" });
    assert.match(await files(page, /^how-often-people-who-did-any-event/), /^Day,dau,wau,mau,dau_mau,/);
    await page.goto(`${house().base}/stickiness?${NEVER}`);
    await page.getByText("Nobody was active in the period").waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("Paths trace a way, and lead to who went it", async () => {
    const { page, context, complaints } = await openPage(house());
    const start = { event: "Product Viewed" };
    await logIn(house(), page, `/paths?${RANGE}&event=${json(start)}`);
    await page.locator(".sankey-node").nth(3).waitFor();
    const asked = { start, from: FROM, to: TO };
    const { sequences } = await house().ask("/api/v1/insights/paths", asked);
    const shown = page.locator("table.numbers tbody tr").first().locator("td");
    assert.equal(number(await shown.nth(1).innerText()), sequences[0].count);
    await page.locator(".sankey-node").first().focus();
    assert.equal(await page.locator(".sankey-link[data-off=true]").count(), 0);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowDown");
    assert.ok((await page.locator(".sankey-link[data-off=true]").count()) > 0);
    await page.keyboard.press("Enter");
    assert.ok((await behind(page)) > 0);
    await page.keyboard.press("Escape");
    await panel(page).waitFor({ state: "detached" });
    assert.match(await files(page, /^paths-that-begin-with-product-viewed/), /^Path,Paths,Of all/);
    await page.getByLabel("Where paths are anchored").selectOption("end");
    await page.getByText("The end", { exact: true }).waitFor();
    await page.getByLabel("Leave out an event").selectOption("Added To Cart");
    await page.getByRole("button", { name: "Count Added To Cart again" }).waitFor();
    await page.waitForURL(/hide=/);
    await page.goto(`${house().base}/paths?${NEVER}`);
    await page.getByText("No path begins or ends like this").waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("App shows its figures beside those of the period before", async () => {
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, `/board?${RANGE}`);
    const active = page.locator(".figure").first();
    await active.waitFor();
    const { current, previous } = await house().ask("/api/v1/insights/board", { from: FROM, to: TO });
    assert.equal(number(await active.locator(".value").innerText()), current.active);
    assert.match(await active.innerText(), new RegExp(`${previous.active} before`));
    await page.getByLabel("What is drawn day by day").selectOption("revenue");
    await page.waitForURL(/show=revenue/);
    assert.match(await files(page, /^revenue-how-the-app-does/), /^Figure,This period,Period before/);
    await page.getByRole("button", { name: "Segment", exact: true }).click();
    await page.waitForURL(/segments\/new\?.*rule=/);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("who people are stays hidden from who may only read, and is no segment of theirs", async () => {
    const made = await house().ask("/api/v1/tokens", { name: "analyst", scopes: ["read"] });
    const extraHTTPHeaders = { authorization: `Bearer ${made.token}` };
    const { page, context } = await openPage(house(), { extraHTTPHeaders });
    // Of so many that some are known: of one day's new people there may be none.
    const steps = json([{ event: "Product Viewed" }, { event: "Charged" }]);
    await page.goto(`${house().base}/funnels?steps=${steps}&${RANGE}&cell=${json({ step: 1 })}`);
    assert.ok((await behind(page)) > 25);
    await panel(page).getByText("seeing it needs the scope people").waitFor();
    await panel(page).getByRole("button", { name: "Save as segment" }).click();
    await panel(page).getByRole("alert").getByText("Not allowed").waitFor();
    await context.close();
  });
}
