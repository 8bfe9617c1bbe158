// The unmodified CleverTap Web SDK (npm) in a real Chromium, over TLS of the server itself, from a page
// that names the server's host and nothing else. What it stored is asked for through the API.
//
//   node --test web-sdk.test.mjs     CANDOR=path of the binary, CHROMIUM=path of the browser

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { request } from 'node:https';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const SDK = readFileSync(new URL('node_modules/clevertap-web-sdk/clevertap.min.js', import.meta.url));
const CONSENT = new URL('../../../../docs/operating/consent-on-a-site.md', import.meta.url);
const SNIPPET = /```js\n([\s\S]*?)```/.exec(readFileSync(CONSENT, 'utf8'))[1];
const ACCOUNT = 'TEST-BROWSER';
const folder = mkdtempSync(join(tmpdir(), 'candor-browser-'));
const day = (shift) => new Date(Date.now() + shift * 86_400_000).toISOString().slice(0, 10);
let server, site, browser, origin, pages, shop, strict;

function create(account, policy, email) {
  const made = execFileSync(process.env.CANDOR, [
    'publisher', 'create', '--data', join(folder, 'data'), '--name', 'Shop', '--policy', policy,
    '--account-id', account, '--account-token', 'tk', '--admin-email', email,
  ]);
  return JSON.parse(made);
}

async function call(method, path, publisher, body, headers = {}) {
  const options = { method, rejectUnauthorized: false, headers: { ...headers } };
  if (publisher) options.headers.Authorization = `Bearer ${publisher.api_token}`;
  return new Promise((resolve, reject) => {
    const sent = request(origin + path, options, (answer) => {
      let text = '';
      answer.on('data', (part) => (text += part));
      answer.on('end', () => resolve(JSON.parse(text)));
    });
    sent.on('error', reject);
    sent.end(body && JSON.stringify(body));
  });
}

async function count(event, publisher = shop) {
  const question = { event, from: day(-2), to: day(2) };
  const answer = await call('POST', '/api/v1/insights/trend', publisher, question);
  return answer.series[0].total;
}

async function person(query, publisher = shop) {
  return (await call('GET', `/api/v1/people?${query}`, publisher)).people[0];
}

// Asks again until it holds: an acknowledged event is in every answer within a second, and the SDK
// needs some time to send.
async function eventually(what, good) {
  let answer;
  for (const end = Date.now() + 20_000; Date.now() < end; ) {
    answer = await what();
    if (good(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`still ${JSON.stringify(answer)}`);
}

const counted = (event, n, publisher) => eventually(() => count(event, publisher), (c) => c === n);

before(async () => {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost',
    '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', cert,
  ], { stdio: 'ignore' });
  server = spawn(process.env.CANDOR, [
    'serve', '--data', join(folder, 'data'), '--listen', '127.0.0.1:0', '--tls-cert', cert,
    '--tls-key', key,
  ], { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise((resolve) => server.stdout.once('data', resolve));
  origin = line.toString().trim().split(' ').pop();
  shop = create(ACCOUNT, 'open', 'a@localhost');
  strict = create('TEST-STRICT', 'strict', 'b@localhost');
  site = createServer((asked, answer) => {
    if (asked.url === '/sdk.js') return answer.end(SDK);
    answer.setHeader('Content-Type', 'text/html');
    answer.end('<!doctype html><title>Shop</title><h1>Shop</h1>');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => site.once('listening', resolve));
  pages = `http://127.0.0.1:${site.address().port}`;
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ['--no-sandbox', '--ignore-certificate-errors'],
  });
});

after(async () => {
  await browser?.close();
  site?.close();
  server?.kill('SIGTERM');
  if (server) await new Promise((resolve) => server.once('exit', resolve));
  rmSync(folder, { recursive: true, force: true });
});

// A browser of its own with the SDK on its page; `queue` runs before the SDK is there.
async function visit({ config = {}, account = ACCOUNT, queue = () => {} } = {}) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  page.on('pageerror', (error) => process.stderr.write(`page: ${error.stack}\n`));
  page.load = async () => {
    await page.goto(pages + '/product?secret=1#x');
    // The snippet that sites carry: a stub that waits for the SDK.
    await page.evaluate(([id, domain, config]) => {
      window.clevertap = {
        event: [], profile: [], account: [], onUserLogin: [], notifications: [], privacy: [],
        ...config, config,
      };
      window.clevertap.account.push({ id }, '', domain, 'tk');
    }, [account, origin.replace('https://', ''), config]);
    await page.evaluate(queue);
    await page.addScriptTag({ url: pages + '/sdk.js' });
    await page.evaluate(([id, domain, config]) => {
      window.clevertap.init(id, '', domain, 'tk', config);
    }, [account, origin.replace('https://', ''), config]);
  };
  await page.load();
  page.guid = () => page.evaluate(() => {
    const text = localStorage.getItem('WZRK_G');
    return text && decodeURIComponent(text).replace(/^"|"$/g, '');
  });
  return page;
}

