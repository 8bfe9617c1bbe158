// Walks of what is done with an answer: files, pictures, and what is read to who does not see.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { logIn, openPage } from "./house.mjs";

const json = (value) => encodeURIComponent(JSON.stringify(value));
const STEPS = json(["Product Viewed", "Added To Cart", "Charged"].map((event) => ({ event })));

async function saved(page, action) {
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: action, exact: true }).click(),
  ]);
  return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) };
}

/** The size of a PNG, from its header. */
function sizeOf(png) {
  assert.equal(png.subarray(1, 4).toString(), "PNG");
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20) };
}

export function walkAnswers(house) {
  test("an answer goes out as a picture and a table, named by its question", async () => {
    const { page, context, complaints } = await openPage(house(), { viewport: { width: 390, height: 844 } });
    await logIn(house(), page, `/trends?event=Charged&by=${json([{ property: "OS", scope: "event" }])}`);
    await page.locator("canvas").waitFor();
    const png = await saved(page, "PNG");
    assert.match(png.name, /^count-unique-people-who-did-charged-by-os-per-day-.+\.png$/);
    // As wide on a telephone as on a screen, at twice the density.
    assert.equal(sizeOf(png.bytes).width, 2_400);
    const csv = await saved(page, "CSV");
    assert.equal(csv.name, png.name.replace(/png$/, "csv"));
    assert.match(csv.bytes.toString(), /^OS,Whole period,/);
    await page.goto(`${house().base}/funnels?steps=${STEPS}`);
    await page.locator("ol.funnel li").nth(2).waitFor();
    const funnel = await saved(page, "PNG");
    assert.match(funnel.name, /^people-who-did-product-viewed-then-added-to-cart-then-charged/);
    assert.equal(sizeOf(funnel.bytes).width, 2_400);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("a chart is told in words", async () => {
    const { page, context } = await openPage(house());
    await logIn(house(), page, "/trends?event=Charged");
    const chart = page.getByRole("img", { name: "Count unique people who did Charged, per day" });
    await chart.waitFor();
    const told = await chart.evaluate(
      (node) => document.getElementById(node.getAttribute("aria-describedby")).textContent,
    );
    assert.match(told, /^Charged: [\d,]+ on .+, most [\d,]+ on .+, least [\d,]+ on .+ is not over yet\.$/);
    await page.goto(`${house().base}/funnels?steps=${STEPS}`);
    const funnel = page.locator("ol.funnel");
    await funnel.waitFor();
    const way = await funnel.getAttribute("aria-description");
    assert.match(way, /^Of [\d,]+ people at 1\. Product Viewed, [\d,]+ \(.+%\) came to 3\. Charged\./);
    await funnel.getByText("median from step 1").waitFor();
    await context.close();
  });

  test("names beside lines do not stand on each other", async () => {
    const { page, context } = await openPage(house());
    await logIn(house(), page, `/trends?by=${json([{ property: "Category", scope: "event" }])}`);
    await page.locator(".end").first().waitFor();
    const boxes = await page.locator(".end").evaluateAll((all) => all.map((one) => one.getBoundingClientRect().y));
    boxes.sort((one, other) => one - other);
    assert.ok(boxes.length > 3);
    for (let n = 1; n < boxes.length; n++) assert.ok(boxes[n] - boxes[n - 1] >= 15.9, `${boxes}`);
    await context.close();
  });
}
