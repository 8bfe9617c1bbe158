// The unmodified npm client of CleverTap's REST API, over TLS of the server itself. The client builds
// its own addresses (https://eu1.api.clevertap.com/1/...); only the way there is another: connections to
// that host end at the server, which has a certificate for it. What was stored is asked for through
// the JSON API.
//
//   node --test rest-client.test.mjs     CANDOR=path of the binary

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import tls from 'node:tls';

const require = createRequire(import.meta.url);
const https = require('node:https');
const CleverTap = require('clevertap');

const HOST = 'eu1.api.clevertap.com';
const folder = mkdtempSync(join(tmpdir(), 'candor-rest-client-'));
const TS = 1767225600; // 2026-01-01T00:00:00Z
let server, origin, shop, client, wrong;

before(async () => {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${HOST}`,
    '-addext', `subjectAltName=DNS:${HOST}`, '-keyout', key, '-out', cert,
  ], { stdio: 'ignore' });
  server = spawn(process.env.CANDOR, [
    'serve', '--data', join(folder, 'data'), '--listen', '127.0.0.1:0', '--tls-cert', cert,
    '--tls-key', key,
  ], { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise((resolve) => server.stdout.once('data', resolve));
  origin = new URL(line.toString().trim().split(' ').pop());
  const agent = new https.Agent({ ca: readFileSync(cert) });
  agent.createConnection = (options, done) => {
    assert.equal(options.host, HOST, 'nothing else is asked');
    return tls.connect({ ...options, host: '127.0.0.1', port: origin.port }, done);
  };
  https.globalAgent = agent;
  shop = JSON.parse(execFileSync(process.env.CANDOR, [
    'publisher', 'create', '--data', join(folder, 'data'), '--name', 'Shop', '--policy', 'open',
    '--account-id', 'TEST-REST', '--passcode', 'pass',
  ]));
  client = CleverTap.init('TEST-REST', 'pass', CleverTap.REGIONS.EUROPE);
  wrong = CleverTap.init('TEST-REST', 'guess', CleverTap.REGIONS.EUROPE);
});

after(async () => {
  server?.kill('SIGTERM');
  if (server) await new Promise((resolve) => server.once('exit', resolve));
  rmSync(folder, { recursive: true, force: true });
});

async function api(method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = { Authorization: `Bearer ${shop.api_token}` };
    const sent = https.request(`https://${HOST}${path}`, { method, headers }, (answer) => {
      let text = '';
      answer.on('data', (part) => (text += part));
      answer.on('end', () => resolve(JSON.parse(text)));
    });
    sent.on('error', reject);
    sent.end(body && JSON.stringify(body));
  });
}

const person = async (query) => (await api('GET', `/api/v1/people?${query}`)).people[0];

