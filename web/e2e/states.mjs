// Walks of the states of a page that are not an answer: nothing yet, not allowed.
import assert from "node:assert/strict";
import { test } from "node:test";

import { logIn, openEmpty, openPage } from "./house.mjs";

const MAIL = encodeURIComponent(JSON.stringify([{ property: "Email", scope: "person" }]));

export function walkStates(house) {
  test("a new publisher is told what to do, and sees the first event come", async () => {
    const empty = await openEmpty(house().browser);
    const { page, context, complaints } = await openPage(empty);
    await logIn(empty, page);
    await page.getByText("three steps to the first picture").waitFor();
    await page.getByText("Your policy is strict").waitFor();
    await page.getByRole("link", { name: "Make a token" }).click();
    await page.waitForURL(/settings\?tab=tokens/);
    await page.getByRole("heading", { name: "Make a token" }).waitFor();
    await page.goBack();
    await page.getByRole("link", { name: "Open the snippets" }).waitFor();
    // Nobody was asked: what comes is refused, and the page says so.
    const event = { type: "event", identity: "visitor", name: "Came" };
    await empty.ask("/api/v1/events", { records: [event] });
    await page.getByText("Something comes, and is refused").waitFor({ timeout: 15_000 });
    await page.getByRole("link", { name: "See why at the gate" }).click();
    await page.getByText("The person has not allowed it").waitFor();
    await page.getByRole("link", { name: "Today" }).click();
    await empty.ask("/api/v1/consents", { identity: "visitor", purposes: { analytics: true } });
    await empty.ask("/api/v1/events", { records: [event] });
    await page.getByText("People active now").waitFor({ timeout: 15_000 });
    await page.getByRole("cell", { name: "Came" }).waitFor();
    await page.goto(`${empty.base}/funnels`);
    await page.getByText("A funnel has at least two steps").waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
    await empty.close();
  });

  test("who may not see who people are is told so, and who can", async () => {
    const made = await house().ask("/api/v1/tokens", { name: "reader", scopes: ["read"] });
    const extraHTTPHeaders = { authorization: `Bearer ${made.token}` };
    const { page, context } = await openPage(house(), { extraHTTPHeaders });
    await page.goto(`${house().base}/trends?by=${MAIL}`);
    const told = page.getByRole("alert");
    await told.getByText("Not allowed").waitFor();
    assert.match(await told.innerText(), /tells who people are.+Someone with the scope people can look/s);
    await page.goto(`${house().base}/settings?tab=tokens`);
    await page.getByRole("alert").getByText("Someone with the scope admin").waitFor();
    assert.equal(await page.getByRole("button", { name: "Make a token" }).count(), 0);
    await context.close();
  });
}
