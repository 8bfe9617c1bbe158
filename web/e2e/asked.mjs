// What the walks of questions share: a period that is over, the people behind a number, files.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

export const json = (value) => encodeURIComponent(JSON.stringify(value));
export const number = (text) => Number(text.replaceAll(",", ""));
/** Live traffic goes on: what ended yesterday stays as it is. */
const date = (days) =>
  new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Kolkata" }).format(Date.now() - days * 86_400_000);
export const FROM = date(12);
const UNTIL = date(6);
export const TO = date(5);
export const RANGE = `from=${FROM}&until=${UNTIL}`;
export const NEVER = "from=2026-01-01&until=2026-01-02";

export const panel = (page) => page.getByRole("dialog", { name: "The people behind this number" });

/** How many people the panel says there are. */
export async function behind(page) {
  const told = panel(page).getByText(/^[\d,]+ (people|person)$/);
  await told.waitFor();
  return number((await told.innerText()).split(" ")[0]);
}

/** Removes what a walk made: those after it find the house as it was. */
export const removed = (house, path) =>
  fetch(house.base + path, { method: "DELETE", headers: { authorization: `Bearer ${house.token}` } });

/** Saves the question of a page to a board of its own and opens that; tells where it is. */
export async function savedToBoard(page, name) {
  await page.getByRole("button", { name: "Save to board" }).click();
  await page.getByLabel("Name of the board").fill(name);
  await page.getByRole("button", { name: "Save the card" }).click();
  await page.getByRole("link", { name: "Open the board" }).click();
  await page.waitForURL(/boards\/./);
  return new URL(page.url()).pathname;
}

async function saved(page, action) {
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: action, exact: true }).click(),
  ]);
  return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) };
}

/** Both files of an answer, named by its question. */
export async function files(page, name) {
  const png = await saved(page, "PNG");
  assert.match(png.name, name);
  assert.equal(png.bytes.subarray(1, 4).toString(), "PNG");
  assert.equal(png.bytes.readUInt32BE(16), 2_400);
  const csv = await saved(page, "CSV");
  assert.equal(csv.name, png.name.replace(/png$/, "csv"));
  return csv.bytes.toString();
}