const hasGuid = (page) => eventually(page.guid, (guid) => guid);

test('an anonymous visitor, what waited before the SDK, and the first log-in', async () => {
  const page = await visit({ queue: () => window.clevertap.event.push('Waited', { n: 1 }) });
  await hasGuid(page);
  await counted('Waited', 1);
  await page.evaluate(() => window.clevertap.event.push('Looked', { Product: 'Shoe', Price: 59.5 }));
  await counted('Looked', 1);
  await page.evaluate(() => window.clevertap.onUserLogin.push({
    Site: { Name: 'Ann', Identity: 'ann', Email: 'ann@example.test', Phone: '+14155550100' },
  }));
  const ann = await eventually(() => person('identity=ann'), (found) => found?.traits.Name);
  assert.equal(ann.email, 'ann@example.test');
  const events = Object.fromEntries(ann.events.map((event) => [event.name, event.count]));
  assert.equal(events.Looked, 1, 'what the visitor did before is hers');
  assert.equal(events.Waited, 1);
  assert.equal((await person('phone=14155550100')).id, ann.id);
  const { events: timeline } = await call('GET', `/api/v1/people/${ann.id}/timeline`, shop);
  const seen = timeline.find((event) => event.name === 'Page Viewed');
  assert.equal(seen.properties.page, '/product', 'query and fragment are cut off');
  const { browser: family, browser_version: version, OS } = seen.properties;
  assert.deepEqual([family, OS], ['Chrome', 'Linux'], 'what the user agent tells');
  assert.match(version, /^[0-9]+$/);
});

test('profile operators and a charge with items', async () => {
  const page = await visit();
  await hasGuid(page);
  await page.evaluate(() => window.clevertap.onUserLogin.push({ Site: { Identity: 'ops' } }));
  await eventually(() => person('identity=ops'), (found) => found);
  await page.evaluate(() => {
    window.clevertap.profile.push({ Site: { Plan: 'gold', score: 5 } });
    window.clevertap.addMultiValuesForKey('tags', ['a', 'b']);
  });
  await eventually(() => person('identity=ops'), (found) => found.traits.tags?.length === 2);
  await page.evaluate(() => {
    window.clevertap.handleIncrementValue('score', 3);
    window.clevertap.removeMultiValueForKey('tags', 'a');
    window.clevertap.event.push('Charged', {
      Amount: 300, 'Charged ID': 'c-1', Items: [{ Name: 'Shoe', Qty: 2 }, { Name: 'Hat', Qty: 1 }],
    });
  });
  const ops = await eventually(() => person('identity=ops'), (found) =>
    found.traits.score === 8 && found.traits.tags.length === 1);
  assert.deepEqual(ops.traits.tags, ['b']);
  assert.equal(ops.traits.Plan, 'gold');
  await counted('Charged', 1);
  const { events } = await call('GET', `/api/v1/people/${ops.id}/timeline`, shop);
  const charged = events.find((event) => event.name === 'Charged');
  assert.equal(charged.properties.Items.length, 2);
  assert.equal(charged.properties.Items[0].Qty, 2);
});

