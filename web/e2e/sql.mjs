// Walks of SQL: a statement is written, answered, drawn, saved, gone back from, refused and stopped.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { holds, logIn, openPage } from "./house.mjs";

const at = (sql) => `/sql?sql=${encodeURIComponent(sql)}`;
const BY_NAME = "SELECT name, count(*) AS n FROM events WHERE at < now() - INTERVAL '1 day' GROUP BY name ORDER BY n DESC";
const BY_DAY = "SELECT date_trunc('day', at) AS day, count(*) AS n FROM events GROUP BY day ORDER BY day";

const editor = (page) => page.getByRole("textbox", { name: "Statement" });
const rows = (page) => page.locator("table.sql-rows tbody tr");

export function walkSql(house) {
  test("a statement is written, answered and drawn, and going back goes to the one before", async () => {
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, "/sql");
    await page.getByText("Ask in SQL, read-only").waitFor();
    await page.getByRole("button", { name: "Events by name" }).click();
    await rows(page).nth(2).waitFor();
    await page.waitForURL(/sql=SELECT/);
    await editor(page).click();
    await page.keyboard.press("Control+A");
    await page.keyboard.type(BY_NAME);
    await page.keyboard.press("Control+Enter");
    await page.locator("ol.ranked li").nth(2).waitFor();
    const asked = await house().ask("/api/v1/sql", { sql: BY_NAME });
    const shown = await rows(page).evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.innerText)));
    assert.deepEqual(shown, asked.rows.map((row) => row.map(String)));
    await editor(page).click();
    await page.keyboard.press("Control+A");
    await page.keyboard.type(BY_DAY);
    await page.getByRole("button", { name: "Run" }).click();
    await page.locator("canvas").waitFor();
    await page.goBack();
    await page.locator("ol.ranked li").nth(2).waitFor();
    assert.match(await editor(page).innerText(), /GROUP BY name ORDER BY n DESC/);
    await page.reload();
    await page.locator("ol.ranked li").nth(2).waitFor();
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "CSV", exact: true }).click(),
    ]);
    const csv = readFileSync(await file.path()).toString();
    assert.equal(csv.split("\r\n")[0], "name,n");
    assert.equal(csv.split("\r\n").length, asked.rows.length + 2);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("columns are found by name and put where the cursor is", async () => {
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, "/sql");
    await editor(page).click();
    await page.keyboard.type("SELECT count(");
    await page.getByLabel("Find a column").fill("amou");
    await page.getByRole("region", { name: "events" }).getByRole("button", { name: /Amount/ }).click();
    await page.keyboard.type(") FROM events");
    await page.keyboard.press("Control+Enter");
    await rows(page).first().waitFor();
    assert.match(page.url(), /count%28Amount%29/);
    await page.getByLabel("Find a column").fill("no such column");
    await page.getByText("No column is called so.").first().waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("what is wrong is told with its place, no rows are told, and a statement can be stopped", async () => {
    const { page, context } = await openPage(house());
    await logIn(house(), page, at("SELECT name\nFROM events WHER name = 'x'"));
    await page.getByRole("alert").waitFor();
    await page.getByText("Line 2, character 18").waitFor();
    await page.locator(".cm-wrong").waitFor();
    await page.goto(house().base + at("SELECT name FROM events WHERE name = 'no such event'"));
    await page.getByText("No rows").waitFor();
    await page.goto(house().base + at("SELECT count(*) FROM events a, events b, events c"));
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("The statement was given up").waitFor();
    // The server is free for the next one.
    await page.goto(house().base + at("SELECT count(*) AS n FROM people"));
    await holds(page.getByLabel("Find a column"), "");
    await rows(page).first().waitFor();
    await context.close();
  });

  test("who may not see who people are has no such columns, and is told so", async () => {
    const made = await house().ask("/api/v1/tokens", { name: "sql reader", scopes: ["read"] });
    const extraHTTPHeaders = { authorization: `Bearer ${made.token}` };
    const { page, context } = await openPage(house(), { extraHTTPHeaders });
    await page.goto(house().base + at("SELECT Email FROM people"));
    const told = page.getByRole("alert");
    await told.getByText("Not allowed").waitFor();
    assert.match(await told.innerText(), /Someone with the scope people can look/);
    await page.getByLabel("Find a column").fill("email");
    const column = page.getByRole("region", { name: "people" }).getByRole("button", { name: /Email/ });
    await column.waitFor();
    assert.ok(await column.isDisabled());
    await context.close();
  });
}
