// What no webhook told of: found by the regular look. And the same look where there are no webhooks at all.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { BEN, startWorld, until } from '../harness.mjs';

const INTEGRATION = 'integration-live-chat';
/** Longer than two looks, where they come every second, and where they come every other one. */
const TWO_LOOKS = 2_300;
const TWO_POLLS = 4_300;
const LOOK = 'GET /webex/v1/rooms';

let world;
let visitors = [];

/** Ends what a test began: while a conversation is under way the site goes on looking. */
async function endAll() {
  const open = visitors.filter((visitor) => !visitor.state.phase.closed);
  for (const visitor of open) visitor.frame('end');
  for (const visitor of open) await until(() => visitor.state.phase.closed);
  visitors = [];
  await quiet();
}

/** Waits until nobody calls Webex any more, for longer than it takes to look twice. */
const quiet = (twoLooks = TWO_LOOKS) => until(async () => (await callsWithin(twoLooks)).length === 0, 60_000, () => world.calls());

/** Waits until so many looks have come to an end that begin after this. */
async function looks(count) {
  const before = (await lookedSoFar()).length;
  await until(async () => {
    const all = await lookedSoFar();
    return all.length >= before + count && all.at(-1).status !== null;
  });
}

const lookedSoFar = async () => (await world.requests(LOOK)).filter(({ call }) => call === LOOK);

/** While this goes on no look finds anything, so what comes comes by a webhook. */
async function withoutLooks(work) {
  await world.fault({ route: LOOK, status: 503, times: 10_000 });
  await work();
  await world.control('DELETE', '/faults');
}

const remember = (visitor) => (visitors.push(visitor), visitor);
const agentLines = (visitor) => visitor.lines.filter((line) => line.startsWith('Anna Nowak: '));
const numbered = (count) => Array.from({ length: count }, (_, n) => `m${n + 1}`);
const shown = (texts) => texts.map((text) => `Anna Nowak: ${text}`);
/** Those of conversations; there is one more, by which the account tells the site who leaves a room. */
const webhooks = async () => (await world.control('GET', '/webhooks')).filter(({ resource }) => resource === 'messages');

/** As a panel that has lost its connection. */
const again = (visitor) => Object.assign(visitor, { entries: [], state: undefined }).connect(0);

/** The calls made within some milliseconds from now on. */
async function callsWithin(time) {
  await world.control('DELETE', '/requests');
  await sleep(time);
  return world.calls('/webex');
}

