// Walks of campaigns: from a draft in steps to a report, messages, and the switch that stops all.
import assert from "node:assert/strict";
import { test } from "node:test";

import { holds, logIn, openPage } from "./house.mjs";
import { makeMembers } from "./members.mjs";

const next = (page) => page.getByRole("button", { name: "Continue" }).click();
const state = (page) => page.locator("main [role=status] .badge").first();

/** A draft for the club, with content that needs nothing. */
export async function draft(house, more) {
  const { segment } = await makeMembers(house);
  const variant = { subject: "Hello", html: '<p>Hello <a href="https://club.example/x">x</a></p>' };
  const email = { default_language: "en", languages: { en: variant } };
  return house.ask("/api/v1/campaigns", {
    name: "Made by hand",
    channel: "email",
    provider: "outbox",
    audience: { segment },
    content: { email },
    ...more,
  });
}

export function walkCampaigns(house) {
  test("a campaign goes from a draft in steps to a report, and each number to its messages", async () => {
    const { ada } = await makeMembers(house());
    const offer = { subject: "An offer", html: "<p>Your plan: {{ user.Plan }}</p>" };
    const content = { email: { default_language: "en", languages: { en: offer } } };
    await house().ask("/api/v1/templates", { name: "Club offer", content });
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, "/campaigns");
    await page.getByText("No campaign yet").waitFor();
    await page.getByRole("link", { name: "Make a campaign" }).click();
    await page.getByText("Give it a name.").waitFor();
    await page.getByLabel("Name", { exact: true }).fill("Club in March");
    await page.getByText("A saved segment").click();
    await page.getByLabel("Segment", { exact: true }).selectOption({ label: "Club" });
    await page.getByRole("status").filter({ hasText: "3 people match now" }).waitFor();
    // Loading the page again loses nothing.
    await page.reload();
    await holds(page.getByLabel("Name", { exact: true }), "Club in March");
    await next(page);

    await page.waitForURL(/campaigns\/[0-9a-f]{16}\/edit\?.*step=what/);
    await page.getByText("Choose a template, or write it here.").waitFor();
    await page.getByLabel("Template", { exact: true }).selectOption({ label: "Club offer" });
    await page.frameLocator("iframe[title=Preview]").getByText("Your plan: ‹Plan›").waitFor();
    await next(page);
    await page.waitForURL(/step=when/);
    await page.getByLabel("Not too fast").click();
    await page.getByLabel("At once").waitFor();
    await next(page);
    await page.waitForURL(/step=goal/);
    await page.getByLabel("They are to do something").click();
    await page.getByText("Choose the event that people are to do").waitFor();
    await page.getByRole("combobox", { name: "Event", exact: true }).fill("Charged");
    await page.keyboard.press("Enter");
    await next(page);

    await page.waitForURL(/step=review/);
    await page.getByText("3 people, 1 would get it now").waitFor();
    await page.getByText("1 without consent, 1 without data that it needs").waitFor();
    await page.getByText("At most 600 a minute").waitFor();
    await page.getByText("Charged within 7 days").waitFor();
    await page.getByRole("button", { name: "Choose somebody" }).click();
    await page.getByLabel("Identity, e-mail, phone or device").fill(ada.email);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: ada.email, exact: true }).click();
    await page.getByLabel("Sent to").fill("me@club.example");
    await page.getByRole("button", { name: "Send the test" }).click();
    await page.getByText("The provider took it.").waitFor();

    // Half of the people lack what it needs: that is said before it goes out.
    await page.getByRole("button", { name: "Publish", exact: true }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Of 3 people, 1 would get a message as things stand.").waitFor();
    await dialog.getByText("user.Plan").waitFor();
    await dialog.getByRole("button", { name: "Publish and send" }).click();
    await dialog.getByText("would get nothing because data is missing").waitFor();
    assert.deepEqual(complaints.splice(0).filter((text) => !/409/.test(text)), []);
    await dialog.getByLabel("Publish all the same").check();
    await dialog.getByRole("button", { name: "Publish and send" }).click();

    await page.waitForURL(/campaigns\/[0-9a-f]{16}$/);
    await state(page).filter({ hasText: "completed" }).waitFor({ timeout: 20_000 });
    const report = page.getByRole("list", { name: "Report" });
    await report.getByRole("link", { name: "Planned: 3" }).waitFor();
    await page.getByRole("link", { name: "1 data is missing" }).waitFor();
    await page.getByRole("link", { name: "1 no consent" }).waitFor();
    await report.getByRole("link", { name: "Sent: 1" }).click();

    await page.waitForURL(/messages\?.*state=accepted/);
    const rows = page.getByRole("region", { name: "Messages" }).locator("tbody tr");
    await rows.first().waitFor();
    assert.equal(await rows.count(), 1);
    await rows.getByRole("link", { name: ada.id.slice(0, 12) }).waitFor();
    await rows.getByRole("button", { name: /^Details of the message/ }).click();
    const detail = page.getByRole("dialog", { name: "Message" });
    await detail.getByText("They answered to this rule").waitFor();
    assert.equal(await detail.getByLabel("passed").count(), 9);
    await page.reload();
    await detail.getByRole("link", { name: "See it as it would have gone out" }).click();
    await page.waitForURL(/tab=outbox/);
    const mail = page.frameLocator("iframe[title=Message]");
    await mail.getByText("Your plan: gold").waitFor();
    await page.getByRole("dialog").getByText("Headers").click();
    await page.getByText("Message-ID").waitFor();

    await page.goto(`${house().base}/people/${ada.id}`);
    await page.getByRole("link", { name: "Club in March" }).click();
    await page.waitForURL(/messages\?person=/);
    await page.getByRole("dialog", { name: "Message" }).getByText("What became of it").waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("a campaign that runs is paused, resumed and stopped, and says what that means", async () => {
    const { id } = await draft(house(), { name: "Slow", per_minute: 1 });
    const at = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 16);
    const later = await draft(house(), { name: "Later", schedule: { once: { at } } });
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, `/campaigns/${id}`);
    await page.getByText("This is a draft").waitFor();
    await house().ask(`/api/v1/campaigns/${id}/publish`, {});
    await page.reload();
    await state(page).filter({ hasText: "running" }).waitFor();
    const act = async (name) => {
      await page.getByRole("button", { name, exact: true }).click();
      await page.getByRole("dialog").getByRole("button", { name, exact: true }).click();
    };
    await act("Pause");
    await state(page).filter({ hasText: "paused" }).waitFor();
    await page.getByRole("button", { name: "Stop", exact: true }).click();
    await page.getByText("1 message that has not gone out never does").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Stop", exact: true }).click();
    await state(page).filter({ hasText: "stopped" }).waitFor();
    await page.goto(`${house().base}/messages?campaign=${id}&reason=stopped`);
    await page.getByRole("region", { name: "Messages" }).getByText("stopped by somebody").first().waitFor();

    await house().ask(`/api/v1/campaigns/${later.id}/publish`, {});
    await page.goto(`${house().base}/campaigns/${later.id}`);
    await page.getByText("It has not fired yet").waitFor();
    await act("Pause");
    await state(page).filter({ hasText: "paused" }).waitFor();
    await act("Resume");
    await state(page).filter({ hasText: "scheduled" }).waitFor();
    await act("Stop");
    await state(page).filter({ hasText: "stopped" }).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("everything is stopped at once, and every page says so until it is switched on again", async () => {
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, "/campaigns");
    await page.getByRole("button", { name: "Stop everything" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Stop everything" }).click();
    await page.getByText("All messages are switched off").waitFor();
    for (const path of ["/templates", "/messages", "/campaigns/new"]) {
      await page.goto(house().base + path);
      await page.getByText("All messages are switched off").waitFor();
    }
    await page.getByRole("link", { name: "Campaigns" }).first().click();
    await page.getByRole("button", { name: "Switch on again" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Switch on again" }).click();
    await page.getByText("All messages are switched off").waitFor({ state: "detached" });
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("above a size a second person approves", async () => {
    const { id } = await draft(house(), { name: "Large" });
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, "/campaigns");
    const above = async (text) => {
      await page.getByRole("button", { name: "Rules for all campaigns" }).click();
      await page.getByRole("menuitem", { name: "Rules for all campaigns" }).click();
      await page.getByLabel("A second person approves above").fill(text);
      await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
      await page.getByRole("dialog").waitFor({ state: "detached" });
    };
    await above("2");
    await page.goto(`${house().base}/campaigns/${id}/edit?step=review`);
    await page.getByRole("button", { name: "Publish", exact: true }).click();
    await page.getByText("For more than 2 people a second person approves").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Publish and send" }).click();
    await page.getByText("It waits for somebody else to approve it").waitFor();
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Approve" }).click();
    await page.getByText("somebody else than who published it has to approve it", { exact: false }).waitFor();
    assert.deepEqual(complaints.splice(0).filter((text) => !/409/.test(text)), []);
    await page.keyboard.press("Escape");
    await house().ask(`/api/v1/campaigns/${id}/approve`, {});
    await page.reload();
    await state(page).filter({ hasText: "completed" }).waitFor({ timeout: 20_000 });
    await page.getByText("approved by token").waitFor();
    await page.goto(`${house().base}/campaigns`);
    await above("");
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("who may only look is told so, and who can write", async () => {
    const { id } = await draft(house(), { name: "Not theirs" });
    const made = await house().ask("/api/v1/tokens", { name: "onlooker", scopes: ["read"] });
    const extraHTTPHeaders = { authorization: `Bearer ${made.token}` };
    const { page, context } = await openPage(house(), { extraHTTPHeaders });
    await page.goto(`${house().base}/campaigns/${id}`);
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByRole("alert").getByText("lacks the scope 'engage'").waitFor();
    await page.goto(`${house().base}/campaigns`);
    await page.getByRole("link", { name: "Not theirs" }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Stop everything" }).count(), 0);
    await page.goto(`${house().base}/settings?tab=outbox`);
    await page.getByRole("alert").getByText("lacks the scope 'people'").waitFor();
    await page.goto(`${house().base}/campaigns/0123456789abcdef`);
    await page.getByText("There is no campaign by this id").waitFor();
    await context.close();
  });
}
