// Walks of boards: a question of every page kept as a card that leads back to it, cards moved and
// changed by keyboard and by two people at once; and notes on the axis of time.
import assert from "node:assert/strict";
import { test } from "node:test";

import { behind, FROM, json, panel, RANGE, TO } from "./asked.mjs";
import { eventually, logIn, openPage, picture } from "./house.mjs";

const ZONE = "Asia/Kolkata";
const day = (days) =>
  new Intl.DateTimeFormat("en-CA", { timeZone: ZONE }).format(Date.now() - days * 86_400_000);
const STATEMENT = "SELECT name, count(*) AS n FROM events GROUP BY name";
const STEPS = json([{ event: "Product Viewed" }, { event: "Charged" }]);
const BY = json([{ property: "Plan", scope: "person" }]);
/** A question of every page. */
const QUESTIONS = [
  `/trends?event=Charged&measure=total&by=${BY}&compare=true&${RANGE}`,
  `/funnels?steps=${STEPS}&window=1d&${RANGE}`,
  `/retention?period=week&${RANGE}`,
  `/paths?steps=2&${RANGE}`,
  `/stickiness?${RANGE}`,
  `/rfm?bins=4&compare=true&${RANGE}`,
  `/pivot?${RANGE}`,
  `/board?${RANGE}`,
  `/sql?sql=${encodeURIComponent(STATEMENT)}`,
];

const card = (title, question, more = {}) => ({ title, insight: "trend", question, ...more });
const counted = (event) => ({
  events: [{ event, measure: "total" }],
  interval: "day",
  from: FROM,
  to: TO,
  timezone: ZONE,
  limit: 8,
});
const make = (house, name, cards) => house.ask("/api/v1/boards", { name, cards });
const remove = (house, path) =>
  fetch(house.base + path, { method: "DELETE", headers: { authorization: `Bearer ${house.token}` } });

/** What a page asks as it opens. */
async function asks(page, open) {
  const asked = page.waitForRequest(
    (request) => request.method() === "POST" && /\/v1\/(insights\/\w+|sql)$/.test(request.url()),
  );
  await open();
  return (await asked).postDataJSON();
}

async function fails(page, path, status, code, detail) {
  await page.route(path, (route) => route.fulfill({ status, json: { code, detail, errors: [] } }));
}

const dialog = (page, name) => page.getByRole("dialog", { name });
const titles = (page) => page.locator(".board-card h2").allInnerTexts();

function walkKeeping(house, axe) {
  test("every page keeps its question on a board, and the card leads back to it", async () => {
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, "/boards");
    await page.getByText("No boards yet").waitFor();
    const asked = [];
    for (const [place, path] of QUESTIONS.entries()) {
      asked.push(await asks(page, () => page.goto(house().base + path)));
      await page.getByRole("button", { name: "Save to board" }).click();
      const save = dialog(page, "Save to board");
      await save.getByLabel("Title of the card").fill(`Question ${place + 1}`);
      if (place === 0) await save.getByLabel("Name of the board").fill("Monday meeting");
      // Its own days, where it has any: those of the first are the board's.
      else if (!path.startsWith("/sql")) await save.getByLabel(/^Its own: /).check();
      await save.getByRole("button", { name: "Save the card" }).click();
      await save.getByText("It is on Monday meeting.").waitFor();
    }
    await page.getByRole("link", { name: "Open the board" }).click();
    await page.locator(".board-card").nth(8).waitFor();
    await page.reload();
    await page.locator(".board-card").nth(8).waitFor();
    for (let place = 0; place < QUESTIONS.length; place += 1) {
      const one = page.locator(".board-card").nth(place);
      await one.scrollIntoViewIfNeeded();
      await one.getByRole("button", { name: "CSV", exact: true }).waitFor();
    }
    await picture(page, "boards-1280");
    const board = page.url();
    for (const [place, question] of asked.entries()) {
      await page.goto(board);
      const link = page.getByRole("link", { name: `Question ${place + 1}`, exact: true });
      const path = QUESTIONS[place].split("?")[0];
      await link.click();
      await page.waitForURL((url) => url.pathname === path);
      await page.locator(".board-cards").waitFor({ state: "detached" });
      assert.deepEqual(await asks(page, () => page.reload()), question, QUESTIONS[place]);
    }
    assert.deepEqual(complaints, []);
    await context.close();
    await shown(house(), board, axe);
  });
}