describe('with webhooks', () => {
  before(async () => {
    world = await startWorld({ vars: { DESK_CHECK_SECONDS: '1' } });
  });
  after(() => world?.close());
  beforeEach(() => world.control('POST', '/reset'));
  afterEach(endAll);

  const visit = async () => remember(await world.visitSettled());

  test('one that was switched off is revived, and what was written meanwhile arrives once and in order', async () => {
    const visitor = await visit();
    await world.agentSays('before');
    await visitor.hears('Anna Nowak: before');
    const [{ id }] = await webhooks();
    await world.control('POST', '/webhooks/disable', { id });
    for (const text of numbered(7)) await world.agentSays(text);
    await visitor.hears('Anna Nowak: m7');
    await until(async () => (await webhooks())[0].status === 'active');
    // Only one that was off is revived.
    assert.equal((await world.calls('PUT /webex/v1/webhooks')).length, 1);
    assert.deepEqual((await webhooks()).map((hook) => hook.id), [id]);
    await withoutLooks(async () => {
      await world.agentSays('after');
      await visitor.hears('Anna Nowak: after');
    });
    await looks(2);
    assert.deepEqual(agentLines(visitor), shown(['before', ...numbered(7), 'after']));
  });

  test('one that was deleted is registered anew', async () => {
    const visitor = await visit();
    const [{ id }] = await webhooks();
    assert.equal((await world.webex(INTEGRATION, 'DELETE', `/webhooks/${id}`)).status, 204);
    for (const text of numbered(3)) await world.agentSays(text);
    await visitor.hears('Anna Nowak: m3');
    const [hook, ...others] = await until(async () => (await webhooks()).length > 0 && webhooks());
    assert.deepEqual([others.length, hook.status, hook.filter], [0, 'active', `roomId=${(await world.room()).id}`]);
    await withoutLooks(async () => {
      await world.agentSays('m4');
      await visitor.hears('Anna Nowak: m4');
    });
    assert.deepEqual(agentLines(visitor), shown(numbered(4)));
    visitor.frame('end');
    await until(async () => (await webhooks()).length === 0);
  });

  test('a delivery that was lost is found, among others that were not', async () => {
    const visitor = await visit();
    const [{ id }] = await webhooks();
    for (const [index, text] of numbered(9).entries()) {
      if (index % 3 === 2) await world.control('POST', '/webhooks/drop', { id, times: 1 });
      await world.agentSays(text);
    }
    await until(() => agentLines(visitor).length === 9);
    await looks(2);
    assert.deepEqual(agentLines(visitor), shown(numbered(9)));
  });

  test('a lost command is found too, after what was written before it', async () => {
    const visitor = await visit();
    const [{ id }] = await webhooks();
    await world.control('POST', '/webhooks/drop', { id, times: 2 });
    await world.agentSays('goodbye');
    await world.agentSays('/close');
    await visitor.hears('* closed by agent');
    assert.deepEqual(visitor.lines, ['* agent_joined', 'Anna Nowak: goodbye', '* closed by agent']);
  });

  test('a worker that dies while a webhook is switched off repairs it when it is back', async () => {
    const visitor = await visit();
    const [{ id }] = await webhooks();
    await world.stopWorker();
    await world.control('POST', '/webhooks/disable', { id });
    for (const text of numbered(3)) await world.agentSays(text);
    await world.startWorker();
    await again(visitor);
    await visitor.hears('Anna Nowak: m3');
    await until(async () => (await webhooks())[0].status === 'active');
    assert.deepEqual(agentLines(visitor), shown(numbered(3)));
  });

  test('a quiet conversation costs a look, and its room is not read again', async () => {
    const visitor = await visit();
    await world.agentSays('hello');
    await visitor.hears('Anna Nowak: hello');
    await looks(2);
    await world.control('DELETE', '/requests');
    await looks(3);
    const calls = await world.calls('/webex');
    assert.deepEqual([...new Set(calls)].sort(), ['GET /webex/v1/rooms', 'GET /webex/v1/webhooks']);
    const count = (what) => calls.filter((call) => call === what).length;
    assert.ok(Math.abs(count(LOOK) - count('GET /webex/v1/webhooks')) <= 1, calls.join());
  });

  /** Ways in which a room is no longer there for the integration. */
  const losses = [
    ({ id }) => world.control('POST', '/rooms/delete', { id }),
    ({ id }) => world.webex(INTEGRATION, 'DELETE', `/rooms/${id}`),
    ({ id }) => world.control('POST', '/rooms/remove', { id, email: 'live-chat@example.com' }),
    async ({ id, webhooks: [hook] }) => {
      await world.webex(INTEGRATION, 'DELETE', `/webhooks/${hook.id}`);
      await world.control('POST', '/rooms/delete', { id });
    },
  ];

  async function nothingGoesOn() {
    await until(async () => (await webhooks()).length === 0);
    await quiet();
  }

  test('a room that is gone: a look finds out, the visitor is told, nothing goes on', async () => {
    for (const happens of losses) {
      const visitor = await visit();
      await world.agentSays('hello');
      await visitor.hears('Anna Nowak: hello');
      await happens(await world.room());
    }
    for (const visitor of visitors) {
      await visitor.hears('* closed by thread_gone');
      assert.deepEqual(visitor.lines, ['* agent_joined', 'Anna Nowak: hello', '* closed by thread_gone']);
      visitor.say('hello?');
      await until(() => visitor.frames.some((frame) => frame.rejected?.code === 'closed'));
    }
    await nothingGoesOn();
  });

  test('a room is deleted before its webhook is registered', async () => {
    await world.fault({ route: 'POST /webex/v1/webhooks', delay_ms: 500 });
    const visitor = remember(await world.visit());
    await until(async () => (await world.room())?.members.includes('anna@example.com'));
    await world.control('POST', '/rooms/delete', { id: (await world.room()).id });
    await visitor.hears('* closed by thread_gone');
    await nothingGoesOn();
  });

  test('the visitor writes before a look finds out', async () => {
    for (const happens of losses) {
      const visitor = await visit();
      // It is on its way to the room when that is gone.
      await world.fault({ route: 'POST /webex/v1/messages', delay_ms: 1_000 });
      visitor.say('anybody there?');
      await visitor.hears('visitor: anybody there?');
      await happens(await world.room());
      await visitor.hears('* closed by thread_gone');
      assert.deepEqual([visitor.lines[0], visitor.state.delivered], ['visitor: anybody there?', 0]);
    }
    await nothingGoesOn();
  });
});

