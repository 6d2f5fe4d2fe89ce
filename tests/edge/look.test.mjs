// The regular look at what no webhook told of: what it costs, what it finds, what it must not take for news.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { patient, startWorld, until } from '../harness.mjs';

const INTEGRATION = 'integration-live-chat';
const POST = 'POST /webex/v1/messages';

let world;

const onList = (statement, many) => world.sql('SiteDo', statement, many);

async function endAll(visitors) {
  for (const visitor of visitors) visitor.frame('end');
  for (const visitor of visitors) await until(() => visitor.state.phase.closed);
}

describe('an attempt whose end is unknown', () => {
  before(async () => {
    world = await startWorld();
  });
  after(() => world?.close());
  beforeEach(() => world.control('POST', '/reset'));

  for (const drop of ['before', 'after']) {
    test(`an older post is not taken for it when the last one was deleted: cut ${drop} it was carried out`, async () => {
      const visitor = await world.visitSettled();
      visitor.say('ok');
      visitor.say('thanks');
      await until(() => visitor.state.delivered === 2);
      const { messages } = await world.room();
      const last = messages.find(({ text }) => text === 'thanks');
      assert.equal((await world.webex(INTEGRATION, 'DELETE', `/messages/${last.id}`)).status, 204);
      await world.fault({ route: POST, drop });
      visitor.say('ok');
      await until(() => visitor.state.delivered === 3);
      const lines = (await world.room()).lines.filter((line) => line.startsWith('live-chat: ')).slice(1);
      assert.deepEqual(lines, ['live-chat: ok', 'live-chat: ok']);
    });
  }

  /** Answers that are no list of what is there. */
  const cutOff = {
    'without items': { body: {} },
    'that goes on at another host': { body: { items: [] }, headers: { link: '<http://127.0.0.1:9/webex/v1/rooms>; rel="next"' } },
    'that goes on at a host of a similar name': {
      body: { items: [] },
      headers: () => ({ link: `<${world.emulators.url}/webex/v11/rooms>; rel="next"` }),
    },
    'with a title that cannot be read': {
      body: { items: [{ id: 'x', title: 'eyJhbGciOi', errors: { title: { code: 'kms_failure', reason: 'Key management server failed' } } }] },
      only: 'rooms',
    },
  };
  for (const what of ['rooms', 'webhooks']) {
    for (const [name, { only, headers, ...fault }] of Object.entries(cutOff)) {
      if (only && only !== what) continue;
      test(`a list of ${what} ${name} does not mean that there is none`, async () => {
        await world.fault({ route: `POST /webex/v1/${what}`, drop: 'after' });
        const given = typeof headers === 'function' ? headers() : headers;
        await world.fault({ route: `GET /webex/v1/${what}`, status: 200, ...fault, headers: given });
        const visitor = await world.visitSettled();
        visitor.say('one');
        await until(() => visitor.state.delivered === 1);
        const rooms = await world.rooms();
        assert.deepEqual([rooms.length, rooms[0].webhooks.length], [1, 1]);
      });
    }
  }
});

describe('what a look costs', () => {
  const SECONDS = 10;
  const MANY = 60;
  before(async () => {
    world = await startWorld({ settings: patient, vars: { DESK_CHECK_SECONDS: String(SECONDS) } });
  });
  after(() => world?.close());

  /** Waits for the next look at everything, and returns the calls from the one before it, and the time between in seconds. */
  async function callsOfALook() {
    const looks = async () => (await world.calls('/webex/v1/webhooks')).filter((call) => call === 'GET /webex/v1/webhooks').length;
    const from = await looks();
    await until(async () => (await looks()) > from, 3 * SECONDS * 1_000);
    const began = Date.now();
    await world.control('DELETE', '/requests');
    await until(async () => (await looks()) > 0, 3 * SECONDS * 1_000);
    const calls = await world.calls('/webex');
    return { calls: calls.filter((call) => call !== POST), seconds: (Date.now() - began) / 1_000 };
  }

  test('750 busy conversations would take less than a tenth of what Webex allows', { timeout: 240_000 }, async () => {
    const visitors = [];
    for (let n = 0; n < MANY; n += 1) visitors.push(await world.visit());
    for (const visitor of visitors) visitor.say('hello');
    for (const visitor of visitors) await until(() => visitor.state.delivered >= 1, 60_000);
    let goesOn = true;
    const talk = (async () => {
      for (let n = 0; goesOn; n += 1) {
        visitors[n % MANY].say(`line ${n}`);
        await sleep((SECONDS * 1_000) / MANY / 2);
      }
    })();
    await callsOfALook();
    const { calls, seconds } = await callsOfALook();
    goesOn = false;
    await talk;
    const count = (call) => calls.filter((one) => one.startsWith(call)).length;
    const counts = { rooms: count('GET /webex/v1/rooms'), webhooks: count('GET /webex/v1/webhooks'), reads: count('GET /webex/v1/messages') };
    const text = `in ${seconds} s:\n${calls.join('\n')}`;
    // On a slow machine it may be more than one look until this test has seen it.
    const looks = Math.ceil(seconds / SECONDS);
    assert.ok(counts.rooms <= looks + 1 && counts.webhooks <= looks + 1, text);
    // 24 rooms a minute are read in any case, however many are busy; and the few whose post is on its way just then.
    assert.ok(counts.reads > 0, `none is read in any case, ${text}`);
    assert.ok(counts.reads <= (24 * (looks + 1) * SECONDS) / 60 + 5, text);
    // The rest are pages of rooms (500) and webhooks (100), every five minutes: with 750 conversations 24 + (2 + 8) / 5 calls a
    // minute, of 300.
    // Whoever is read in any case is asked who is there, now and then.
    const people = count('GET /webex/v1/memberships');
    assert.ok(people <= counts.reads && calls.length <= counts.rooms + counts.webhooks + counts.reads + people, text);
    await endAll(visitors);
  });

  test('conversations that are not there any more leave the list, some at a time', { timeout: 120_000 }, async () => {
    const visitor = await world.visitSettled();
    const gone = Array.from({ length: 1_200 }, (_, n) => [`gone-${n}`, `room-${n}`]);
    onList("INSERT INTO conversation (id, mark, thread, watch, live) VALUES (?, '', ?, 'x', 1)", gone);
    const left = () => onList("SELECT count(*) FROM conversation WHERE id LIKE 'gone-%'")[0][0];
    const counts = [];
    await until(async () => {
      await sleep(100);
      counts.push(left());
      return counts.at(-1) === 0;
    }, 60_000, () => counts.join());
    const steps = counts.map((count, n) => (counts[n - 1] ?? 1_200) - count);
    assert.ok(Math.max(...steps) < 600, `in one go: ${steps}`);
    await endAll([visitor]);
  });
});

describe('while a webhook does not work', () => {
  before(async () => {
    world = await startWorld();
  });
  after(() => world?.close());

  test('looks come as if there were none, and end when it is back', { timeout: 90_000 }, async () => {
    await world.fault({ route: 'POST /webex/v1/webhooks', status: 503, times: 5 });
    const visitor = await world.visit();
    const looks = async () => (await world.calls('GET /webex/v1/rooms')).length;
    await until(async () => (await looks()) >= 2, 60_000);
    await until(async () => (await world.control('GET', '/webhooks')).filter(({ resource }) => resource === 'messages').length === 1, 60_000);
    await sleep(3_000);
    const before = await looks();
    await sleep(6_000);
    assert.ok((await looks()) <= before + 1, 'looks go on');
    await endAll([visitor]);
  });
});