test('a switch of users on one browser merges nobody', async () => {
  const page = await visit();
  await hasGuid(page);
  const login = (identity) => page.evaluate((identity) =>
    window.clevertap.onUserLogin.push({ Site: { Identity: identity } }), identity);
  await login('one');
  await eventually(() => person('identity=one'), (found) => found);
  const first = await page.guid();
  await login('two');
  await eventually(page.guid, (guid) => guid && guid !== first);
  await page.evaluate(() => window.clevertap.event.push('By Two', {}));
  await counted('By Two', 1);
  const [one, two] = [await person('identity=one'), await person('identity=two')];
  assert.notEqual(one.id, two.id);
  assert.ok(two.events.some((event) => event.name === 'By Two'));
  assert.ok(!one.events.some((event) => event.name === 'By Two'));
});

test('opting out stops everything and opting in lets it go on', async () => {
  const page = await visit();
  await hasGuid(page);
  await page.evaluate(() => window.clevertap.privacy.push({ optOut: true }));
  await eventually(page.guid, (guid) => guid?.endsWith(':OO'));
  await page.evaluate(() => window.clevertap.event.push('While Out', {}));
  await page.evaluate(() => window.clevertap.privacy.push({ optOut: false }));
  await eventually(page.guid, (guid) => guid && !guid.endsWith(':OO'));
  await page.evaluate(() => window.clevertap.event.push('Back Again', {}));
  await counted('Back Again', 1);
  assert.equal(await count('While Out'), 0);
});

test('what was done offline comes later, once', async () => {
  const page = await visit();
  await hasGuid(page);
  await page.evaluate(() => {
    window.clevertap.setOffline(true);
    window.clevertap.event.push('Offline', { n: 1 });
  });
  assert.equal(await count('Offline'), 0);
  await page.evaluate(() => window.clevertap.setOffline(false));
  await counted('Offline', 1);
  await page.load();
  await page.evaluate(() => window.clevertap.event.push('After Reload', {}));
  await counted('After Reload', 1);
  assert.equal(await count('Offline'), 1);
});

test('a custom id, fetch mode and encryption', async () => {
  const own = await visit({ config: { customId: 'Kiosk7' } });
  await own.evaluate(() => window.clevertap.event.push('By Custom', {}));
  await counted('By Custom', 1);
  const kiosk = await person('guid=_w_kiosk7');
  assert.ok(kiosk.events.some((event) => event.name === 'By Custom'));
  const fetched = await visit({ config: { enableFetchApi: true } });
  await hasGuid(fetched);
  await fetched.evaluate(() => window.clevertap.event.push('By Fetch', {}));
  await counted('By Fetch', 1);
  const sealed = await visit({ config: { enableFetchApi: true, enableEncryptionInTransit: true } });
  await hasGuid(sealed);
  await sealed.evaluate(() => window.clevertap.event.push('By Cipher', {}));
  await counted('By Cipher', 1);
});

test('variables are defined by the page, told to others, and kept', async () => {
  const page = await visit();
  await hasGuid(page);
  const define = (page) => page.evaluate(() => {
    window.clevertap.defineVariable('welcome', 'hello');
    window.clevertap.defineVariable('limit', 5);
  });
  await define(page);
  // The SDK sends definitions at its most talkative log level alone.
  await page.evaluate(() => {
    window.clevertap.setLogLevel(4);
    return window.clevertap.syncVariables();
  });
  const audit = await call('GET', '/api/v1/audit', shop);
  assert.equal(audit.entries[0].action, 'define variables');
  // Another browser, whose code has another value built in, is told the one that was defined.
  const other = await visit();
  await hasGuid(other);
  const told = await other.evaluate(async () => {
    const limit = window.clevertap.defineVariable('limit', 1);
    await new Promise((resolve) => window.clevertap.fetchVariables(resolve));
    return [limit.value, window.clevertap.getVariableValue('limit')];
  });
  assert.deepEqual(told, [5, 5]);
});

