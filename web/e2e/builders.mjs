// Walks of what Trends and Funnels ask beyond one event and one order, and of who is behind their numbers.
import assert from "node:assert/strict";
import { test } from "node:test";

import { behind, files, FROM, json, number, panel, RANGE, removed, savedToBoard, TO } from "./asked.mjs";
import { logIn, openPage } from "./house.mjs";

const range = { from: FROM, to: TO };
const RULE = { all: [{ person: { property: "Plan", op: "eq", value: "free" } }] };
const STEPS = [{ event: "Product Viewed" }, { event: "Added To Cart" }, { event: "Charged" }];

const close = async (page) => {
  await page.keyboard.press("Escape");
  await panel(page).waitFor({ state: "detached" });
};
const settled = (page) => page.locator('[aria-busy="false"][data-old="false"] table.numbers').waitFor();
/** The first numbers of each row of the table: buttons and words alike. */
const rowsOf = (page) =>
  page.locator("table.numbers tbody tr").evaluateAll((rows) =>
    rows.map((row) => [...row.querySelectorAll("td.number")].map((cell) => cell.innerText.trim())),
  );

/** A segment for the walk alone. */
async function withSegment(house, then) {
  const { id } = await house.ask("/api/v1/segments", { name: "Free plan", definition: RULE });
  try {
    await then(id);
  } finally {
    await removed(house, `/api/v1/segments/${id}`);
  }
}

