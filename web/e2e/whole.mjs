// The whole job in one walk: a segment, a mail, a test, out it goes, the report, one person; that
// person says no on their own page, and the next time there is one message fewer.
import assert from "node:assert/strict";
import { test } from "node:test";

import { eventually, holds, logIn, openPage, picture } from "./house.mjs";

const RING = ["eve", "fay", "gus"];
const mailOf = (identity) => `${identity}@ring.example`;
const MAIL =
  "<mjml><mj-body><mj-section><mj-column><mj-text>Come and see us.</mj-text>" +
  '<mj-text><a href="https://ring.example/winter">In winter</a></mj-text>' +
  '<mj-text><a href="{{ preferences_url }}">What we hold of you</a></mj-text>' +
  "</mj-column></mj-section></mj-body></mjml>";

/** Three people who did something that nobody else did, and who allow mails. */
async function makeRing(house) {
  const purposes = { analytics: true, "marketing:email": true };
  for (const identity of RING) await house.ask("/api/v1/consents", { identity, purposes, method: "form" });
  const of = (identity) => [
    { type: "profile", identity, set: { Email: mailOf(identity) } },
    { type: "event", identity, name: "Joined Ring" },
  ];
  await house.ask("/api/v1/events", { records: RING.flatMap(of) });
}

/** Nobody follows a link so soon after it went out, but machines do. */
const TOO_SOON_MS = 3_200;

/** One of them opens the mail, another one follows its link, by a browser that is none of ours. */
async function visit(house) {
  await new Promise((done) => setTimeout(done, TOO_SOON_MS));
  const { messages } = await house.ask("/api/v1/outbox?limit=100");
  const headers = { "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" };
  for (const [identity, kind] of [["fay", "o"], ["gus", "l"]]) {
    const { id } = messages.find(({ to }) => to === mailOf(identity));
    const { html } = await house.ask(`/api/v1/outbox/${id}`);
    const path = new RegExp(`/${kind}/[\\w.~-]+`).exec(html)[0];
    const { status } = await fetch(house.base + path, { headers, redirect: "manual" });
    assert.equal(status, kind === "l" ? 302 : 200);
  }
}

const next = (page) => page.getByRole("button", { name: "Continue" }).click();

async function publish(page, name) {
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("would get a message as things stand").waitFor();
  await picture(page, name, false);
  await dialog.getByRole("button", { name: "Publish and send" }).click();
  await page.waitForURL(/campaigns\/[0-9a-f]{16}$/);
}

