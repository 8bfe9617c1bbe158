// Walks of the ways that messages go out by: set up, tried out, looked at, and removed.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";

import { holds, logIn, openPage } from "./house.mjs";

export function walkChannels(house) {
  test("a mail server is set up with a key, whose secrets stay inside", async () => {
    const { page, context, complaints } = await openPage(house());
    const { privateKey } = generateKeyPairSync("ed25519");
    await logIn(house(), page, "/settings?tab=channels");
    await page.getByText("email/outbox").waitFor();
    await page.getByRole("button", { name: "Add a provider" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name", { exact: true }).fill("main");
    await dialog.getByLabel("Host").fill("smtp.club.example");
    await dialog.getByLabel("User name").fill("club");
    await dialog.getByLabel("Password", { exact: true }).fill("open sesame");
    await dialog.getByLabel("Sender: Address").fill("news@club.example");
    await dialog.getByLabel("Bounce domain").fill("bounce.club.example");
    await dialog.getByRole("button", { name: "Add a key" }).click();
    await holds(dialog.getByLabel("Domain", { exact: true }), "club.example");
    const pem = privateKey.export({ type: "pkcs8", format: "pem" });
    await dialog.getByLabel("Private key (PEM)").fill(pem);
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
    const main = page.getByRole("listitem").filter({ hasText: "email/main" });
    await main.getByText("smtp.club.example:587").waitFor();
    await main.getByText("What to publish in the DNS").click();
    await main.getByText("candor1._domainkey.club.example").waitFor();
    await main.getByText("p=").waitFor();

    await main.getByRole("button", { name: "Change" }).click();
    await dialog.getByText("Set. Leave it empty to keep it.").first().waitFor();
    await holds(dialog.getByLabel("Password", { exact: true }), "");
    await dialog.getByText("More settings").click();
    await dialog.getByLabel("Messages a second at most").fill("50");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
    const { channels } = await house().ask("/api/v1/channels");
    const saved = channels.find((one) => one.provider === "main");
    assert.deepEqual([saved.settings.per_second, saved.settings.password], [50, { set: true }]);
    await main.getByRole("button", { name: "Delete" }).click();
    await dialog.getByRole("button", { name: "Delete" }).click();
    await main.waitFor({ state: "detached" });
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("a webhook gets a secret, and an outbox keeps what goes out", async () => {
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, "/settings?tab=channels");
    await page.getByRole("button", { name: "Add a provider" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Channel").selectOption("webhook");
    await dialog.getByLabel("Name", { exact: true }).fill("crm");
    await dialog.getByLabel("URL").fill("https://hooks.club.example/x");
    await dialog.getByRole("button", { name: "Make a secret" }).click();
    assert.match(await dialog.locator("code").innerText(), /^whsec_/);
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
    const crm = page.getByRole("listitem").filter({ hasText: "webhook/crm" });
    await crm.getByText("ready").waitFor();

    const outbox = page.getByRole("listitem").filter({ hasText: "email/outbox" });
    await outbox.getByRole("button", { name: "Test" }).click();
    await dialog.getByLabel("Send a test to").fill("me@club.example");
    await dialog.getByRole("button", { name: "Send the test" }).click();
    await dialog.getByText("The provider took it.").waitFor();
    await dialog.getByRole("link", { name: "See it in the outbox" }).click();
    await page.frameLocator("iframe[title=Message]").getByText("This tests the provider email/outbox").waitFor();
    await page.getByRole("dialog").getByText("In words").click();
    await page.getByLabel("In words").getByText("If you can read it").waitFor();
    await page.getByRole("button", { name: "Close" }).click();
    await page.waitForURL((url) => !url.search.includes("message"));
    assert.deepEqual(complaints, []);
    await context.close();
  });
}
