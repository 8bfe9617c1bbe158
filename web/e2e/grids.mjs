// Walks of RFM and Pivot, and of the people behind their numbers.
import assert from "node:assert/strict";
import { test } from "node:test";

import { behind, files, FROM, json, NEVER, number, panel, RANGE, TO } from "./asked.mjs";
import { logIn, openPage } from "./house.mjs";

/** Answers as the server does when it refuses or fails: the page says so, and asks again. */
async function fails(page, status, code, detail) {
  await page.route("**/api/v1/insights/**", (route) =>
    route.fulfill({ status, json: { code, detail, errors: [] } }),
  );
}

const close = async (page) => {
  await page.keyboard.press("Escape");
  await panel(page).waitFor({ state: "detached" });
};

export function walkGrids(house) {
  test("RFM shows the kinds that the API names, and who they are", async () => {
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, `/rfm?${RANGE}`);
    const tiles = page.locator(".tiles button");
    await tiles.nth(9).waitFor();
    const asked = { event: "Charged", amount: "Amount", from: FROM, to: TO };
    const { named, people, scores } = await house().ask("/api/v1/insights/rfm", asked);
    assert.ok(people > 0);
    for (const { segment, people: count } of named) {
      const tile = page.locator(".tiles button").filter({ hasText: new RegExp(`^${segment}`) });
      assert.match(await tile.innerText(), new RegExp(`^${count} (people|person), `, "m"));
    }
    const some = named.find((one) => one.people > 0);
    const row = page.getByRole("row", { name: new RegExp(`^${some.segment}`) }).first();
    assert.equal(number(await row.locator("td").first().innerText()), some.people);
    // By keyboard: one stop of the tab key, then the arrows.
    await tiles.first().focus();
    await page.keyboard.press("ArrowLeft");
    assert.match(await page.evaluate(() => document.activeElement.innerText), /^Loyal/);
    await page.keyboard.press("Enter");
    assert.equal(await behind(page), named.find(({ segment }) => segment === "Loyal").people);
    await page.waitForURL(/cell=/);
    await page.reload();
    assert.equal(await behind(page), named.find(({ segment }) => segment === "Loyal").people);
    await close(page);
    // The highest bin of money.
    const bins = page.getByRole("region", { name: "What the bins mean" }).locator("tbody tr").first();
    await bins.getByRole("button").last().click();
    assert.equal(await behind(page), scores.m.at(-1).people);
    await close(page);
    assert.match(await files(page, /^people-by-how-recently-and-often-they-did-charged/), /^Kind,People,Of all,/);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("RFM shows who became what, and makes a rule of a kind", async () => {
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, `/rfm?${RANGE}`);
    await page.getByRole("button", { name: "Period" }).click();
    await page.getByLabel("Compare with the period before").check();
    await page.keyboard.press("Escape");
    const moves = page.getByRole("region", { name: "Who became what since the period before" });
    await moves.waitFor();
    const days = (from, count) =>
      new Date(Date.parse(`${from}T00:00:00Z`) + count * 86_400_000).toISOString().slice(0, 10);
    const compare = { from: days(FROM, -7), to: FROM };
    const answer = await house().ask("/api/v1/insights/rfm", { from: FROM, to: TO, compare });
    const shown = moves.locator("tbody .heat-cell");
    assert.equal(await shown.count(), answer.moves.length);
    const { from, to, people } = answer.moves[0];
    const name = (kind) => (kind === "(none)" ? "Not at all" : kind);
    const told = `${people.toLocaleString("en")} people who were ${name(from)} and are ${name(to)}`;
    await moves.getByRole("button", { name: told }).click();
    assert.equal(await behind(page), people);
    await close(page);
    await page.getByLabel("How finely they are told apart").selectOption("3");
    await page.waitForURL(/bins=3/);
    await page.getByRole("link", { name: "a rule: who are Champions" }).waitFor({ state: "detached" });
    await page.goBack();
    await page.getByRole("link", { name: "a rule: who are Champions" }).click();
    await page.waitForURL(/segments\/new\?.*rule=/);
    await page.locator('[data-place="1"]').getByLabel("Kind of people").waitFor();
    await page.goto(`${house().base}/rfm?${NEVER}`);
    await page.getByText("Nobody did this in the period").waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("Pivot shows the cells of the API, and who is behind them and their sums", async () => {
    const { page, context, complaints } = await openPage(house());
    const sides = { rows: [{ property: "Plan", scope: "person" }], columns: [{ property: "OS", scope: "event" }] };
    await logIn(house(), page, `/pivot?${RANGE}&rows=${json(sides.rows)}&columns=${json(sides.columns)}`);
    const lines = page.locator("table.heat tbody tr");
    await lines.nth(1).waitFor();
    const asked = { event: "*", measure: "uniques", from: FROM, to: TO, ...sides };
    const { rows, columns, values, total } = await house().ask("/api/v1/insights/pivot", asked);
    assert.ok(rows.length > 1 && columns.length > 1);
    const first = (await lines.nth(1).locator("td").allInnerTexts()).map((text) => number(text || "0"));
    assert.deepEqual(first, [rows[0].total, ...values[0]]);
    const sums = (await lines.nth(0).locator("td").allInnerTexts()).map(number);
    assert.deepEqual(sums, [total, ...columns.map((column) => column.total)]);
    for (const [line, cell, people] of [
      [1, 1, values[0][0]],
      [1, 0, rows[0].total],
      [0, 1, columns[0].total],
      [0, 0, total],
    ]) {
      await lines.nth(line).locator("td button").nth(cell).click();
      assert.equal(await behind(page), people);
      await page.waitForURL(/cell=/);
      await close(page);
    }
    assert.match(await files(page, /^count-unique-people-who-did-any-event-rows-by-plan/), /^Plan,All,/);
    await page.getByRole("button", { name: "Swap rows and columns" }).click();
    await page.getByRole("columnheader", { name: "OS", exact: true }).waitFor();
    await page.getByLabel("Rows, property 2").selectOption("event:$weekday");
    await page.getByRole("columnheader", { name: "OS · day of the week" }).waitFor();
    await page.getByLabel("Measure", { exact: true }).selectOption("sum");
    await page.waitForURL(/measure=sum/);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("Pivot begins with when things happen, and goes through its states", async () => {
    const { page, context } = await openPage(house());
    await logIn(house(), page, `/pivot?${RANGE}`);
    await page.getByRole("rowheader", { name: "Monday" }).waitFor();
    const days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    assert.deepEqual(await page.getByRole("rowheader").allInnerTexts(), ["All", ...days]);
    await page.getByRole("columnheader", { name: "09:00" }).waitFor();
    for (const path of ["pivot", "rfm"]) {
      await page.goto(`${house().base}/${path}?${NEVER}`);
      await page.getByText("in the period").first().waitFor();
      await fails(page, 403, "forbidden", "this token lacks the scope 'read'");
      await page.goto(`${house().base}/${path}?${RANGE}`);
      await page.getByRole("alert").getByText("Not allowed").waitFor();
      await page.unrouteAll();
      await fails(page, 503, "question_too_long", "the question took too long: ask for less time");
      await page.getByRole("button", { name: "Period" }).click();
      await page.getByRole("button", { name: "last 7 days" }).click();
      await page.getByRole("alert").getByText("The question took too long").waitFor();
      await page.unrouteAll();
      await page.getByRole("button", { name: "Try again" }).click();
      await page.locator('[data-old="false"]').waitFor();
    }
    await context.close();
  });
}