describe('without an address that Webex could reach', () => {
  before(async () => {
    world = await startWorld({ vars: { PUBLIC_URL: '' } });
  });
  after(() => world?.close());
  beforeEach(() => world.control('POST', '/reset'));
  afterEach(endAll);

  async function visit(topic = 'person') {
    const visitor = remember(await world.visit(topic));
    await until(async () => (await world.room())?.lines.length === (topic === 'person' ? 1 : 2));
    return visitor;
  }

  test('a whole conversation goes both ways, without a webhook, and ends by /close', async () => {
    const visitor = await visit();
    await world.agentSays('hello');
    await visitor.hears('Anna Nowak: hello');
    visitor.say('hi');
    await world.posted('live-chat: hi');
    for (const text of numbered(5)) await world.agentSays(text);
    await world.agentSays('/note secret');
    await world.agentSays('/close');
    await visitor.hears('* closed by agent');
    const said = ['Anna Nowak: hello', 'visitor: hi', ...shown(numbered(5))];
    assert.deepEqual(visitor.lines, ['* agent_joined', ...said, '* closed by agent']);
    await world.posted(/The chat is closed/);
    assert.deepEqual((await world.calls('webhooks')), []);
  });

  test('no more calls than Webex takes, with five conversations busy', async () => {
    const busy = [];
    for (let n = 0; n < 5; n += 1) busy.push({ visitor: await visit(), id: (await world.room()).id });
    await world.control('DELETE', '/requests');
    const began = Date.now();
    for (const text of numbered(2)) {
      for (const { id } of busy) await world.agentSays(text, { roomId: id });
      for (const { visitor } of busy) await visitor.hears(`Anna Nowak: ${text}`);
    }
    const seconds = (Date.now() - began) / 1_000;
    const asked = (await world.requests()).filter(({ who }) => who === 'live-chat@example.com');
    for (const { visitor } of busy) assert.deepEqual(agentLines(visitor), shown(numbered(2)));
    // A message is found and read, a name is asked for once; the rest are looks, of which none comes within a second.
    const looked = asked.filter(({ call }) => call === LOOK).length;
    assert.ok(looked <= seconds + 2, `${looked} looks in ${seconds} s`);
    assert.ok(asked.length - looked <= 10 * 2 + 5, `${asked.length - looked} calls for 10 messages in 5 rooms`);
    const idleFrom = Date.now();
    const idle = (await callsWithin(TWO_POLLS)).length * (60_000 / (Date.now() - idleFrom));
    assert.ok(idle <= 60, `${idle} calls a minute while nobody writes`);
  });

  test('nothing is polled when no conversation is under way: one was ended, of another the room was deleted', async () => {
    const gone = await visit();
    await world.control('POST', '/rooms/delete', { id: (await world.room()).id });
    await gone.hears('* closed by thread_gone');
    await visit();
    await endAll();
    await quiet(TWO_POLLS);
    const visitor = await visit();
    await world.agentSays('hello');
    await visitor.hears('Anna Nowak: hello');
  });

  test('a worker that is restarted goes on looking', async () => {
    const visitor = await visit('support');
    await visitor.disconnect();
    await world.restartWorker();
    await world.agentSays('hello', { token: BEN });
    const found = async () => JSON.stringify((await visitor.poll({ after: 0 })).body).includes('"hello"');
    await until(found);
    await again(visitor);
    await visitor.hears('Support: hello');
  });
});
