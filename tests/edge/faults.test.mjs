// The fault table: what the vendors do wrong, and what becomes of a message meanwhile.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, beforeEach, describe, test } from 'node:test';
import { startWorld, until, Visitor } from '../harness.mjs';

let world;
before(async () => {
  world = await startWorld();
});
after(() => world?.close());
beforeEach(() => world.control('POST', '/reset'));

const POST = 'POST /webex/v1/messages';

const said = async () => (await world.room()).lines.filter((line) => /: (one|two)$/.test(line));

describe('posting to Webex: nothing lost, nothing doubled, order kept', () => {
  const faults = {
    'connection cut before the call was carried out': { drop: 'before' },
    'connection cut after the call was carried out': { drop: 'after' },
    'twice cut after it was carried out': { drop: 'after', times: 2 },
    '401': { status: 401 },
    '409': { status: 409, refused: true },
    '429 with Retry-After': { status: 429, headers: { 'retry-after': '2' }, atLeast: 2_000 },
    '429 as HTML': { status: 429, headers: { 'retry-after': '1', 'content-type': 'text/html' }, body: '<h1>slow down</h1>' },
    '500 twice': { status: 500, times: 2 },
    '502': { status: 502 },
    'a truncated answer': { status: 200, body: '{"id":' },
    'an empty answer': { status: 200, body: '' },
    'an HTML page': { status: 200, body: '<html>' },
    '403': { status: 403, refused: true },
  };
  for (const [name, { refused, atLeast = 0, ...fault }] of Object.entries(faults)) {
    test(name, async () => {
      const visitor = await world.visitSettled();
      await world.fault({ route: POST, ...fault });
      const began = Date.now();
      visitor.say('one');
      visitor.say('two');
      await until(() => visitor.state.delivered >= 2, 20_000, () => JSON.stringify(visitor.frames));
      assert.ok(Date.now() - began >= atLeast, 'asked again too early');
      assert.deepEqual(await said(), refused ? ['live-chat: two'] : ['live-chat: one', 'live-chat: two']);
      assert.equal(visitor.lines.includes('* not_delivered'), refused === true);
      await until(() => visitor.state.desk === 'reached');
    });
  }

  test('a redirect to another host is not followed: nothing arrives there, least of all the token', async () => {
    const arrived = [];
    const thief = createServer((request, response) => {
      arrived.push(`${request.method} ${request.url} ${request.headers.authorization}`);
      response.end('{"id":"stolen"}');
    }).listen(0, '127.0.0.1');
    await once(thief.unref(), 'listening');
    const location = `http://127.0.0.1:${thief.address().port}/steal`;
    const visitor = await world.visitSettled();
    for (const status of [302, 307]) await world.fault({ route: POST, status, headers: { location } });
    await world.fault({ route: 'GET /webex/v1/messages', status: 307, headers: { location } });
    visitor.say('one');
    visitor.say('two');
    await until(() => visitor.state.delivered >= 2);
    await world.agentSays('three');
    await visitor.hears('Anna Nowak: three');
    assert.deepEqual(arrived, []);
    // Somebody would have been heard there.
    await fetch(location, { headers: { authorization: 'Bearer control' } });
    assert.deepEqual(arrived, ['GET /steal Bearer control']);
    thief.closeAllConnections();
    thief.close();
    assert.deepEqual(await said(), ['live-chat: one', 'live-chat: two']);
  });

  test('the visitor is told while the desk cannot be reached, and when it can', async () => {
    const visitor = await world.visitSettled();
    await world.fault({ route: POST, status: 503, times: 2 });
    visitor.say('one');
    await until(() => visitor.state.desk === 'retrying');
    await until(() => visitor.state.desk === 'reached' && visitor.state.delivered === 1);
  });

  test('a deleted room ends the chat, once, and nothing loops', async () => {
    const visitor = await world.visitSettled();
    const { id, webhooks } = await world.room();
    await world.webex('integration-live-chat', 'DELETE', `/rooms/${id}`);
    visitor.say('one');
    await visitor.hears('* closed by thread_gone');
    const about = async () => (await world.requests()).filter(({ path, body }) => JSON.stringify([path, body]).includes(id));
    const calls = (await about()).length;
    // The looks that come each second are in repair.test.mjs; here a whole other conversation goes by.
    const other = await world.visitSettled();
    await world.marker(other);
    assert.deepEqual((await about()).slice(calls), []);
    const removals = (await world.calls()).filter((call) => call === `DELETE /webex/v1/webhooks/${webhooks[0].id}`);
    assert.ok(removals.length <= 1, removals.join());
    assert.equal(visitor.lines.filter((line) => line.startsWith('* closed')).length, 1);
  });
});

describe('starting: completed on the next try, never doubled', () => {
  for (const [what, route] of Object.entries({ room: 'rooms', membership: 'memberships', webhook: 'webhooks', card: 'messages' })) {
    for (const fault of [{ drop: 'after' }, { drop: 'before' }, { status: 500 }, { status: 429, headers: { 'retry-after': '1' } }]) {
      test(`${what}: ${JSON.stringify(fault)}`, async () => {
        await world.fault({ route: `POST /webex/v1/${route}`, ...fault });
        const visitor = await world.visitSettled();
        visitor.say('one');
        await until(() => visitor.state.delivered === 1);
        const rooms = await world.rooms();
        assert.equal(rooms.length, 1);
        assert.deepEqual(rooms[0].members.sort(), ['anna@example.com', 'live-chat@example.com']);
        assert.equal(rooms[0].webhooks.length, 1);
        assert.equal(rooms[0].lines.length, 2);
      });
    }
  }
});

