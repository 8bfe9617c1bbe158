// Walks of templates: written beside a preview, for somebody, in languages, in versions.
import assert from "node:assert/strict";
import { test } from "node:test";

import { holds, logIn, openPage } from "./house.mjs";
import { makeMembers } from "./members.mjs";

const MJML = (text) =>
  `<mjml><mj-body><mj-section><mj-column><mj-text>${text}</mj-text></mj-column></mj-section></mj-body></mjml>`;

const body = (page) => page.locator(".cm-content");
const framed = (page) => page.frameLocator("iframe[title=Preview]").locator("body");

export function walkTemplates(house) {
  test("a template is written beside its preview, which says what is wrong and where", async () => {
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, "/templates");
    await page.getByText("No template yet").waitFor();
    await page.getByRole("button", { name: "New template" }).click();
    await page.getByRole("menuitem", { name: "New mail" }).click();
    await framed(page).getByText("Hello there").waitFor();
    await page.getByLabel("Name", { exact: true }).fill("Club news");
    await page.getByLabel("Subject").fill("News of ");

    // A field goes where the cursor is; one that the purpose does not allow says why.
    await page.getByRole("button", { name: "Insert a field" }).click();
    const fields = page.getByRole("dialog", { name: "Insert a field" });
    await fields.getByRole("button", { name: "Plan behaviour" }).waitFor();
    await fields.getByLabel("Find a field").fill("Name");
    const name = fields.getByRole("button", { name: /^Name identity: not allowed for marketing:email/ });
    assert.ok(await name.isDisabled());
    await fields.getByLabel("Find a field").fill("plan");
    await fields.getByRole("button", { name: "Plan behaviour" }).click();
    await holds(page.getByLabel("Subject"), "News of {{ user.Plan }}");
    await page.getByText("News of ‹Plan›").waitFor();

    // A mistake is told at its line, and the last good picture stays.
    await body(page).fill(`${MJML("Hi")}\n<mj-nope`);
    await page.getByText("It cannot be made yet").waitFor();
    await page.getByText(/^Body, line \d+/).waitFor();
    await page.locator(".cm-wrong").waitFor();
    assert.deepEqual(complaints.splice(0).filter((text) => !/400/.test(text)), []);
    await framed(page).getByText("Hello there").waitFor();
    await body(page).fill(MJML("Your plan: {{ user.Plan }}"));
    await framed(page).getByText("Your plan: ‹Plan›").waitFor();
    await page.getByText("It cannot be made yet").waitFor({ state: "detached" });

    // What is not saved outlives a reload.
    await page.reload();
    await page.getByText("What you wrote before").waitFor();
    await holds(page.getByLabel("Name", { exact: true }), "Club news");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.waitForURL(/templates\/[0-9a-f]{16}/);
    await page.getByText("Version 1, saved").waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("it is looked at for somebody, who may lack what it needs", async () => {
    const { ada, bo } = await makeMembers(house());
    const { templates } = await house().ask("/api/v1/templates");
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, `/templates/${templates[0].id}`);
    const choose = async (text) => {
      await page.getByRole("button", { name: /^As for/ }).click();
      await page.getByLabel("Identity, e-mail, phone or device").fill(text);
      await page.keyboard.press("Enter");
      await page.getByRole("dialog", { name: /^As for/ }).getByRole("button", { name: text }).click();
    };
    await choose(ada.email);
    await framed(page).getByText("Your plan: gold").waitFor();
    await page.waitForURL(new RegExp(ada.id));
    await choose(bo.email);
    await page.getByText("user.Plan is missing").waitFor();
    await page.getByText("would get nothing").first().waitFor();
    await page.getByText("Phone", { exact: true }).click();
    await page.getByText("Text", { exact: true }).click();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("it has languages and versions, and who comes second is told", async () => {
    const { templates } = await house().ask("/api/v1/templates");
    const [{ id }] = templates;
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, `/templates/${id}`);
    await page.getByRole("button", { name: "Add a language" }).click();
    const language = page.getByRole("dialog", { name: "Add a language" });
    await language.getByLabel("Language").fill("german");
    await language.getByRole("button", { name: "Add" }).click();
    await language.getByText("A language is a tag like").waitFor();
    await language.getByLabel("Language").fill("de");
    await language.getByText("German").waitFor();
    await language.getByRole("button", { name: "Add" }).click();
    await page.waitForURL(/language=de/);
    await page.getByLabel("Subject").fill("Neues");
    await page.getByLabel("Whoever reads another language gets").selectOption("drop");
    await page.getByRole("button", { name: "Save the changes" }).click();
    await page.getByText("Saved as version 2").waitFor();

    const { content } = await house().ask(`/api/v1/templates/${id}`);
    assert.deepEqual([content.email.languages.de.subject, content.email.missing_translation], ["Neues", "drop"]);
    content.email.languages.de.subject = "Anderes";
    await house().put(`/api/v1/templates/${id}`, { name: "Club news", content });
    await page.getByLabel("Subject").fill("Meines");
    await page.getByRole("button", { name: "Save the changes" }).click();
    await page.getByText("Somebody saved another version meanwhile").waitFor();
    assert.deepEqual(complaints.splice(0).filter((text) => !/409/.test(text)), []);
    await page.getByRole("button", { name: "Lay mine over it" }).click();
    await page.getByText("Saved as version 4").waitFor();
    const row = page.getByRole("region", { name: "Versions" }).last().getByRole("row");
    await row.filter({ hasText: /^3/ }).getByRole("button", { name: "Bring back" }).click();
    await page.waitForFunction(() => [...document.querySelectorAll("input")].some((one) => one.value === "Anderes"));
    await page.getByText("Changed and not saved").waitFor();
    await page.getByRole("button", { name: "Back to what is saved" }).click();
    assert.deepEqual(complaints, []);
    await context.close();
  });
}
