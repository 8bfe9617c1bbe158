// Walks of the rules about what events add up to, what people are interested in, of what kind they
// are and where: built, counted, and kept when something else is changed.
import assert from "node:assert/strict";
import { test } from "node:test";

import { logIn, openPage } from "./house.mjs";

const json = (value) => encodeURIComponent(JSON.stringify(value));
const number = (text) => Number(/[\d,]+/.exec(text)[0].replaceAll(",", ""));
const SPENT = {
  sum: { event: "Charged", property: "Amount", op: "gte", value: 100, within: { last: "30d" } },
};
const LIKES = {
  interest: { event: "Product Viewed", property: "Category", value: "Shoes", mode: "at_least", percent: 20 },
};
const KIND = { rfm: { name: "Champions", last: "30d" } };
const NEAR = { in_region: { lat: 19.1, lon: 72.9, km: 500 } };

const ruleOf = (page) => JSON.parse(new URL(page.url()).searchParams.get("rule"));

/** What the page counts, once it counts the rule in its address. */
async function counted(page) {
  const status = page.getByRole("status").filter({ hasText: "people match now" });
  await page.waitForTimeout(500);
  await page.locator('.card > [data-old="false"]').filter({ has: status }).waitFor();
  return number(await status.innerText());
}

/** Live traffic goes on between what the page counts and what the API does. */
async function countsAlike(house, page) {
  const shown = await counted(page);
  const { people } = await house.ask("/api/v1/segments/count", { definition: ruleOf(page) });
  assert.ok(Math.abs(shown - people) < 20, `${shown} ${people}`);
  return shown;
}

async function add(page, kind) {
  await page.getByRole("button", { name: "Add a rule", exact: true }).click();
  await page.getByRole("menuitem", { name: kind }).click();
}

export function walkRules(house) {
  test("what events add up to, interests, kinds and places are rules that are built and counted", async () => {
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, `/segments/new?rule=${json({ any: [{ sample: { percent: 1 } }] })}`);
    await counted(page);
    const at = (place) => page.locator(`[data-place="${place}"]`);
    const event = (place) => at(place).getByRole("combobox", { name: "Event", exact: true });
    const choose = async (place, name) => {
      await event(place).fill(name);
      await page.getByRole("option", { name, exact: true }).click();
    };
    await add(page, "What their events add up to");
    await at(2).getByLabel("What is added up").selectOption("event:Amount");
    await choose(2, "Charged");
    await at(2).getByLabel("When").selectOption("last");
    await at(2).getByLabel("Condition").selectOption("gte");
    await at(2).getByText("Not complete").waitFor();
    await at(2).getByLabel("Number").last().fill("100");
    await at(2).getByText("Not complete").waitFor({ state: "detached" });
    await add(page, "What they are most interested in");
    await at(3).getByLabel("What prevails").selectOption("event:Category");
    await choose(3, "Product Viewed");
    await at(3).getByRole("combobox", { name: "Value", exact: true }).fill("Shoes");
    await page.keyboard.press("Enter");
    await at(3).getByLabel("How much it prevails").selectOption("at_least");
    await at(3).getByLabel("Number").fill("20");
    await at(3).getByLabel("Number").press("Enter");
    await page.waitForURL((url) => url.search.includes("percent%22%3A20") || url.search.includes('percent":20'));
    await at(1).getByRole("button", { name: "Remove rule 1" }).click();
    assert.deepEqual(ruleOf(page), { any: [SPENT, LIKES] });
    assert.ok((await countsAlike(house(), page)) > 0);
    await add(page, "A kind, by recency");
    await at(3).getByLabel("Number").fill("30");
    await at(3).getByLabel("Number").press("Enter");
    await add(page, "Where they were last");
    await at(4).getByLabel("Kilometres").fill("500");
    await at(4).getByLabel("Kilometres").press("Enter");
    await at(4).getByLabel("Latitude").fill("19.1");
    await at(4).getByLabel("Latitude").press("Enter");
    await at(4).getByLabel("Longitude").fill("72.9");
    await at(4).getByLabel("Longitude").press("Enter");
    await at(4).getByText("Not complete").waitFor({ state: "detached" });
    assert.deepEqual(ruleOf(page), { any: [SPENT, LIKES, KIND, NEAR] });
    await countsAlike(house(), page);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("a segment keeps the rules that are not changed, whoever made them", async () => {
    const { page, context, complaints } = await openPage(house());
    const hours = { interest: { event: "*", property: "$hour", value: [9, 10, 11], mode: "predominant" } };
    const odd = { person: { property: "Plan", op: "in", value: ["gold", 7, true] } };
    const all = [{ not: SPENT }, { any: [LIKES, hours] }, KIND, { not: NEAR }, odd, { inactive: { for: "90s" } }];
    const { id } = await house().ask("/api/v1/segments", { name: "Made elsewhere", definition: { all } });
    await logIn(house(), page, `/segments/${id}`);
    await page.getByText("hour of the day").first().waitFor({ state: "attached" });
    // Another name alone: nothing of the rule is said anew.
    await page.getByLabel("Name", { exact: true }).fill("Made by others");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Made by others" }).waitFor();
    const read = async () => (await house().ask(`/api/v1/segments/${id}`)).definition;
    assert.deepEqual(await read(), { all });
    await page.locator('[data-place="3"]').getByLabel("Kind of people").selectOption("Loyal");
    await page.getByText("Changed and not saved").waitFor();
    await page.getByRole("button", { name: "Save the changes" }).click();
    await page.getByRole("status").filter({ hasText: "Saved" }).waitFor();
    assert.deepEqual(await read(), { all: all.with(2, { rfm: { ...KIND.rfm, name: "Loyal" } }) });
    await page.goto(`${house().base}/segments`);
    await page.getByText("who are Loyal by Charged and its Amount in the last 30 days").waitFor();
    const headers = { authorization: `Bearer ${house().token}` };
    await fetch(`${house().base}/api/v1/segments/${id}`, { method: "DELETE", headers });
    assert.deepEqual(complaints, []);
    await context.close();
  });
}