describe('reading from Webex', () => {
  for (const fault of [{ drop: 'before' }, { status: 401 }, { status: 429, headers: { 'retry-after': '1' } }, { status: 500, times: 2 }, { status: 200, body: '{' }]) {
    test(`an agent's message arrives in spite of ${JSON.stringify(fault)}`, async () => {
      const visitor = await world.visitSettled();
      for (const path of ['?', '/']) await world.fault({ route: `GET /webex/v1/messages${path}`, ...fault });
      await world.agentSays('one');
      await world.agentSays('two');
      await visitor.hears('Anna Nowak: two', 15_000);
      assert.deepEqual(visitor.lines.slice(1), ['Anna Nowak: one', 'Anna Nowak: two']);
    });
  }

  test('a message deleted before it was read is passed over', async () => {
    const visitor = await world.visitSettled();
    await world.control('POST', '/deliveries', { hold: true });
    const gone = await world.agentSays('gone');
    await world.webex('agent-anna', 'DELETE', `/messages/${gone.id}`);
    await world.agentSays('one');
    await world.control('POST', '/deliveries', { hold: false });
    await world.control('POST', '/deliveries/release', { order: 'same' });
    await visitor.hears('Anna Nowak: one');
    assert.ok(!visitor.lines.join().includes('gone'));
  });

  /**
   * The wire promises one sequence, the same for every tab, that grows at its end, and the time of each message. The
   * order in which a panel shows them is in browser/order.test.mjs.
   */
  test('twenty messages signalled in any order, at once and twice: once each, the same for all tabs, with their times', async (context) => {
    const visitor = await world.visitSettled();
    const tab = await Object.assign(new Visitor(world, visitor.key), { session: visitor.session }).connect(0);
    await world.control('POST', '/deliveries', { hold: true, duplicate: 6 });
    const sent = [];
    for (let n = 1; n <= 20; n += 1) {
      const { created } = await world.agentSays(`m${n}`);
      sent.push([`m${n}`, Date.parse(created)]);
    }
    await world.shuffle(context);
    await until(() => visitor.lines.length >= 21);
    await world.marker(visitor);
    await until(() => tab.entries.length >= 22);
    assert.deepEqual(visitor.entries.map(({ seq }) => seq), Array.from({ length: 22 }, (_, n) => n + 1));
    assert.deepEqual(tab.entries, visitor.entries);
    const { frames } = (await visitor.poll({ after: 0 })).body;
    assert.deepEqual(frames.flatMap(({ entries = [] }) => entries), visitor.entries);
    const shown = visitor.entries.filter(({ said }) => said.agent).slice(0, -1).map(({ said, at }) => [said.agent.body[0].text, at]);
    assert.deepEqual(Object.fromEntries(shown), Object.fromEntries(sent));
  });
});

describe('tokens', () => {
  test('an expired token is replaced once, however many conversations need it', async () => {
    const visitors = [];
    for (let n = 0; n < 12; n += 1) visitors.push(await world.visitSettled());
    await world.control('DELETE', '/requests');
    await world.control('POST', '/tokens/revoke');
    for (const visitor of visitors) visitor.say('one');
    for (const visitor of visitors) await until(() => visitor.state.delivered === 1);
    assert.equal((await world.calls('access_token')).length, 1);
  });

  test('while no token is to be had messages wait, and go out when there is one', async () => {
    const visitor = await world.visitSettled();
    await world.control('POST', '/tokens/revoke');
    await world.fault({ route: 'POST /webex/v1/access_token', status: 500, times: 2 });
    visitor.say('one');
    await until(() => visitor.state.desk === 'retrying');
    await until(() => visitor.state.delivered === 1, 15_000);
  });
});

describe('the bot: an answer, or a person within five seconds', () => {
  const DETECT = 'POST /dialogflow';
  const faults = {
    '500': { status: 500 },
    '403': { status: 403 },
    '404': { status: 404 },
    '429': { status: 429 },
    'six seconds': { delay_ms: 6_000 },
    'no answer at all': { hang: true },
    'connection cut': { drop: 'before' },
    'malformed': { status: 200, body: '<html>' },
    'an empty answer': { status: 200, body: {} },
  };
  for (const [name, fault] of Object.entries(faults)) {
    test(name, async () => {
      const visitor = await world.visitSettled('support');
      await world.control('DELETE', '/requests');
      await world.fault({ route: DETECT, ...fault });
      const asked = async () => (await world.requests('detectIntent')).at(-1);
      visitor.say('hello');
      await visitor.hears('* bot_failed');
      await until(() => visitor.state.phase === 'waiting');
      await world.posted(/The bot could not go on/);
      if (fault.delay_ms) {
        assert.equal((await asked()).status, null, 'it was not waited for');
        await until(async () => (await asked()).status === 200);
      }
      if (fault.hang) {
        const waited = await until(async () => (await asked()).gave_up_after_ms);
        assert.ok(waited > 4_000, `${waited} ms`);
      }
      const marker = await world.marker(visitor);
      assert.deepEqual(visitor.lines.slice(visitor.lines.indexOf('* bot_failed')), ['* bot_failed', '* agent_joined', marker]);
    });
  }

  test('an expired token is replaced', async () => {
    const visitor = await world.visitSettled('support');
    await world.control('POST', '/tokens/revoke', { google: true });
    visitor.say('hello');
    await until(() => visitor.lines.filter((line) => line.startsWith('bot: Greetings')).length === 2);
  });

  test('answers that do not understand, three in a row, hand off', async () => {
    const visitor = await world.visitSettled('support');
    for (const text of ['xyzzy', 'plugh', 'plover']) visitor.say(text);
    await visitor.hears('* bot_failed');
    await until(() => visitor.state.phase === 'waiting');
  });
});
