// Walks of a person on their own page: with script from the link, without by pasting it.
import assert from "node:assert/strict";
import { test } from "node:test";

import { eventually, openPage } from "./house.mjs";

const IDENTITY = "privacy-1";

/** Somebody who said yes to mails, with one link for a mail and one for the logged in. */
async function makePerson(house) {
  const purposes = { analytics: true, "marketing:email": true };
  const { subject } = await house.ask("/api/v1/consents", { identity: IDENTITY, purposes, method: "banner" });
  const set = { Email: "mira@shop.example", Name: "Mira Rao", Plan: "gold" };
  const event = (name, at) => ({ type: "event", identity: IDENTITY, name, at });
  const records = [
    event("Charged", "2026-11-20T10:00:00Z"),
    event("Charged", "2026-11-21T11:30:00Z"),
    event("Product Viewed", "2026-11-20T09:00:00Z"),
    { type: "profile", identity: IDENTITY, set },
  ];
  await house.ask("/api/v1/events", { records });
  const link = (shows) => house.ask(`/api/v1/people/${subject}/privacy`, { shows });
  const { account_id: account } = await house.ask("/api/v1/account");
  const at = ({ token }) => `${house.base}/privacy/${account}#${token}`;
  return { values: at(await link("values")), names: at(await link("names")) };
}

const latest = async (house) => {
  const { consents } = await house.ask(`/api/v1/consents?identity=${IDENTITY}`);
  return consents.at(-1);
};

export function walkPrivacy(house, axe) {
  let links;
  test("a person withdraws on their own page, and its address forgets who they are", async () => {
    links = await makePerson(house());
    const { page, context, complaints } = await openPage(house());
    const asked = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(links.values);
    await page.getByText("mira@shop.example").waitFor();
    assert.ok(!page.url().includes("#"));
    const token = links.values.split("#")[1];
    assert.ok(asked.every((url) => !url.split("#")[0].includes(token)), "no server sees the token");
    await page.getByRole("button", { name: "Withdraw: E-mails" }).click();
    await page.getByRole("status").getByText("Not allowed: E-mails").waitFor();
    const said = await eventually(() => latest(house()), (last) => last.method === "person's page");
    assert.deepEqual(said.purposes, { "marketing:email": false });
    // By keyboard, back again.
    await page.getByRole("button", { name: "Allow: E-mails" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("status").getByText("Recorded. Allowed: E-mails").waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("without script the link is pasted, and a mail's link shows no values", async () => {
    const { page, context, complaints } = await openPage(house(), { javaScriptEnabled: false });
    await page.goto(links.names);
    await page.getByLabel("Your link").fill(links.names);
    await page.getByRole("button", { name: "Open" }).click();
    await page.getByText("What is held").waitFor();
    assert.equal(await page.getByText("mira@shop.example").count(), 0);
    await page.getByRole("button", { name: "Withdraw: E-mails" }).click();
    await page.getByRole("status").getByText("Not allowed: E-mails").waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  for (const [width, colorScheme] of [[1280, "light"], [390, "dark"]]) {
    test(`the person's page hinders nobody at ${width} px, ${colorScheme}`, async () => {
      const viewport = { width, height: 900 };
      const { page, context } = await openPage(house(), { viewport, colorScheme, bypassCSP: true });
      const refused = `${links.names.split("#")[0]}#nobody`;
      for (const address of [links.values, refused, refused.split("#")[0]]) {
        await page.goto("about:blank");
        await page.goto(address);
        await page.waitForFunction(() => !location.hash && document.querySelector("h1"));
        await page.waitForLoadState();
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => window.axe.run(document));
        assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map((n) => n.html)]), []);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= width, `${address} is ${wide} px wide`);
        const name = process.env.PICTURES && `${process.env.PICTURES}/privacy-${width}`;
        if (name && address === links.values) await page.screenshot({ path: `${name}.png`, fullPage: true });
        if (name && address === refused) await page.screenshot({ path: `${name}-refused.png` });
      }
      await context.close();
    });
  }
}
