// Pictures of every page and state, for eyes: node e2e/screenshots.mjs BASE EMAIL PASSWORD FOLDER [NAME…]
import { mkdirSync } from "node:fs";

import { chromium } from "playwright-core";

const [base, email, password, out, ...only] = process.argv.slice(2);
const json = (value) => encodeURIComponent(JSON.stringify(value));
const steps = ["App Launched", "Product Viewed", "Added To Cart", "Charged"].map((event) => ({ event }));
const by = (property, scope = "event") => json([{ property, scope }]);
const where = json([
  { property: "OS", op: "eq", value: "iOS", scope: "event" },
  { property: "Amount", op: "gte", value: 100, scope: "event" },
]);
const hold = (page) => page.route("**/api/v1/insights/**", () => {});
const fail = (page) =>
  page.route("**/api/v1/**", (route) =>
    /account|login/.test(route.request().url())
      ? route.continue()
      : route.fulfill({ status: 503, json: { code: "question_too_long", detail: "the question took too long: ask for less time or fewer groups", errors: [] } }),
  );
const refuse = (page) =>
  page.route("**/api/v1/**", (route) =>
    /account|login/.test(route.request().url())
      ? route.continue()
      : route.fulfill({ status: 403, json: { code: "forbidden", detail: "this token lacks the scope 'people'", errors: [] } }),
  );

const rule = json({
  all: [
    { did: { event: "Charged", times: { at_least: 2 }, within: { last: "30d" } } },
    { not: { any: [{ person: { property: "Plan", op: "eq", value: "gold" } }, { inactive: { for: "14d" } }] } },
    { consented: { purpose: "marketing:email" } },
    { segment: "" },
  ],
});
const ask = async (context, path) => (await context.request.get(base + path)).json();

/** The address of the first saved segment that is a rule, or a list. */
const segment = (kind, more = "") => async (context) => {
  const { segments } = await ask(context, "/api/v1/segments");
  const found = segments.find((one) => (one.list ? (one.list.of ? "frozen" : "uploaded") : "rule") === kind);
  return `/segments/${found?.id}${more}`;
};
/** The address of the first board. */
const board = async (context) => `/boards/${(await ask(context, "/api/v1/boards")).boards[0]?.id}`;

/** The address of somebody in a segment, with a name if one has. */
const person = async (context) => {
  const { segments } = await ask(context, "/api/v1/segments");
  const { people = [] } = await ask(context, `/api/v1/segments/${segments.at(-2)?.id}/people?limit=200`);
  const known = people.filter((one) => one.name).sort((one, other) => other.events - one.events);
  return `/people/${(known[0] ?? people[0])?.id}`;
};
const masked = (page) =>
  page.route("**/api/v1/people/p_*", async (route) => {
    const answer = await route.fetch();
    const hidden = { masked: true };
    const held = await answer.json();
    if ("identity" in held) {
      const traits = { ...held.traits, Name: hidden, Email: hidden, Phone: hidden, Identity: hidden };
      Object.assign(held, { identity: hidden, email: hidden, phone: hidden, guids: hidden, traits });
    }
    await route.fulfill({ response: answer, json: held });
  });
const upload = async (page) => {
  await page.getByRole("button", { name: "Upload a list" }).click();
  const buffer = Buffer.from("identity,city\nmember-1,Pune\nnobody,Delhi\n");
  await page.locator("input[type=file]").setInputFiles({ name: "fair.csv", mimeType: "text/csv", buffer });
};
const find = (text) => async (page) => {
  await page.getByLabel("Identity, e-mail, phone or device").fill(text);
  await page.getByRole("button", { name: "Find", exact: true }).click();
};

/** The address of the campaign that was changed last, of those in a state. */
const campaign = (state, more = "") => async (context) => {
  const { campaigns } = await ask(context, "/api/v1/campaigns");
  const found = campaigns.find((one) => one.state === state) ?? campaigns[0];
  return `/campaigns/${found?.id}${more}`;
};
const template = async (context) => {
  const { templates } = await ask(context, "/api/v1/templates");
  return `/templates/${templates.find((one) => one.channel === "email")?.id}`;
};
const message = (state) => async (context) => {
  const { messages } = await ask(context, `/api/v1/messages?state=${state}&limit=1`);
  return `/messages?state=${state}&message=${messages[0]?.id}`;
};
const kept = async (context) => {
  const { messages } = await ask(context, "/api/v1/outbox?limit=1");
  return `/settings?tab=outbox&message=${messages[0]?.id}`;
};
const press = (name) => (page) => page.getByRole("button", { name, exact: true }).first().click();
const off = (page) =>
  page.route("**/api/v1/engagement", (route) =>
    route.fulfill({ json: { approval_above: 1_000, control_percent: null, stopped: { all: true, channels: [] } } }),
  );