test('without consent nothing is kept; after it and the opt-in of the SDK all is', async () => {
  const page = await visit({ account: 'TEST-STRICT' });
  await eventually(page.guid, (guid) => guid?.endsWith(':OO'));
  await page.evaluate(() => window.clevertap.event.push('Too Early', {}));
  assert.equal(await count('*', strict), 0);
  // As the page for the site's engineers says it, word for word.
  await page.addScriptTag({ content: SNIPPET });
  const told = (purposes) => page.evaluate(
    ([host, purposes]) => window.tellConsent({
      host, account: 'TEST-STRICT', token: 'tk', purposes,
      notice: { id: 'shop', version: '3', language: 'en' },
    }),
    [origin.replace('https://', ''), purposes],
  );
  const receipt = await told({ analytics: true });
  assert.equal(receipt.notice.version, '3');
  assert.ok(receipt.signature);
  await eventually(page.guid, (guid) => guid && !guid.endsWith(':OO'));
  await page.evaluate(() => window.clevertap.event.push('In Time', {}));
  await counted('In Time', 1, strict);
  assert.equal(await count('Too Early', strict), 0);
  // Another mind: a no ends it at once.
  await told({ analytics: false });
  await eventually(page.guid, (guid) => guid?.endsWith(':OO'));
  await page.evaluate(() => window.clevertap.event.push('Too Late', {}));
  await page.waitForTimeout(500);
  assert.equal(await count('Too Late', strict), 0);
});

test('a page about mails reads, unsubscribes and subscribes again by the SDK', async () => {
  const said = { identity: 'mia', purposes: { 'marketing:email': true }, method: 'form' };
  const { subject } = await call('POST', '/api/v1/consents', shop, said);
  const { token } = await call('POST', `/api/v1/people/${subject}/privacy`, shop, { shows: 'names' });
  const page = await visit();
  await hasGuid(page);
  // As CleverTap's documentation has such pages: the link of the mail carries `e`, and functions of
  // the page are told what became of it.
  await page.evaluate((token) => {
    history.replaceState(null, '', `?e=${token}`);
    window.told = [];
    window.wzrk_email_fetched = (address, profile) => window.told.push(['fetched', address, profile]);
    window.wzrk_email_subscription = (status) => window.told.push(['subscription', status]);
    window.$WZRK_WR.getEmail(false, true);
  }, token);
  const told = (n) => eventually(() => page.evaluate(() => window.told), (all) => all.length === n);
  const [[name, address, { groups }]] = await told(1);
  assert.deepEqual([name, address, groups.length], ['fetched', '', 5]);
  const isOut = () => page.evaluate(() => {
    const groups = window.$WZRK_WR.getSubscriptionGroups();
    return groups.find((group) => group.name === 'marketing:email').isUnsubscribed;
  });
  assert.equal(await isOut(), false);
  const consents = async () => {
    const { consents } = await call('GET', '/api/v1/consents?identity=mia', shop);
    return consents.map((receipt) => receipt.purposes);
  };
  const history = (...expected) => eventually(consents, (all) =>
    JSON.stringify(all.slice(1)) === JSON.stringify(expected));
  const [no, yes] = [{ 'marketing:email': false }, { 'marketing:email': true }];
  await page.evaluate(() => window.$WZRK_WR.unSubEmail());
  assert.deepEqual((await told(2))[1], ['subscription', 0]);
  assert.equal(await isOut(), true);
  await history(no);
  await page.evaluate(() => window.$WZRK_WR.subEmail());
  assert.deepEqual((await told(3))[2], ['subscription', 1]);
  await history(no, yes);
  await page.evaluate(() => window.$WZRK_WR.changeSubscriptionGroups(false, [
    { name: 'marketing:push', isUnsubscribed: true },
  ]));
  assert.deepEqual((await told(4))[3], ['subscription', 0]);
  await history(no, yes, { 'marketing:push': false });
});
