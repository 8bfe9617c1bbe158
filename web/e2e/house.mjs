// A demo of the real binary with few people, and a browser.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { chromium } from "playwright-core";

/** Starts `candor demo` on a folder of its own; tells where it serves and who may log in. */
export async function openHouse() {
  const data = mkdtempSync(join(tmpdir(), "candor-walk-"));
  const options = ["--data", data, "--listen", "127.0.0.1:0", "--people", "400", "--days", "20"];
  const server = spawn(process.env.CANDOR, ["demo", ...options], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const house = { data, server };
  const printed = [];
  for await (const line of createInterface({ input: server.stdout })) {
    printed.push(line);
    house.base ??= /serves (http:\S+)/.exec(line)?.[1];
    const login = /log-in\s+(\S+) \/ (\S+)/.exec(line);
    if (login) [, house.email, house.password] = login;
    house.token ??= /api token\s+(\S+)/.exec(line)?.[1];
    if (/history is complete/.test(line)) break;
  }
  if (!house.token) throw new Error(`the demo did not start:\n${printed.join("\n")}`);
  server.stdout.resume();
  server.stderr.resume();
  house.browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
  house.close = async () => {
    await house.browser.close();
    const ended = new Promise((resolve) => server.once("exit", resolve));
    if (server.exitCode === null) {
      server.kill("SIGTERM");
      await ended;
    }
    rmSync(data, { recursive: true, force: true });
  };
  house.ask = ask;
  house.put = put;
  return house;
}

/** A publisher of whom nothing came yet, on a server of its own. */
export async function openEmpty(browser) {
  const data = mkdtempSync(join(tmpdir(), "candor-empty-"));
  const create = ["publisher", "create", "--data", data, "--name", "City Hospital"];
  const made = spawnSync(process.env.CANDOR, [...create, "--admin-email", "officer@hospital.test"]);
  const { admin, api_token: token } = JSON.parse(made.stdout);
  const server = spawn(process.env.CANDOR, ["serve", "--data", data, "--listen", "127.0.0.1:0"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  let base;
  for await (const line of createInterface({ input: server.stdout })) {
    base = /serves (http:\S+)/.exec(line)?.[1];
    if (base) break;
  }
  server.stdout.resume();
  const close = async () => {
    const ended = new Promise((resolve) => server.once("exit", resolve));
    server.kill("SIGTERM");
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
  return { ...admin, token, base, browser, ask, close };
}

/** Asks the API, with the token that may do all. */
async function ask(path, body) {
  const answer = await fetch(this.base + path, {
    method: body ? "POST" : "GET",
    headers: { authorization: `Bearer ${this.token}` },
    body: body && JSON.stringify(body),
  });
  return answer.json();
}

/** Changes what there is, with the token that may do all. */
async function put(path, body) {
  const answer = await fetch(this.base + path, {
    method: "PUT",
    headers: { authorization: `Bearer ${this.token}` },
    body: JSON.stringify(body),
  });
  return answer.json();
}

/** A page in a context of its own, which collects what the browser complains about. */
export async function openPage(house, options = {}) {
  const context = await house.browser.newContext({
    viewport: { width: 1280, height: 900 },
    ...options,
  });
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // Nobody is logged in at first: the browser notes the 401.
    const known = /status of 401/.test(message.text());
    if (message.type() === "error" && !known) complaints.push(message.text());
  });
  return { page, context, complaints };
}

export async function logIn(house, page, path = "/") {
  await page.goto(house.base + path);
  await page.fill("input[type=email]", house.email);
  await page.fill("input[type=password]", house.password);
  await page.click("button[type=submit]");
  await page.waitForSelector("#content h1");
}

/** Asks until the answer is good. */
export async function eventually(what, good) {
  for (const end = Date.now() + 20_000; ; ) {
    const answer = await what();
    if (good(answer)) return answer;
    assert.ok(Date.now() < end, `still ${JSON.stringify(answer)}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** A picture for eyes, where a folder for such is named: of the whole page, or of what is in view. */
export async function picture(page, name, fullPage = true) {
  const folder = process.env.PICTURES;
  if (!folder) return;
  // What stays at the top while one scrolls would stand in the middle.
  if (fullPage) await page.evaluate(() => window.scrollTo(0, 0));
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage, animations: "disabled" });
}

/** Waits until a field holds a value: what a click does is drawn a moment later. */
export async function holds(field, value) {
  const until = Date.now() + 5_000;
  while ((await field.inputValue()) !== value && Date.now() < until) {
    await new Promise((done) => setTimeout(done, 20));
  }
  assert.equal(await field.inputValue(), value);
}
