// Silence and lost heartbeats, by alarms, with times short enough to wait for.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startWorld, until } from '../harness.mjs';

let world;
before(async () => {
  world = await startWorld({
    settings: (settings) => {
      settings.timeouts = { silence: 6, warning: 3, lost: 2 };
    },
  });
});
after(() => world?.close());
beforeEach(() => world.control('POST', '/reset'));

/** Pings as the panel does, only faster. */
function keepAlive(visitor) {
  const timer = setInterval(() => visitor.socket.send('ping'), 500);
  visitor.closed.then(() => clearInterval(timer));
  return () => clearInterval(timer);
}

test('silence: warned, cancelled by any sign of life, then closed; both sides are told', async () => {
  const visitor = await world.visitSettled();
  const stop = keepAlive(visitor);
  await until(() => visitor.state.closes_at, 5_000);
  visitor.frame('stay');
  await until(() => !visitor.state.closes_at);
  await until(() => visitor.state.closes_at, 5_000);
  assert.deepEqual(visitor.lines, []);
  await visitor.hears('* closed by silence');
  await until(async () => (await world.room()).webhooks.length === 0);
  assert.match((await world.room()).lines.at(-1), /has not written for long/);
  stop();
});

test('lost heartbeats: a half-open connection is noticed, and the room is told', async () => {
  const visitor = await world.visitSettled();
  const stop = keepAlive(visitor);
  visitor.say('hello');
  await sleep(3_000);
  assert.notEqual(visitor.state.phase.closed?.by, 'visitor_gone', 'heartbeats count');
  stop();
  await visitor.hears('* closed by visitor_gone', 6_000);
  await until(async () => (await world.room()).lines.at(-1).includes('The visitor has left the page'));
});

test('a short loss of network is none', async () => {
  const visitor = await world.visitSettled();
  await visitor.disconnect();
  await sleep(1_000);
  visitor.entries = [];
  await visitor.connect();
  const stop = keepAlive(visitor);
  await sleep(1_800);
  assert.deepEqual(visitor.lines, []);
  stop();
});

test('a visitor who polls is here', async () => {
  const visitor = await world.visitSettled();
  await visitor.disconnect();
  for (let n = 0; n < 6; n += 1) {
    await sleep(500);
    const { body } = await visitor.poll({ after: 0 });
    assert.equal(body.frames[0].hello.state.phase, 'waiting');
  }
});

test('a closed page is noticed', async () => {
  const visitor = await world.visitSettled();
  await visitor.disconnect();
  await until(async () => (await world.room()).lines.at(-1).includes('The visitor has left the page'), 6_000);
});