const none = (page) =>
  page.route(/api\/v1\/(campaigns|templates|messages|outbox|channels|suppressions)(\?|$)/, (route) =>
    route.fulfill({ json: { campaigns: [], templates: [], messages: [], channels: [], suppressions: [], cursor: null } }),
  );
const suppressed = (hide) => (page) =>
  page.route(/api\/v1\/suppressions(\?|$)/, (route) => {
    const shown = (address) => (hide ? { masked: true } : address);
    const of = (address, reason, actor) => ({ channel: "email", address, reason, actor, at: "2026-11-20T09:30:00Z" });
    const all = [
      of(shown("ann.the.longest.name@mail.shop.example"), "hard_bounce", "bounce"),
      of(shown("bob@shop.example"), "hard_bounce", "provider"),
      of(shown("cy@shop.example"), "complaint", "bounce"),
      of(shown("di@shop.example"), "manual", "admin@demo.example"),
      of(null, "complaint", "bounce"),
    ];
    const id = (index) => `email-${String(index).padStart(32, "0")}`;
    route.fulfill({ json: { suppressions: all.map((one, index) => ({ id: id(index), ...one })), cursor: id(0) } });
  });
const many = suppressed(false);
const unseen = suppressed(true);
const wrong = async (page) => {
  await page.locator(".cm-content").fill("<mjml>\n  <mj-body>\n    <mj-nope />\n  </mj-body>\n</mjml>");
  await page.waitForTimeout(1_500);
};

