// Walks of the addresses that are never written to: put on the list, met at a message, taken off.
import assert from "node:assert/strict";
import { test } from "node:test";

import { draft } from "./campaigns.mjs";
import { logIn, openPage, picture } from "./house.mjs";
import { makeMembers } from "./members.mjs";

const LIST = "/settings?tab=suppressions";
/** More than a page of the list holds. */
const MANY = 60;

export function walkSuppressions(house) {
  test("an address on the list gets nothing, its message leads there, and it is taken off", async () => {
    const { ada } = await makeMembers(house());
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, LIST);
    await page.getByText("No address is on the list").waitFor();
    const address = page.getByLabel("E-mail address");
    await address.fill("no address");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("An address like ann@example.org").waitFor();
    assert.deepEqual(complaints.splice(0).filter((text) => !/status of 400/.test(text)), []);
    await address.fill(` ${ada.email.toUpperCase()}`);
    await page.keyboard.press("Enter");
    await page.getByRole("status").getByText(`${ada.email} is on the list`).waitFor();
    const row = page.getByRole("row").filter({ hasText: ada.email });
    await row.getByText("Put here by hand").waitFor();
    await row.getByText(house().email).waitFor();
    await picture(page, "suppressions-1280");

    const { id } = await draft(house(), { name: "For nobody on the list" });
    await house().ask(`/api/v1/campaigns/${id}/publish`, {});
    await page.goto(`${house().base}/campaigns/${id}`);
    await page.getByRole("link", { name: "1 never to be written to" }).click({ timeout: 20_000 });
    const rows = page.getByRole("region", { name: "Messages" }).locator("tbody tr");
    await rows.getByRole("button", { name: /^Details of the message/ }).click();
    const detail = page.getByRole("dialog", { name: "Message" });
    await detail.getByRole("link", { name: "never to be written to" }).click();
    await page.waitForURL(/tab=suppressions/);
    await page.goto(`${house().base}/people/${ada.id}`);
    await page.getByRole("region", { name: "Messages" }).getByRole("link", { name: "never to be written to" }).click();

    // By keyboard alone: it says what that means, and can be left as it is.
    const dialog = page.getByRole("dialog", { name: "Take off the list" });
    const takeOff = page.getByRole("button", { name: `Take off ${ada.email}` });
    await takeOff.focus();
    await page.keyboard.press("Enter");
    await dialog.getByText(`Campaigns may write to ${ada.email} again`).waitFor();
    await dialog.getByText("perhaps because its reader asked for it").waitFor();
    await picture(page, "suppressions-take-off-1280", false);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await takeOff.and(page.locator(":focus")).waitFor();
    await page.keyboard.press("Enter");
    await dialog.getByRole("button", { name: "Take off" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("No address is on the list").waitFor();
    assert.deepEqual((await house().ask("/api/v1/suppressions")).suppressions, []);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("a long list goes on when it is asked for, and what was put on last is taken off again", async () => {
    for (let n = 0; n < MANY; n++) {
      await house().ask("/api/v1/suppressions", { channel: "email", address: `left-${n}@club.example` });
    }
    const { page, context, complaints } = await openPage(house(), { viewport: { width: 390, height: 844 } });
    await logIn(house(), page, LIST);
    await page.getByText("50 addresses shown").waitFor();
    await page.getByRole("button", { name: "More addresses" }).click();
    await page.getByText(`${MANY} addresses shown. These are all.`).waitFor();
    await page.getByLabel("E-mail address").fill("wrong@club.example");
    await page.getByRole("button", { name: "Never write to it" }).click();
    const said = page.getByRole("status").filter({ hasText: "wrong@club.example is on the list" });
    await page.getByText(`${MANY + 1} addresses shown`).waitFor();
    await picture(page, "suppressions-390", false);
    await said.getByRole("button", { name: "Take off" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Take off" }).click();
    await said.waitFor({ state: "detached" });
    await page.getByText(`${MANY} addresses shown`).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("who may only look sees the list masked, and is told who can change it", async () => {
    const made = await house().ask("/api/v1/tokens", { name: "looker", scopes: ["read"] });
    const extraHTTPHeaders = { authorization: `Bearer ${made.token}` };
    const { page, context } = await openPage(house(), { extraHTTPHeaders });
    await page.goto(house().base + LIST);
    await page.getByText("You see addresses masked").waitFor();
    assert.equal(await page.getByText("@club.example").count(), 0);
    await page.getByLabel("E-mail address").fill("mine@club.example");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("lacks the scope 'engage'").waitFor();
    await page.getByRole("button", { name: "Take off this address" }).first().click();
    await page.getByRole("dialog").getByRole("button", { name: "Take off" }).click();
    await page.getByRole("dialog").getByRole("alert").getByText("lacks the scope 'engage'").waitFor();
    await context.close();
  });
}