// What is acknowledged is in every answer within a second.
async function eventually(what, good) {
  let answer;
  for (const end = Date.now() + 20_000; Date.now() < end; ) {
    answer = await what();
    if (good(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`still ${JSON.stringify(answer)}`);
}

const QUERY = {
  event_name: 'choseNewFavoriteFood',
  props: [{ name: 'value', operator: 'contains', value: 'piz' }],
  from: 20260101,
  to: 20260101,
};

test('profiles, events and tokens are uploaded and can be read back', async () => {
  const records = [
    { type: 'profile', identity: 'peter', ts: TS, profileData: {
      Name: 'Peter', Email: 'peter+news@example.test', Phone: '+14155551234', favoriteColor: 'green', Age: 30,
    } },
    { type: 'event', identity: 'peter', ts: TS, evtName: 'Charged', evtData: {
      Amount: 300, Currency: 'USD', Items: [{ Category: 'books', Quantity: 1 }, { Category: 'pens', Quantity: 4 }],
    } },
    { type: 'profile', objectId: '-2ce3cca260664f70b82b1c6bb505f462', profileData: { favoriteFood: 'hot dogs' } },
    { type: 'profile', identity: 'broken', profileData: { Email: 'nowhere' } },
  ];
  for (let n = 0; n < 60; n++) {
    const value = n % 3 ? 'pizza' : 'sushi';
    records.push({ type: 'event', identity: `u${n}`, ts: TS + n, evtName: QUERY.event_name, evtData: { value, n } });
  }
  const answers = await client.upload(records, { batchSize: 50 });
  assert.deepEqual(answers.map((answer) => answer.status), ['partial', 'success']);
  assert.deepEqual(answers.map((answer) => answer.processed), [49, 14]);
  const [bad] = answers[0].unprocessed;
  assert.equal(bad.code, 515);
  assert.equal(bad.error, 'Profile data is incorrect. Email is not valid.Skipped record number : 4');
  assert.deepEqual(bad.record, records[3]);

  const found = await eventually(() => client.profile({ identity: 'peter' }), (found) => found.record?.events.Charged);
  assert.equal(found.status, 'success');
  assert.equal(found.record.name, 'Peter');
  assert.equal(found.record.profileData.favoriteColor, 'green');
  assert.deepEqual(found.record.events.Charged, { count: 1, first_seen: TS, last_seen: TS });
  // A plus in an address is sent as it is.
  assert.equal((await client.profile({ email: 'peter+news@example.test' })).record.identity, 'peter');
  const byId = await client.profile({ objectId: '-2ce3cca260664f70b82b1c6bb505f462' });
  assert.equal(byId.record.profileData.favoriteFood, 'hot dogs');
  assert.equal((await client.profile({ identity: 'nobody' })).code, 404);

  const peter = await person('identity=peter');
  assert.equal(peter.traits.Age, 30);
  const { events } = await api('GET', `/api/v1/people/${peter.id}/timeline`);
  assert.deepEqual(events[0].properties.Items[1], { Category: 'pens', Quantity: 4 });

  const tokens = await client.uploadDeviceTokens([
    { type: 'token', objectId: '-2ce3cca260664f70b82b1c6bb505f462', tokenData: { id: 'fcm-1', type: 'fcm' } },
  ]);
  assert.equal([tokens].flat()[0].status, 'success', JSON.stringify(tokens));
  const device = () => person('guid=-2ce3cca260664f70b82b1c6bb505f462');
  await eventually(device, (device) => device.traits.push_token?.[0] === 'fcm-1');
});

test('cursors read every profile and every event of a query once', async () => {
  const profiles = await client.profiles(QUERY, { batchSize: 7 });
  assert.equal(profiles.length, 40);
  assert.equal(new Set(profiles.map((profile) => profile.identity)).size, 40);
  assert.ok(profiles.every((profile) => profile.events[QUERY.event_name].count === 1));
  const events = await client.events(QUERY, { batchSize: 7 });
  assert.equal(events.length, 40);
  assert.equal(new Set(events.map((event) => event.event_props.n)).size, 40);
  assert.ok(events.every((event) => event.event_props.value === 'pizza'));
  assert.ok(events.every((event) => event.profile.identity === `u${event.event_props.n}`));
  const one = events.find((event) => event.event_props.n === 31);
  assert.equal(one.ts, 20260101000031);
  const audit = await api('GET', '/api/v1/audit');
  const pages = audit.entries.filter((entry) => entry.action === 'read events');
  assert.equal(pages.length, 6, 'each page that was read in clear is audited');
});

test('people unsubscribe, lose a number, and are deleted', async () => {
  const by = { d: [{ type: 'phone', value: '+14155551234', status: 'Unsubscribe' }] };
  assert.deepEqual(await client.subscribe(by), { status: 'success', processed: 1, unprocessed: [] });
  await eventually(() => person('identity=peter'), (peter) => peter.consents['marketing:sms'] === false);
  const cut = { d: [{ type: 'phone', value: '+14155551234' }] };
  assert.equal((await client.disassociate(cut)).status, 'success');
  await eventually(() => api('GET', '/api/v1/people?phone=14155551234'), (found) => found.people.length === 0);
  assert.equal((await client.demerge({ identities: ['peter'] })).status, 'success');
  assert.equal((await client.delete({ identity: 'peter' })).status, 'success');
  await eventually(() => client.profile({ identity: 'peter' }), (found) => found.code === 404);
  assert.equal(await person('identity=peter'), undefined);
  const left = await client.profiles(QUERY, { batchSize: 100 });
  assert.equal(left.length, 40, 'others stay');
});

test('a wrong passcode and what is not there are answered as the client expects', async () => {
  const refused = { status: 'fail', error: 'Account ID is not valid', code: 401 };
  assert.deepEqual(await wrong.profile({ identity: 'u1' }), refused);
  assert.deepEqual(await wrong.upload([{ type: 'event', identity: 'x', evtName: 'No', evtData: {} }]), refused);
  assert.deepEqual(await wrong.profiles(QUERY, {}), []);
  const counts = await client.getEventsCount(QUERY);
  assert.equal(counts.code, 404);
});