/** Name: the address, what to do before and after it is opened. */
const PAGES = {
  today: ["/"],
  trends: ["/trends?event=Charged"],
  compare: ["/trends?event=Charged&compare=true"],
  by: [`/trends?by=${by("OS")}`],
  three: [`/trends?measure=total&by=${json(["OS", "Category", "Plan"].map((property) => ({ property, scope: "event" })))}`],
  many: [`/trends?by=${by("Category")}&measure=total`],
  where: [`/trends?event=Charged&where=${where}&by=${by("Plan", "person")}`],
  sql: [`/sql?sql=${encodeURIComponent("SELECT date_trunc('day', at) AS day, count(*) AS events,\n  count(DISTINCT person) AS people\nFROM events\nGROUP BY day\nORDER BY day")}`],
  "sql-empty": ["/sql"],
  boards: ["/boards"],
  one_board: [board],
  funnels: [`/funnels?steps=${json(steps)}`],
  groups: [`/funnels?steps=${json(steps)}&by=${by("OS")}&compare=true`],
  formula: [`/trends?event=Product+Viewed&measure=total&more=${json([{ event: "Charged", measure: "total" }])}&formula=B+%2F+A&compare=true`],
  several: [`/trends?event=Product+Viewed&more=${json([{ event: "Charged", measure: "uniques" }])}&rolling=7&interval=day`],
  excluded: [`/funnels?steps=${json(steps)}&exclude=${json([{ event: "Checkout Started", after: 2, before: 3 }])}&hold=${json(["Category"])}`],
  over_time: [`/funnels?steps=${json(steps)}&interval=day&compare=true`],
  over_time_step: [`/funnels?steps=${json(steps)}&interval=week&way=3&last=90&by=${by("OS")}`],
  any_order: [`/funnels?steps=${json(steps)}&order=any&attempts=true`],
  board: ["/board"],
  retention: [`/retention?born=${json({ event: "App Launched" })}`],
  retention_groups: [`/retention?by=${by("Plan", "person")}&period=week`],
  retention_nothing: ["/retention?from=2026-01-01&until=2026-01-02"],
  retention_refused: ["/retention", refuse],
  retention_failed: ["/retention", fail],
  behind: ["/retention", undefined, (page) => page.locator(".heat-cell button").nth(2).click()],
  paths: ["/paths"],
  paths_end: [`/paths?end=true&event=${json({ event: "Charged" })}&steps=5`],
  paths_traced: ["/paths", undefined, (page) => page.locator(".sankey-node").nth(4).focus()],
  stickiness: ["/stickiness"],
  rfm: ["/rfm"],
  rfm_moves: ["/rfm?compare=true"],
  rfm_nothing: ["/rfm?from=2026-01-01&until=2026-01-02"],
  rfm_behind: ["/rfm", undefined, (page) => page.locator(".tiles button").first().click()],
  pivot: ["/pivot"],
  pivot_plan: [`/pivot?rows=${by("Category")}&columns=${by("Plan", "person")}&measure=sum:Amount`],
  pivot_loading: ["/pivot", hold],
  pivot_failed: ["/pivot", fail],
  pivot_refused: ["/pivot", refuse],
  people_of: [async (context) => `/trends?event=Charged&segment=${(await segment("rule")(context)).slice(10)}`],
  segments: ["/segments"],
  no_segments: ["/segments", (page) => page.route("**/api/v1/segments", (route) => route.fulfill({ json: { segments: [] } }))],
  upload: ["/segments", undefined, upload],
  new_segment: ["/segments/new"],
  builder: [`/segments/new?rule=${rule}`],
  segment: [segment("rule", "?people=true")],
  frozen: [segment("frozen")],
  uploaded: [segment("uploaded")],
  freeze: [segment("rule"), undefined, (page) => page.getByRole("button", { name: "Freeze" }).click()],
  delete: [segment("rule"), undefined, (page) => page.getByRole("button", { name: "Delete" }).click()],
  segment_refused: [segment("rule"), refuse],
  people: ["/people"],
  found: ["/people", undefined, find("member-7")],
  nobody: ["/people", undefined, find("+91 98765 00001")],
  person: [person],
  person_masked: [person, masked],
  person_refused: [person, refuse],
  person_none: [`/people/p_${"0".repeat(32)}`],
  person_failed: [person, fail],
  campaigns: ["/campaigns"],
  campaigns_off: ["/campaigns", off],
  no_campaigns: ["/campaigns", none],
  stop_all: ["/campaigns", undefined, press("Stop everything")],
  who: [campaign("draft", "/edit?step=who")],
  what: [campaign("completed", "/edit?step=what")],
  what_own: [campaign("completed", "/edit?step=what"), undefined, (page) => page.getByText("Written here").click()],
  when: [campaign("draft", "/edit?step=when")],
  goal: [campaign("completed", "/edit?step=goal")],
  review: [campaign("completed", "/edit?step=review")],
  campaign: [campaign("completed")],
  campaign_draft: [campaign("draft")],
  campaign_running: [campaign("running")],
  campaign_failed: [campaign("completed"), fail],
  campaign_refused: [campaign("completed"), refuse],
  templates: ["/templates"],
  no_templates: ["/templates", none],
  new_template: ["/templates/new"],
  new_webhook: ["/templates/new?channel=webhook"],
  template: [template],
  template_wrong: [template, undefined, wrong],
  fields: [template, undefined, press("Insert a field")],
  messages: ["/messages"],
  no_messages: ["/messages", none],
  message: [message("accepted"), undefined, () => {}],
  message_dropped: [message("dropped"), undefined, () => {}],
  gate: ["/gate"],
  settings: ["/settings"],
  tokens: ["/settings?tab=tokens"],
  channels: ["/settings?tab=channels"],
  no_channels: ["/settings?tab=channels", none],
  add_provider: ["/settings?tab=channels", undefined, press("Add a provider")],
  outbox: ["/settings?tab=outbox"],
  outbox_message: [kept, undefined, () => {}],
  suppressions: ["/settings?tab=suppressions", many],
  suppressions_masked: ["/settings?tab=suppressions", unseen],
  no_suppressions: ["/settings?tab=suppressions", none],
  suppressions_refused: ["/settings?tab=suppressions", refuse],
  suppressions_failed: ["/settings?tab=suppressions", fail],
  take_off: ["/settings?tab=suppressions", many, press("Take off ann.the.longest.name@mail.shop.example")],
  policy: ["/settings?tab=policy"],
  about: ["/settings?tab=about"],
  nothing: ["/trends?event=Nope"],
  loading: ["/trends", hold],
  failed: ["/trends", fail],
  refused: ["/gate", refuse],
  period: ["/trends", undefined, (page) => page.getByRole("button", { name: "Period" }).click()],
  search: ["/trends", undefined, (page) => page.keyboard.press("/")],
  tooltip: [`/trends?by=${by("OS")}&measure=total`, undefined, (page) => page.mouse.move(page.viewportSize().width / 2, 420)],
  missing: ["/nowhere"],
};

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
mkdirSync(out, { recursive: true });
for (const width of [1280, 390]) {
  for (const colorScheme of ["light", "dark"]) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
    const entry = await context.newPage();
    await entry.goto(base);
    await entry.waitForSelector("form");
    await entry.screenshot({ path: `${out}/log-in-${width}-${colorScheme}.png` });
    await entry.fill("input[type=email]", email);
    await entry.fill("input[type=password]", password);
    await entry.click("button[type=submit]");
    await entry.waitForSelector("#content");
    await entry.close();
    for (const [name, [path, before, after]] of Object.entries(PAGES)) {
      if (only.length > 0 && !only.includes(name)) continue;
      const page = await context.newPage();
      page.on("pageerror", (error) => console.log(name, width, colorScheme, String(error)));
      await before?.(page);
      await page.goto(base + (typeof path === "string" ? path : await path(context)));
      await page.waitForTimeout(2_000);
      await after?.(page);
      if (after) await page.waitForTimeout(400);
      await page.screenshot({ path: `${out}/${name}-${width}-${colorScheme}.png`, fullPage: !after });
      await page.close();
    }
    await context.close();
  }
}
await browser.close();
