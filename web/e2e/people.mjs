// Walks of people: found by an id, looked at in clear and masked, and followed back to where they began.
import assert from "node:assert/strict";
import { test } from "node:test";

import { holds, logIn, openPage } from "./house.mjs";

const EVENTS = 130;
const EMAIL = "asha@shop.example";
const guid = `__${"a5".repeat(16)}`;

/** Somebody who can be written to and did much, in visits of ten events. */
async function makeAsha(house) {
  const said = (purposes, method) =>
    house.ask("/api/v1/consents", { identity: "asha-1", guid, purposes, method });
  await said({ analytics: true, "marketing:email": false }, "banner");
  await said({ "marketing:email": true }, "settings page");
  const at = (n) => new Date(Date.now() - (n * 60 + Math.floor(n / 10) * 7_200) * 1_000).toISOString();
  const records = Array.from({ length: EVENTS }, (_, n) => ({
    type: "event",
    identity: "asha-1",
    guid,
    name: "Read",
    at: at(n),
    properties: { Category: "Books" },
  }));
  records.push({ type: "profile", identity: "asha-1", set: { Email: EMAIL, Plan: "gold" } });
  await house.ask("/api/v1/events", { records });
  for (;;) {
    const { people } = await house.ask(`/api/v1/people?email=${encodeURIComponent(EMAIL)}`);
    if (people[0]?.events[0]?.count === EVENTS) return people[0].id;
    await new Promise((done) => setTimeout(done, 300));
  }
}

export function walkPeople(house) {
  let id;
  test("a person is found by what one types, and scrolled back to where they began", async () => {
    id = await makeAsha(house());
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, "/people");
    await page.getByText("Nobody is looked for yet").waitFor();
    const box = page.getByLabel("Identity, e-mail, phone or device");
    await box.fill(EMAIL);
    assert.ok(await page.getByLabel("E-mail", { exact: true }).isChecked());
    await page.keyboard.press("Enter");
    const link = page.getByRole("link", { name: EMAIL });
    await link.waitFor();
    // Nobody's address is in an address; reload and back find it all the same.
    assert.ok(!page.url().includes("asha"));
    await page.reload();
    await link.waitFor();
    await holds(box, EMAIL);
    await page.getByText("Phone", { exact: true }).first().click();
    await page.getByRole("button", { name: "Find", exact: true }).click();
    await page.getByText("Nobody has this as their phone number").waitFor();
    await page.getByRole("button", { name: "As e-mail" }).click();
    // The same by the search of every page.
    await page.goto(house().base);
    await page.locator("#content h1").waitFor();
    await page.keyboard.press("/");
    await page.waitForFunction(() => document.activeElement.role === "combobox");
    await page.keyboard.type(EMAIL);
    await page.getByRole("option", { name: `Find the person "${EMAIL}"` }).waitFor();
    await page.keyboard.press("Enter");
    await link.click();
    await page.waitForURL(new RegExp(`people/${id}$`));
    await page.getByRole("heading", { name: EMAIL }).waitFor();

    const consents = page.getByRole("region", { name: "Consents" }).first();
    await consents.getByText("What they said, the newest first").click();
    const said = page.getByRole("region", { name: "What they said" }).locator("tbody tr");
    assert.equal(await said.count(), 3);
    assert.match(await said.first().innerText(), /Yes\s+marketing:email\s+settings page/);
    await page.getByRole("row").filter({ hasText: "Plan" }).getByText("gold").waitFor();
    const did = page.getByRole("row").filter({ hasText: "Read" }).first();
    assert.match(await did.innerText(), new RegExp(`${EVENTS}`));

    const lines = page.locator(".timeline .done-line");
    assert.equal(await lines.count(), 50);
    await lines.first().click();
    await page.locator(".timeline dl.properties").first().getByText("Books").waitFor();
    for (let n = 0; n < 20 && (await page.getByText("This is where it begins").count()) === 0; n++) {
      await page.mouse.wheel(0, 20_000);
      await page.waitForTimeout(300);
    }
    await page.getByText("This is where it begins").waitFor();
    assert.equal(await lines.count(), EVENTS);
    // A visit that two pages of the answer share is one visit.
    assert.equal(await page.locator(".timeline .visit").count(), EVENTS / 10);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("two who are one person are merged, and split again", async () => {
    for (const identity of ["twin-1", "twin-2"]) {
      await house().ask("/api/v1/consents", { identity, purposes: { analytics: true } });
      await house().ask("/api/v1/events", { records: [{ type: "event", identity, name: "Came" }] });
    }
    const find = async (identity) => (await house().ask(`/api/v1/people?identity=${identity}`)).people[0]?.id;
    let [one, other] = [];
    while (!one || !other) [one, other] = [await find("twin-1"), await find("twin-2")];
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, `/people/${one}`);
    const panel = page.getByRole("region", { name: "The same person" });
    await panel.getByText("Nobody else was taken for this person.").waitFor();
    await panel.getByRole("button", { name: "Merge with another" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Identity, e-mail, phone or device").fill("twin-2");
    await page.keyboard.press("Enter");
    await dialog.getByRole("button", { name: new RegExp(`^(twin-2|${other.slice(0, 12)})$`) }).click();
    await dialog.getByText("becomes this person").waitFor();
    await dialog.getByRole("button", { name: "Merge" }).click();
    await panel.getByText("became this person").waitFor();
    assert.equal(await find("twin-2"), one);
    await panel.getByRole("button", { name: /^Split/ }).click();
    await dialog.getByRole("button", { name: "Split" }).click();
    await panel.getByText("taken back").waitFor();
    assert.equal(await find("twin-2"), other);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("who may not see who people are sees them masked, and is told who may", async () => {
    const made = await house().ask("/api/v1/tokens", { name: "looker", scopes: ["read"] });
    const extraHTTPHeaders = { authorization: `Bearer ${made.token}` };
    const { page, context } = await openPage(house(), { extraHTTPHeaders });
    await page.goto(`${house().base}/people/${id}`);
    await page.getByText("You see this person masked").waitFor();
    await page.getByRole("heading", { name: "Somebody", exact: true }).waitFor();
    await page.getByText("is seen by whoever has the scopes consent and people").waitFor();
    await page.locator(".timeline .done-line").first().waitFor();
    assert.ok(!(await page.content()).includes("asha"));
    const saved = (await house().ask("/api/v1/segments")).segments.find((one) => one.definition);
    await page.goto(`${house().base}/segments/${saved.id}?people=true`);
    await page.getByRole("rowheader").first().waitFor();
    await page.getByLabel("Name", { exact: true }).fill("Mine");
    await page.getByRole("button", { name: "Save the changes" }).click();
    await page.getByRole("alert").getByText("lacks the scope 'engage'").waitFor();
    await page.goto(`${house().base}/people/p_${"0".repeat(32)}`);
    await page.getByText("There is nobody by this id").waitFor();
    await context.close();
  });
}