/** Nobody is hindered by a board, whatever the page's width and colours. */
async function shown(house, board, axe) {
  for (const [width, colorScheme] of [[1280, "light"], [1280, "dark"], [390, "light"], [390, "dark"]]) {
    const options = { viewport: { width, height: 844 }, colorScheme };
    const { page, context, complaints } = await openPage(house, options);
    await logIn(house, page, "/boards");
    await page.getByRole("link", { name: "Monday meeting" }).waitFor();
    for (const path of ["/boards", new URL(board).pathname]) {
      await page.goto(house.base + path);
      await page.waitForSelector("#content h1");
      for (const one of await page.locator(".board-card").all()) {
        await one.scrollIntoViewIfNeeded();
        await one.getByRole("button", { name: "CSV", exact: true }).waitFor();
      }
      const room = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(room <= width, `${path} is ${room} px wide at ${width} px`);
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run());
      const grave = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
      assert.deepEqual(grave.map(({ id, nodes }) => `${path} ${id}: ${nodes[0].html}`), []);
    }
    await picture(page, `boards-${width}-${colorScheme}`);
    assert.deepEqual(complaints, []);
    await context.close();
  }
}

function walkChanging(house) {
  test("cards are moved, widened, changed and removed by keyboard, for everyone", async () => {
    const { page, context, complaints } = await openPage(house());
    const cards = ["Charged", "App Launched", "Product Viewed"].map((event) => card(event, counted(event)));
    const { id } = await make(house(), "Cards", cards);
    await logIn(house(), page, `/boards/${id}`);
    const button = (name) => page.getByRole("button", { name, exact: true });
    await button('Move "Charged" later').focus();
    await page.keyboard.press("Enter");
    await page.getByRole("status").getByText('"Charged" is card 2 of 3 now.').waitFor();
    // The focus went with it: the next press moves it on.
    await page.waitForFunction(() => document.activeElement.id.startsWith("later-"));
    await page.keyboard.press("Enter");
    await page.getByRole("status").getByText('"Charged" is card 3 of 3 now.').waitFor();
    await page.keyboard.press("Enter");
    assert.deepEqual(await titles(page), ["App Launched", "Product Viewed", "Charged"]);
    await button('Make "Charged" wide').press("Enter");
    await page.locator('.board-card[data-width="whole"]').waitFor();
    await button('Change "Charged"').press("Enter");
    const change = dialog(page, "Change the card");
    await change.getByLabel("Title").fill("Sales");
    await change.getByLabel("Note").fill("The till was broken on Sunday.");
    await change.getByLabel("Its own").check();
    await change.getByRole("button", { name: /^Period/ }).click();
    await page.getByRole("button", { name: "last 7 days" }).click();
    await change.getByRole("button", { name: "Save" }).click();
    await page.getByText("Its own days: last 7 days").waitFor();
    await page.getByText("The till was broken on Sunday.").waitFor();
    await button('Remove "App Launched"').press("Enter");
    await dialog(page, "Remove the card").getByRole("button", { name: "Remove" }).click();
    await page.getByRole("region", { name: "App Launched" }).waitFor({ state: "detached" });
    await page.getByRole("group", { name: "Days of the board" }).getByRole("button").click();
    await page.getByRole("button", { name: "last 90 days" }).click();
    await page.getByRole("group", { name: "Days of the board" }).getByText("last 90 days").waitFor();
    await button("Rename").click();
    await dialog(page, "Rename").getByLabel("Name").fill("Money");
    await dialog(page, "Rename").getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { name: "Money" }).waitFor();
    await page.reload();
    await page.locator(".board-card").nth(1).waitFor();
    assert.deepEqual(await titles(page), ["Product Viewed", "Sales"]);
    const kept = await house().ask(`/api/v1/boards/${id}`);
    assert.deepEqual(kept.cards.map(({ range, width }) => [range, width]), [[null, "half"], [{ last: 7 }, "whole"]]);
    assert.deepEqual([kept.name, kept.range], ["Money", { last: 90 }]);
    await button("Delete").click();
    await dialog(page, "Delete").getByText('"Money" goes for everyone, with its 2 cards.').waitFor();
    await dialog(page, "Delete").getByRole("button", { name: "Delete" }).click();
    await page.waitForURL(/boards$/);
    await page.getByRole("heading", { name: "Boards" }).waitFor();
    assert.equal(await page.getByRole("link", { name: "Money" }).count(), 0);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("who changes a board that somebody else changed is told, and loses nothing else", async () => {
    const { page, context } = await openPage(house());
    const board = await make(house(), "Shared", ["Charged", "App Launched"].map((event) => card(event, counted(event))));
    await logIn(house(), page, `/boards/${board.id}`);
    await page.getByRole("region", { name: "Charged" }).waitFor();
    const { name, range, cards } = board;
    await house().put(`/api/v1/boards/${board.id}`, { name: `${name} by all`, range, cards });
    await page.getByRole("button", { name: 'Move "Charged" later' }).click();
    await page.getByRole("alert").getByText("Somebody else changed this board meanwhile").waitFor();
    assert.deepEqual(await titles(page), ["Charged", "App Launched"]);
    await page.getByRole("button", { name: "Show the board as it is now" }).click();
    await page.getByRole("heading", { name: "Shared by all" }).waitFor();
    await page.getByRole("alert").waitFor({ state: "detached" });
    await page.getByRole("button", { name: 'Move "Charged" later' }).click();
    await page.getByRole("status").getByText('"Charged" is card 2 of 2 now.').waitFor();
    await remove(house(), `/api/v1/boards/${board.id}`);
    await page.goto(`${house().base}/boards/${board.id}`);
    await page.getByText("There is no such board").waitFor();
    await context.close();
  });
}

function walkStates(house) {
  test("a board and its cards go through their states, and a number leads to its people", async () => {
    const { page, context } = await openPage(house());
    const hours = { ...counted("Charged"), timezone: "UTC" };
    const heat = { born: { event: "*" }, back: { event: "*" }, from: FROM, to: TO, periods: 4 };
    const cards = [
      card("Elsewhere", hours),
      card("Back again", heat, { insight: "retention", range: { from: FROM, to: TO } }),
      card("One alone", { event: "Charged", from: FROM, to: TO }),
    ];
    const board = await make(house(), "States", cards);
    await logIn(house(), page, `/boards/${board.id}`);
    // What its page cannot show is shown here, and leads nowhere.
    await page.getByRole("region", { name: "Elsewhere" }).getByRole("button", { name: "PNG" }).waitFor();
    assert.equal(await page.getByRole("link", { name: "Elsewhere" }).count(), 0);
    const alone = page.getByRole("region", { name: "One alone" });
    await alone.scrollIntoViewIfNeeded();
    await alone.getByRole("button", { name: "PNG" }).waitFor();
    const back = page.getByRole("region", { name: "Back again" });
    const answer = await house().ask("/api/v1/insights/retention", { ...heat, timezone: ZONE });
    const first = answer.cohorts.find(({ size }) => size > 0);
    await back.locator("tbody tr").nth(1).getByRole("button").first().click();
    assert.equal(await behind(page), first.size);
    await page.keyboard.press("Escape");
    await panel(page).waitFor({ state: "detached" });

    await fails(page, "**/api/v1/insights/**", 503, "question_too_long", "the question took too long: ask for less");
    await page.reload();
    await back.getByRole("alert").getByText("The question took too long").waitFor();
    await page.unrouteAll();
    await back.getByRole("button", { name: "Try again" }).click();
    await back.getByRole("button", { name: "CSV", exact: true }).waitFor();
    for (const path of [`/boards/${board.id}`, "/boards"]) {
      await fails(page, "**/api/v1/boards**", 403, "forbidden", "this token lacks the scope 'read'");
      if (path !== "/boards") await fails(page, `**/api/v1${path}`, 403, "forbidden", "this token lacks the scope 'read'");
      await page.goto(house().base + path);
      await page.getByRole("alert").getByText("Not allowed").waitFor();
      await page.unrouteAll();
    }
    await page.goto(`${house().base}/boards`);
    await page.getByRole("button", { name: 'Delete the board "States"' }).click();
    await dialog(page, "Delete").getByRole("button", { name: "Delete" }).click();
    await page.getByRole("link", { name: "States" }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "New board" }).click();
    await dialog(page, "New board").getByLabel("Name").fill("Empty");
    await dialog(page, "New board").getByLabel("Note").fill("for later");
    await dialog(page, "New board").getByRole("button", { name: "Make a board" }).click();
    await page.getByText("No cards yet").waitFor();
    await page.getByText("for later").waitFor();
    await remove(house(), new URL(page.url()).pathname.replace("/boards", "/api/v1/boards"));
    await context.close();
  });
}

