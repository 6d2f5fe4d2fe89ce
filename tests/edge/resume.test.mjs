// Reloads, crashes, sleep: the conversation comes back whole.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { patient, startWorld, until, Visitor } from '../harness.mjs';

let world;
before(async () => {
  world = await startWorld({ settings: patient });
});
after(() => world?.close());
beforeEach(() => world.control('POST', '/reset'));

const reload = async (visitor, after = 0) => {
  const again = Object.assign(new Visitor(world, visitor.key), { session: visitor.session });
  return again.connect(after);
};

test('a reload shows everything once, from any cursor', async () => {
  const visitor = await world.visitSettled();
  for (let n = 1; n <= 8; n += 1) visitor.say(`m${n}`);
  await world.agentSays('hello');
  await visitor.hears('Anna Nowak: hello');
  await visitor.hears('visitor: m8');
  for (const after of [0, 3, 10]) {
    const again = await reload(visitor, after);
    await until(() => again.entries.length === 10 - after);
    assert.deepEqual(again.lines, visitor.lines.slice(after));
    await again.disconnect();
  }
});

/** Waits until a call of this kind has come and is not answered. */
const isUnderWay = (prefix) => until(async () => (await world.requests(prefix)).some(({ status }) => status === null));

for (const hang of [true, 'after']) test(`a worker killed while it posts loses and doubles nothing: ${hang === true ? 'the post was not made' : 'it was made unheard'}`, async () => {
  const visitor = await world.visitSettled();
  visitor.say('before');
  await until(() => visitor.state.delivered === 1);
  await world.fault({ route: 'POST /webex/v1/messages', hang });
  const id = visitor.say('during');
  await visitor.hears('visitor: during');
  await isUnderWay('POST /webex/v1/messages');
  if (hang === 'after') await world.posted('live-chat: during');
  await world.restartWorker();
  const again = await reload(visitor);
  again.say('during', id);
  again.say('after');
  await until(() => again.state.delivered === 3);
  const lines = (await world.room()).lines.slice(1);
  assert.deepEqual(lines, ['live-chat: before', 'live-chat: during', 'live-chat: after']);
  await world.agentSays('still here');
  await again.hears('Anna Nowak: still here');
  assert.deepEqual(again.lines, ['visitor: before', 'visitor: during', 'visitor: after', '* agent_joined', 'Anna Nowak: still here']);
});

for (const hang of [true, 'after']) test(`a worker killed while it adds somebody completes the start, with one room: ${hang === true ? 'not added' : 'added unheard'}`, async () => {
  await world.fault({ route: 'POST /webex/v1/memberships', hang });
  const visitor = new Visitor(world);
  await visitor.start('person');
  await isUnderWay('POST /webex/v1/memberships');
  await world.restartWorker();
  assert.equal((await visitor.start('person')).status, 200);
  await visitor.connect();
  visitor.say('hello');
  await until(() => visitor.state.delivered === 1);
  const rooms = await world.rooms();
  assert.equal(rooms.length, 1);
  assert.deepEqual(rooms[0].members.sort(), ['anna@example.com', 'live-chat@example.com']);
  assert.equal(rooms[0].webhooks.length, 1);
  assert.equal(rooms[0].lines.length, 2);
});

test('an idle conversation is evicted with its sockets open, and wakes for either side', async () => {
  const visitor = await world.visitSettled();
  visitor.say('before sleep');
  await until(() => visitor.state.delivered === 1);
  const loads = () => world.output.split('conversation object loaded').length;
  const before = loads();
  // The platform evicts when it likes, at the earliest after ten seconds; nothing but another load tells of it.
  const greetings = [];
  while (loads() === before && greetings.length < 6) {
    for (let n = 1; n <= 8; n += 1) {
      await sleep(2_000);
      visitor.socket.send('ping');
    }
    await until(() => visitor.pongs === 8 * (greetings.length + 1));
    assert.equal(loads(), before, 'pings do not wake the object');
    greetings.push(await world.marker(visitor));
    // The log may be a moment late.
    await until(() => loads() > before, 2_000).catch(() => {});
  }
  assert.equal(loads(), before + 1, 'it had been evicted');
  visitor.say('after sleep');
  await until(() => visitor.state.delivered === visitor.entries.length);
  assert.deepEqual(visitor.lines, ['visitor: before sleep', '* agent_joined', ...greetings, 'visitor: after sleep']);
});

test('fifty sends from two tabs at once: fifty stored, one order for both', async () => {
  const visitor = await world.visitSettled();
  const tab = await reload(visitor);
  const refused = [];
  for (let n = 0; n < 25; n += 1) {
    visitor.say(`a${n}`, `message-a${n}`);
    tab.say(`b${n}`, `message-b${n}`);
  }
  // Most come too fast; each is sent again until it is stored, as the panel does.
  await until(
    async () => {
      for (const one of [visitor, tab]) {
        for (const frame of one.frames.splice(0)) {
          if (frame.rejected) refused.push({ one, ...frame.rejected });
        }
      }
      const wait = refused[0]?.code.too_fast?.retry_after_ms;
      if (wait) await sleep(Math.min(wait, 500));
      for (const { one, id } of refused.splice(0)) one.say(id.slice(8), id);
      return tab.entries.length === 50 && visitor.entries.length === 50;
    },
    90_000,
    () => `${tab.entries.length}`,
  );
  assert.deepEqual(tab.lines, visitor.lines);
  assert.equal(new Set(tab.lines).size, 50);
  assert.deepEqual(tab.entries.map((entry) => entry.seq), Array.from({ length: 50 }, (_, n) => n + 1));
});
