// Walks of Settings: what apps are told, the policy, tokens.
import assert from "node:assert/strict";
import { test } from "node:test";

import { logIn, openPage } from "./house.mjs";

export function walkSettings(house) {
  test("Settings tells apps where to send, and refuses a policy that is none", async () => {
    const { page, context } = await openPage(house());
    await logIn(house(), page, "/settings");
    const web = await page.getByLabel("Web", { exact: true }).last().innerText();
    const { host } = new URL(house().base);
    assert.match(web, new RegExp(`id: "DEMO-SHOP" }, "", "${host}", "ACCOUNT_TOKEN"`));
    const code = (name) => page.getByLabel(name, { exact: true }).last().innerText();
    assert.match(await code("Web, from npm"), new RegExp(`init\\("DEMO-SHOP", "", "${host}", "ACCOUNT_TOKEN"\\)`));
    for (const key of ["ACCOUNT_ID", "TOKEN", "PROXY_DOMAIN", "SPIKY_PROXY_DOMAIN"]) {
      assert.match(await code("Android"), new RegExp(`"CLEVERTAP_${key}" android:value="`));
    }
    for (const key of ["AccountID", "Token", "ProxyDomain", "SpikyProxyDomain"]) {
      assert.match(await code("iOS"), new RegExp(`<key>CleverTap${key}</key>`));
    }
    await page.getByRole("tab", { name: "Policy" }).click();
    await page.waitForURL(/tab=policy/);
    await page.getByRole("button", { name: "Change the policy" }).click();
    const text = page.getByRole("textbox", { name: "Policy" });
    await text.fill("{");
    await page.getByText("This is not JSON").waitFor();
    await text.fill('{"preset": "lax", "purposes": {}}');
    await page.getByRole("button", { name: "Save as a new version" }).click();
    await page.getByText("This did not work").waitFor();
    await context.close();
  });

  test("a token is made, shown once, and taken back", async () => {
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, "/settings");
    await page.getByRole("tab", { name: "API tokens" }).click();
    await page.getByLabel("Name").fill("walker");
    await page.getByLabel(/^read:/).check();
    await page.getByRole("button", { name: "Make a token" }).click();
    const token = await page.getByRole("status").locator("code").innerText();
    const ask = () =>
      fetch(`${house().base}/api/v1/events/names`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal((await ask()).status, 200);
    const row = page.getByRole("row").filter({ hasText: "walker" });
    await row.getByRole("button", { name: "Take back" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Take back" }).click();
    await row.waitFor({ state: "detached" });
    assert.equal((await ask()).status, 401);
    assert.deepEqual(complaints, []);
    await context.close();
  });
}