export function walkBuilders(house) {
  test("Trends counts several events, makes a formula of them, and compares the period before", async () => {
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, `/trends?${RANGE}&event=Product+Viewed&measure=total`);
    await settled(page);
    await page.getByRole("button", { name: "Add an event" }).click();
    const other = page.getByRole("combobox", { name: "Event B" });
    await other.fill("Charged");
    await page.getByRole("option", { name: "Charged", exact: true }).click();
    await page.getByLabel("Measure of B").selectOption("total");
    await page.getByRole("rowheader", { name: "B Charged" }).waitFor();
    await settled(page);
    const events = [
      { event: "Product Viewed", measure: "total" },
      { event: "Charged", measure: "total" },
    ];
    const two = await house().ask("/api/v1/insights/trend", { events, ...range });
    const shown = await rowsOf(page);
    assert.deepEqual(
      shown.map(([total]) => number(total)),
      two.series.map(({ total }) => total),
    );
    // The people behind one interval of one of the events.
    await page.locator("table.numbers tbody tr").nth(1).locator("td button").nth(1).click();
    const at = two.series[1].points.find(({ value }) => value > 0).at;
    const question = { events, ...range };
    const { count } = await house().ask("/api/v1/insights/trend/people", { question, cell: { at, series: "B" } });
    assert.equal(await behind(page), count);
    await page.waitForURL(/cell=/);
    await page.reload();
    assert.equal(await behind(page), count);
    await close(page);
    await page.getByLabel("Formula").fill("B / A * 100");
    await page.keyboard.press("Enter");
    await page.getByRole("rowheader", { name: "B / A * 100" }).waitFor();
    await page.getByRole("button", { name: "Period" }).click();
    await page.getByLabel("Compare with the period before").check();
    await page.keyboard.press("Escape");
    await page.getByRole("columnheader", { name: "Period before" }).waitFor();
    await settled(page);
    const formula = { events, formula: "B / A * 100", compare: "previous", ...range };
    const { series } = await house().ask("/api/v1/insights/trend", formula);
    const [[total, before]] = await rowsOf(page);
    assert.ok(Math.abs(number(total) - series[0].total) < 0.01, `${total} ${series[0].total}`);
    const then = series[0].previous.total;
    assert.ok(then === null ? before === "–" : Math.abs(number(before.split(" ")[0]) - then) < 0.01, before);
    await page.getByLabel("Formula").fill("B /");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("the name of an event (A, B)").waitFor();
    await page.getByText("Below is the last good answer").waitFor();
    await page.getByRole("button", { name: "Remove event A" }).click();
    await page.getByRole("rowheader", { name: "Charged" }).waitFor();
    await page.waitForURL((url) => !/formula|more=/.test(url.search));
    // The browser notes the formula that was refused.
    assert.deepEqual(complaints.filter((text) => !/status of 400/.test(text)), []);
    await context.close();
  });

  test("Trends adds up, looks back, and lays segments beside each other", async () => {
    const { page, context, complaints } = await openPage(house());
    await withSegment(house(), async (id) => {
      await logIn(house(), page, `/trends?${RANGE}&event=Charged`);
      await settled(page);
      const last = async () => number((await rowsOf(page))[0].at(-1));
      for (const [over, more] of [
        ["all", { cumulative: true }],
        ["7", { rolling: 7 }],
      ]) {
        await page.getByLabel("What each value is over").selectOption(over);
        await page.waitForURL(over === "all" ? /cumulative=true/ : /rolling=7/);
        await settled(page);
        const asked = { event: "Charged", measure: "uniques", ...range, ...more };
        const { series } = await house().ask("/api/v1/insights/trend", asked);
        assert.equal(await last(), series[0].points.at(-1).value);
        await page.locator("table.numbers tbody td button").last().click();
        assert.equal(await behind(page), series[0].points.at(-1).value);
        await close(page);
      }
      await page.getByLabel("Compare a segment").selectOption(id);
      await page.getByRole("rowheader", { name: "Free plan" }).waitFor();
      await settled(page);
      const segments = [{ name: id, people: { segment: id } }];
      const asked = { event: "Charged", measure: "uniques", ...range, rolling: 7, segments };
      const { series } = await house().ask("/api/v1/insights/trend", asked);
      const of = series.find(({ segment }) => segment === id);
      const row = page.getByRole("row", { name: /^Free plan/ });
      assert.equal(number(await row.locator("td").first().innerText()), of.total);
      await row.getByRole("button").first().click();
      assert.equal(await behind(page), of.total);
      await panel(page).getByText("Free plan, Whole period").waitFor();
      await close(page);
      assert.match(await files(page, /^count-unique-people-who-did-charged-comparing-free-plan/), /^Segment,/);
      await page.getByRole("button", { name: "Compare Free plan no more" }).click();
      await page.waitForURL((url) => !url.search.includes("segments"));
    });
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("Trends breaks down by three properties, each number with its people, as a card too", async () => {
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, `/trends?${RANGE}&event=Charged&measure=total`);
    await settled(page);
    await page.getByLabel("Breakdown", { exact: true }).selectOption("event:OS");
    await page.getByLabel("Breakdown 2").selectOption("person:Plan");
    await page.getByLabel("Breakdown 3").selectOption("event:Category");
    await page.getByRole("columnheader", { name: "OS · Plan · Category" }).waitFor();
    assert.equal(await page.getByLabel("Breakdown 4").count(), 0, "the API takes three");
    await settled(page);
    const breakdown = [
      { property: "OS", scope: "event" },
      { property: "Plan", scope: "person" },
      { property: "Category", scope: "event" },
    ];
    const asked = { events: [{ event: "Charged", measure: "total" }], ...range, breakdown, limit: 8 };
    const { series } = await house().ask("/api/v1/insights/trend", asked);
    const shown = await rowsOf(page);
    assert.deepEqual(
      shown.map(([total]) => number(total)),
      series.map(({ total }) => total),
    );
    const [first] = series;
    const name = first.key.map((value) => value ?? "(none)").join(" · ");
    await page.getByRole("rowheader", { name, exact: true }).waitFor();
    await page.locator("table.numbers tbody td button").first().click();
    const of = { question: asked, cell: { key: first.key } };
    const { count } = await house().ask("/api/v1/insights/trend/people", of);
    assert.equal(await behind(page), count);
    await page.reload();
    assert.equal(await behind(page), count);
    await close(page);
    assert.match(await files(page, /by-os-plan-category/), /^OS,Plan,Category,Whole period,/);
    const board = await savedToBoard(page, "By three");
    await page.getByRole("link", { name: /by OS, Plan, Category/ }).click();
    await page.getByRole("columnheader", { name: "OS · Plan · Category" }).waitFor();
    await page.getByLabel("Breakdown 2").selectOption({ label: "(take it away)" });
    await page.getByRole("columnheader", { name: "OS · Category" }).waitFor();
    await removed(house(), `/api/v1${board}`);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("Funnels go in any order, exclude, hold, and count attempts, as the API does", async () => {
    const { page, context, complaints } = await openPage(house());
    await logIn(house(), page, `/funnels?${RANGE}&steps=${json(STEPS)}`);
    const counts = async () => (await rowsOf(page)).map(([count]) => number(count));
    const same = async (more) => {
      await settled(page);
      const { steps } = await house().ask("/api/v1/insights/funnel", { steps: STEPS, ...range, ...more });
      assert.deepEqual(await counts(), steps.map(({ count }) => count));
      return steps;
    };
    await page.locator("ol.funnel li").nth(2).waitFor();
    const plain = await same({});
    await page.getByLabel("In which order").selectOption("strict");
    await page.waitForURL(/order=strict/);
    const strict = await same({ order: "strict" });
    assert.ok(strict[1].count < plain[1].count, "it is another question");
    await page.getByLabel("In which order").selectOption("any");
    await page.getByText("All 3 of them").first().waitFor();
    await same({ order: "any" });
    await page.getByLabel("In which order").selectOption("ordered");
    await page.waitForURL((url) => !url.search.includes("order"));
    await page.getByRole("button", { name: "Exclude an event" }).click();
    const excluded = page.getByRole("combobox", { name: "Excluded event 1", exact: true });
    await excluded.fill("Checkout Started");
    await page.getByRole("option", { name: "Checkout Started" }).click();
    await page.getByLabel("Excluded event 1: after step").selectOption("2");
    await page.waitForURL(/after%22%3A2|"after":2/);
    const without = await same({ exclude: [{ event: "Checkout Started", after: 2, before: 3 }] });
    assert.ok(without[2].count < plain[2].count, "whoever checks out between is out");
    await page.getByRole("button", { name: "Exclude event 1 no more" }).click();
    await page.waitForURL((url) => !url.search.includes("exclude"));
    await page.getByLabel("What is the same at every step").selectOption("Category");
    await page.waitForURL(/hold=/);
    await same({ hold: ["Category"] });
    await page.getByRole("button", { name: "Category may differ" }).click();
    await page.getByLabel("What is counted").selectOption("attempts");
    await page.getByRole("columnheader", { name: "Attempts" }).waitFor();
    const attempts = await same({ count: "attempts" });
    assert.ok(attempts[0].count > plain[0].count, "there are more attempts than people");
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("Funnels tell how long it took, and who came and who was lost", async () => {
    const { page, context, complaints } = await openPage(house());
    await withSegment(house(), async (id) => {
      const asked = { steps: STEPS, ...range, times: true, segments: [{ name: id, people: { segment: id } }] };
      const answer = () => house().ask("/api/v1/insights/funnel", asked);
      // Live traffic goes on: an attempt may come further, and people change their plan.
      const before = await answer();
      const alike = async (shown, of) => {
        const after = await answer();
        const told = [of(before), of(after)].map((one) => JSON.stringify(one));
        assert.ok(told.includes(JSON.stringify(shown)), `${JSON.stringify(shown)} is none of ${told}`);
      };
      await logIn(house(), page, `/funnels?${RANGE}&steps=${json(STEPS)}&segments=${json([id])}`);
      const rows = page.locator("table.numbers tbody tr");
      await rows.nth(5).waitFor();
      for (const [row, way, people] of [
        [2, 0, ({ steps }) => steps[2].count],
        [1, 1, ({ steps }) => steps[0].count - steps[1].count],
        [3, 0, ({ segments }) => segments[0].steps[0].count],
      ]) {
        await rows.nth(row).locator("td button").nth(way).click();
        await alike(await behind(page), people);
        await close(page);
      }
      const columns = page.locator(".columns .column");
      const shown = async () =>
        (await columns.locator("span").allInnerTexts()).map((text) => number(text));
      const counts = (bins) => bins.map(({ count }) => count);
      await alike(await shown(), ({ times }) => counts(times));
      await page.getByLabel("From where to where").selectOption("2");
      await alike(await shown(), ({ steps }) => counts(steps[1].times));
      await page.getByLabel("Of whom").selectOption({ label: "Free plan" });
      await alike(await shown(), ({ segments }) => counts(segments[0].steps[1].times));
      const csv = await files(page, /^people-who-did-product-viewed-then-added-to-cart/);
      assert.match(csv, /^Group,Step,Event,People,/);
      assert.match(csv, /How long it took,from_ms,to_ms,People/);
    });
    assert.deepEqual(complaints, []);
    await context.close();
  });
}