export function walkWhole(house) {
  test("from a segment to a person who says no, and one message fewer", async () => {
    await makeRing(house());
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, "/segments/new");
    await page.getByRole("combobox", { name: "Event", exact: true }).fill("Joined Ring");
    await page.getByRole("option", { name: "Joined Ring" }).click();
    await page.getByRole("status").filter({ hasText: "3 people match now" }).waitFor();
    await page.getByLabel("Name", { exact: true }).fill("Ring");
    await picture(page, "whole-1-segment");
    await page.keyboard.press("Enter");
    await page.waitForURL(/segments\/[0-9a-f]{16}$/);

    await page.goto(`${house().base}/templates/new`);
    await page.getByLabel("Name", { exact: true }).fill("Ring news");
    await page.getByLabel("Subject").fill("News of the ring");
    await page.locator(".cm-content").fill(MAIL);
    await page.frameLocator("iframe[title=Preview]").getByText("Come and see us.").waitFor();
    await picture(page, "whole-2-template");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.waitForURL(/templates\/[0-9a-f]{16}/);

    await page.goto(`${house().base}/campaigns/new`);
    await page.getByLabel("Name", { exact: true }).fill("Ring in winter");
    await page.getByText("A saved segment").click();
    await page.getByLabel("Segment", { exact: true }).selectOption({ label: "Ring" });
    await page.getByRole("status").filter({ hasText: "3 people match now" }).waitFor();
    await next(page);
    await page.getByLabel("Template", { exact: true }).selectOption({ label: "Ring news" });
    await page.frameLocator("iframe[title=Preview]").getByText("Come and see us.").waitFor();
    await next(page);
    await next(page);
    await next(page);
    await page.getByText("3 people, 3 would get it now").waitFor();
    await page.getByRole("button", { name: "Choose somebody" }).click();
    await page.getByLabel("Identity, e-mail, phone or device").fill(mailOf("eve"));
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: mailOf("eve"), exact: true }).click();
    await page.getByLabel("Sent to").fill("me@ring.example");
    await page.getByRole("button", { name: "Send the test" }).click();
    await page.getByText("The provider took it.").waitFor();
    await picture(page, "whole-3-review");
    await publish(page, "whole-4-publish");
    const campaign = page.url();
    const id = campaign.split("/").pop();
    const completed = page.locator("main [role=status] .badge").filter({ hasText: "completed" });
    await completed.first().waitFor({ timeout: 20_000 });

    // From the report to one of them, and to what they got.
    await page.getByRole("list", { name: "Report" }).getByRole("link", { name: "Sent: 3" }).waitFor();
    await picture(page, "whole-5-report");
    await page.getByRole("list", { name: "Report" }).getByRole("link", { name: "Sent: 3" }).click();
    const rows = page.getByRole("region", { name: "Messages" }).locator("tbody tr");
    await rows.first().waitFor();
    assert.equal(await rows.count(), 3);
    await rows.first().getByRole("link").first().click();
    await page.waitForURL(/people\//);
    const person = new URL(page.url()).pathname.split("/").pop();
    // The archive stays on screen until the person's page is there: its rows are no items of a list.
    await page.getByRole("listitem").getByRole("link", { name: "Ring in winter" }).click();
    const detail = page.getByRole("dialog", { name: "Message" });
    await detail.getByRole("link", { name: "See it as it would have gone out" }).click();
    const mail = page.frameLocator("iframe[title=Message]");
    await mail.getByText("Come and see us.").waitFor();
    await picture(page, "whole-6-mail", false);
    const own = await mail.getByRole("link", { name: "What we hold of you" }).getAttribute("href");

    // What people opened and followed is counted, and each number leads to its messages.
    await visit(house());
    const report = () => house().ask(`/api/v1/campaigns/${id}/report`);
    const followed = ({ funnel }) => funnel.find(({ step }) => step === "clicked").people;
    const { machine } = await eventually(report, (of) => followed(of) === 1);
    assert.deepEqual(machine, { opens: 0, clicks: 0 }, "a look into the outbox opens nothing");
    for (const [name, count] of [["Opened", 2], ["Followed a link", 1]]) {
      await page.goto(campaign);
      const shown = page.getByRole("list", { name: "Report" });
      await shown.getByRole("link", { name: `${name}: ${count}` }).waitFor();
      if (count === 2) await picture(page, "whole-6-visited");
      await shown.getByRole("link", { name: `${name}: ${count}` }).click();
      await page.getByText(count === 1 ? "1 message shown" : `${count} messages shown`).waitFor();
      assert.equal(await rows.count(), count);
    }
    await holds(page.getByLabel("What people did"), "clicked");
    await picture(page, "whole-6-followed");

    // They follow the link of their mail, see why it came, and say no.
    const theirs = await openPage(house(), { viewport: { width: 390, height: 844 } });
    await theirs.page.goto(own);
    await theirs.page.getByText("Ring in winter").first().waitFor();
    await picture(theirs.page, "whole-7-own-page-390");
    await theirs.page.getByRole("button", { name: "Withdraw: E-mails" }).click();
    await theirs.page.getByRole("status").getByText("Not allowed: E-mails").waitFor();
    await picture(theirs.page, "whole-8-withdrawn-390", false);
    assert.deepEqual(theirs.complaints, []);
    await theirs.context.close();

    const forecast = () => house().ask(`/api/v1/campaigns/${id}/forecast`, {});
    await eventually(forecast, (of) => of.reachable === 2);
    await page.goto(`${campaign}/edit?step=review`);
    await page.getByText("3 people, 2 would get it now").waitFor();
    await page.getByText("1 without consent").waitFor();
    // What is out goes out no second time as it stands.
    await page.getByText(/Version \d+ was published as it stands/).waitFor();
    assert.ok(await page.getByRole("button", { name: "Publish", exact: true }).isDisabled());
    await page.getByLabel("Name", { exact: true }).fill("Ring in spring");
    await page.getByRole("button", { name: "Save the draft" }).click();
    await picture(page, "whole-9-review-again");
    await publish(page, "whole-10-publish-again");
    const tallies = async () => {
      const { runs } = await house().ask(`/api/v1/campaigns/${id}`);
      const each = runs.map((run) => [run.state, run.tally.accepted, run.reasons.dropped]);
      return JSON.stringify(each.sort((one, other) => other[1] - one[1]));
    };
    const wanted = JSON.stringify([["finished", 3, {}], ["finished", 2, { no_consent: 1 }]]);
    await eventually(tallies, (each) => each === wanted);
    await page.getByRole("link", { name: "1 no consent" }).first().waitFor();
    await picture(page, "whole-11-report-again");
    await page.getByRole("link", { name: "1 no consent" }).first().click();
    await rows.first().waitFor();
    assert.equal(await rows.count(), 1);
    await rows.getByRole("link", { name: person.slice(0, 12) }).waitFor();
    await picture(page, "whole-12-dropped");
    assert.deepEqual(complaints, []);
    await context.close();
  });
}