function walkNotes(house) {
  test("a note stands on every chart over its day, until it is removed", async () => {
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, "/trends?event=Charged&measure=total&last=14");
    await page.getByRole("button", { name: "Add a note" }).click();
    const add = dialog(page, "Add a note");
    await add.getByLabel("What happened").fill("Price change");
    await add.getByLabel("On which day").fill(day(4));
    await page.keyboard.press("Enter");
    const notes = page.getByRole("list", { name: "Notes on these days" });
    await notes.getByText("Price change").waitFor();
    await page.locator(".mark").getByText("1").waitFor();
    const told = () => page.locator("p[hidden]").first().evaluate((one) => one.textContent);
    await eventually(told, (text) => text.includes(": Price change."));
    await picture(page, "notes-1280");
    for (const path of ["/board?last=14", "/stickiness?last=14"]) {
      await page.goto(house().base + path);
      await page.locator(".mark").first().waitFor();
      await notes.getByText("Price change").waitFor();
    }
    // Its days are those of the question.
    await page.goto(`${house().base}/trends?event=Charged&measure=total&last=2`);
    await page.getByRole("button", { name: "Add a note" }).waitFor();
    await page.locator('[data-old="false"]').waitFor();
    assert.equal(await notes.count(), 0);
    await page.goto(`${house().base}/trends?event=Charged&measure=total&last=14`);
    await page.getByRole("button", { name: 'Change the note "Price change"' }).click();
    const change = dialog(page, "Change the note");
    await change.getByLabel("What happened").fill("Prices up");
    await change.getByLabel("On which day").fill(day(3));
    await change.getByRole("button", { name: "Save the note" }).click();
    await notes.getByText("Prices up").waitFor();
    const { annotations } = await house().ask(`/api/v1/annotations?from=${day(3)}&to=${day(2)}`);
    assert.deepEqual(annotations.map(({ text }) => text), ["Prices up"]);
    await page.getByRole("button", { name: 'Remove the note "Prices up"' }).click();
    await dialog(page, "Remove the note").getByRole("button", { name: "Remove" }).click();
    await notes.waitFor({ state: "detached" });
    await page.locator(".mark").waitFor({ state: "detached" });
    assert.deepEqual(complaints, []);
    await context.close();
  });
}

export function walkBoards(house, axe) {
  walkKeeping(house, axe);
  walkChanging(house);
  walkStates(house);
  walkNotes(house);
}
