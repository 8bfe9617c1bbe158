// Walks of segments: a rule built, counted, saved, frozen and used; a file of identities.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { holds, logIn, openPage } from "./house.mjs";

const json = (value) => encodeURIComponent(JSON.stringify(value));
const number = (text) => Number(/[\d,]+/.exec(text)[0].replaceAll(",", ""));
const BOUGHT = { did: { event: "Charged", times: { at_least: 2 }, within: { last: "30d" } } };
const RULE = { all: [{ consented: { purpose: "analytics" } }, BOUGHT] };

/** What the page counts, once it counts the rule in its address. */
async function counted(page) {
  const status = page.getByRole("status").filter({ hasText: "people match now" });
  await page.waitForTimeout(500);
  await page.locator('.card > [data-old="false"]').filter({ has: status }).waitFor();
  return number(await status.innerText());
}

const ruleOf = (page) => JSON.parse(new URL(page.url()).searchParams.get("rule"));

async function add(page, kind) {
  await page.getByRole("button", { name: "Add a rule", exact: true }).click();
  await page.getByRole("menuitem", { name: kind }).click();
}

const segmentsOf = async (house) => (await house.ask("/api/v1/segments")).segments;

export function walkSegments(house) {
  test("a segment is built as a sentence, by keyboard where one likes, and counted as the API counts", async () => {
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, "/segments");
    await page.getByText("No segment yet").waitFor();
    await page.getByRole("link", { name: "Make a segment" }).click();
    const everyone = await counted(page);
    const event = page.getByRole("combobox", { name: "Event", exact: true });
    await event.fill("Charged");
    await page.getByRole("option", { name: "Charged" }).click();
    await page.getByLabel("How often").selectOption("at_least");
    await page.getByLabel("When").selectOption("last");
    await add(page, "A yes they said");
    // The keyboard is in what was added.
    await page.waitForFunction(() => document.activeElement.closest('[data-place="2"]'));
    await page.getByLabel("Purpose").selectOption("analytics");
    await page.waitForURL((url) => url.search.includes("analytics"));
    const before = await counted(page);
    await page.getByRole("button", { name: "Move rule 2 up" }).focus();
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.activeElement.ariaLabel === "Move rule 1 down");
    assert.deepEqual(ruleOf(page), RULE);
    const shown = await counted(page);
    const { people } = await house().ask("/api/v1/segments/count", { definition: RULE });
    // Live traffic goes on between the two.
    assert.ok(shown > 0 && shown < everyone && Math.abs(shown - people) < 20, `${shown} ${people}`);
    assert.ok(Math.abs(shown - before) < 20);

    await add(page, "A trait they have");
    await page.getByText("Not complete: this is not counted yet").waitFor();
    assert.ok(await page.getByRole("button", { name: "Save", exact: true }).isDisabled());
    const link = page.url();
    await page.reload();
    await page.getByText("Not complete: this is not counted yet").waitFor();
    assert.equal(page.url(), link);
    await holds(event, "Charged");
    await page.getByRole("button", { name: "Remove rule 3" }).focus();
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.activeElement.ariaLabel === "Remove rule 2");

    await page.getByLabel("Name", { exact: true }).fill("Buyers");
    await page.keyboard.press("Enter");
    await page.waitForURL(/segments\/[0-9a-f]{16}$/);
    await page.getByRole("heading", { name: "Buyers" }).waitFor();
    const [saved] = await segmentsOf(house());
    assert.deepEqual([saved.name, saved.definition], ["Buyers", RULE]);
    await page.goBack();
    await page.goForward();
    await page.goto(`${house().base}/segments`);
    const row = page.getByRole("row").filter({ hasText: "Buyers" });
    await row.getByText("People who said yes to analytics, and who did Charged at least 2 times").waitFor();
    await row.getByRole("cell", { name: /^\d+$/ }).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("a saved segment is changed, kept under another name, and put back", async () => {
    const { page, context, complaints } = await openPage(house());
    const [{ id }] = await segmentsOf(house());
    await logIn(house(), page, `/segments/${id}`);
    await page.getByLabel("Number").first().fill("3");
    await page.getByText("Changed and not saved").waitFor();
    await page.getByRole("button", { name: "Back to what is saved" }).click();
    await page.waitForURL((url) => !url.search.includes("rule"));
    await page.getByLabel("Number").first().fill("4");
    await page.getByText("Changed and not saved").waitFor();
    await page.getByRole("button", { name: "Save as another" }).click();
    await page.getByRole("dialog").getByLabel("Name").fill("Often");
    await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { name: "Often" }).waitFor();
    const often = (await segmentsOf(house())).find((one) => one.name === "Often");
    assert.equal(often.definition.all[1].did.times.at_least, 4);
    await page.getByLabel("Number").first().fill("5");
    await page.getByText("Changed and not saved").waitFor();
    await page.getByRole("button", { name: "Save the changes" }).click();
    await page.getByText("Version 2, saved").waitFor();
    await page.getByRole("status").filter({ hasText: "Saved" }).waitFor();
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.waitForURL(/segments$/);
    assert.deepEqual((await segmentsOf(house())).map((one) => one.name), ["Buyers"]);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("groups lie within groups and can be turned into their contrary", async () => {
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, `/segments/new?rule=${json(RULE)}`);
    const all = await counted(page);
    await add(page, "A group of rules");
    await page.getByLabel("How the rules count together").nth(1).selectOption("none");
    const inner = page.locator('[data-place="3"]');
    await inner.getByRole("combobox", { name: "Event", exact: true }).fill("Search Performed");
    await page.keyboard.press("Enter");
    await inner.getByRole("button", { name: "Add a rule to this group" }).click();
    await page.getByRole("menuitem", { name: "Doing nothing for a while" }).click();
    await page.getByLabel("Number").last().fill("5");
    await page.waitForURL((url) => url.search.includes("5d"));
    const none = { not: { any: [{ did: { event: "Search Performed" } }, { inactive: { for: "5d" } }] } };
    const rule = { all: [...RULE.all, none] };
    assert.deepEqual(ruleOf(page), rule);
    const shown = await counted(page);
    const { people } = await house().ask("/api/v1/segments/count", { definition: rule });
    assert.ok(shown < all && Math.abs(shown - people) < 20, `${shown} ${people}`);
    await page.goBack();
    await page.waitForURL((url) => !url.search.includes("5d"));
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("a segment is looked into, frozen, used in Trends and Funnels, and not deleted while it is used", async () => {
    const { page, context, complaints } = await openPage(house());
    const [{ id }] = await segmentsOf(house());
    await logIn(house(), page, `/segments/${id}`);
    await page.getByRole("button", { name: "Show who they are" }).click();
    const first = page.getByRole("rowheader").first();
    await first.waitFor();
    const name = await first.innerText();
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByText("Page 2").waitFor();
    await page.waitForFunction((old) => document.querySelector("tbody th").innerText !== old, name);
    await page.getByRole("button", { name: "Previous" }).click();
    await page.getByRole("link", { name }).click();
    await page.waitForURL(/people\/p_/);
    await page.goBack();

    await page.getByRole("button", { name: "Freeze" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText(/\d people are in it now/).waitFor();
    await dialog.getByLabel("Name").fill("Buyers then");
    await dialog.getByRole("button", { name: "Freeze" }).click();
    await page.getByRole("heading", { name: "Buyers then" }).waitFor();
    const list = (await segmentsOf(house())).find((one) => one.list);
    await page.getByText(`A list of ${list.list.people} people`).waitFor();
    assert.equal(list.list.of, id);
    assert.equal(await counted(page), list.list.people);

    const asked = (event) => ({ event, measure: "uniques", from: day(27), to: day(-1), people: { segment: list.id } });
    await page.goto(`${house().base}/trends?event=Charged`);
    await page.getByLabel("Whose events count").selectOption({ label: "Buyers then" });
    await page.waitForURL(new RegExp(`segment=${list.id}`));
    await page.getByRole("img", { name: /Charged, for people in Buyers then/ }).waitFor();
    const answer = await house().ask("/api/v1/insights/trend", asked("Charged"));
    assert.equal(number(await page.locator("td strong").first().innerText()), answer.series[0].total);
    await page.getByRole("button", { name: "Segment", exact: true }).click();
    await page.waitForURL(/segments\/new\?rule=/);
    assert.equal(await counted(page), answer.series[0].total);
    const steps = ["Product Viewed", "Charged"].map((event) => ({ event }));
    await page.goto(`${house().base}/funnels?segment=${list.id}&steps=${json(steps)}`);
    await page.locator("ol.funnel").waitFor();
    const came = number(await page.locator("table.numbers tbody td.number").first().innerText());
    assert.ok(came > 0 && came <= list.list.people, `${came}`);
    await page.getByRole("link", { name: "who did step 1" }).click();
    assert.equal(await counted(page), came);

    const others = await house().ask("/api/v1/segments", { name: "Others", definition: { not: { segment: id } } });
    await page.goto(`${house().base}/segments/${id}`);
    await page.getByRole("button", { name: "Delete" }).click();
    await dialog.getByRole("button", { name: "Delete" }).click();
    await dialog.getByText("is made of it: change that first").waitFor();
    // The browser notes the 409.
    assert.ok(complaints.splice(0).every((text) => /409/.test(text)));
    await dialog.getByRole("link", { name: "Others" }).click();
    await page.waitForURL(new RegExp(others.id));
    await page.getByRole("button", { name: "Delete" }).click();
    await dialog.getByRole("button", { name: "Delete" }).click();
    await page.waitForURL(/segments$/);
    await page.getByRole("row").filter({ hasText: "Others" }).waitFor({ state: "detached" });
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("a file of identities becomes a list, and says which lines were nobody", async () => {
    const { page, context, complaints } = await openPage(house());
    for (const identity of ["fair-1", "fair-2"]) {
      await house().ask("/api/v1/consents", { identity, purposes: { analytics: true } });
      await house().ask("/api/v1/events", { records: [{ type: "event", identity, name: "Visited Stand" }] });
    }
    const visited = { definition: { did: { event: "Visited Stand" } } };
    while ((await house().ask("/api/v1/segments/count", visited)).people < 2) await page.waitForTimeout(300);
    await logIn(house(), page, "/segments");
    await page.getByRole("button", { name: "Upload a list" }).click();
    const dialog = page.getByRole("dialog");
    const file = "City,Customer ID\nPune,fair-1\nDelhi,who\nPune,fair-2\n";
    const dropped = await page.evaluateHandle((text) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text], "The fair.csv", { type: "text/csv" }));
      return transfer;
    }, file);
    await page.dispatchEvent(".drop", "drop", { dataTransfer: dropped });
    await holds(dialog.getByLabel("Name"), "The fair");
    await dialog.getByLabel("Column with the identities").selectOption("Customer ID");
    await dialog.getByRole("button", { name: "Upload a list" }).click();
    await dialog.getByText("2 people were found and are on the list.").waitFor();
    await dialog.getByText("1 line was nobody.").waitFor();
    const [rejects] = await Promise.all([
      page.waitForEvent("download"),
      dialog.getByRole("button", { name: "Lines and reasons, CSV" }).click(),
    ]);
    assert.match(readFileSync(await rejects.path(), "utf8"), /^line,reason\n3,nobody has this identity\n$/);
    await dialog.getByRole("link", { name: "Open the list" }).click();
    await page.getByText("A list of 2 people, out of a file").waitFor();
    await page.getByText("1 line was nobody.").waitFor();
    assert.equal(await counted(page), 2);
    await page.getByRole("link", { name: "Segments" }).first().click();
    await page.getByText("kept, ").waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });
}

/** A day so many days ago, in the publisher's zone. */
function day(ago) {
  const zone = { timeZone: "Asia/Kolkata" };
  return new Intl.DateTimeFormat("en-CA", zone).format(Date.now() - ago * 86_400_000);
}
