// Silence and lost heartbeats, by alarms. A visitor counts as lost after 90 seconds at the earliest, so these wait.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { startWorld, until, Visitor } from '../harness.mjs';

/** What `lost` may be at least, in milliseconds. */
const LOST = 90_000;

let world;

/** Pings as the panel does. */
function keepAlive(visitor, every = 500) {
  const timer = setInterval(() => visitor.socket.send('ping'), every);
  visitor.closed.then(() => clearInterval(timer));
  return () => clearInterval(timer);
}

describe('silence', () => {
  before(async () => {
    world = await startWorld({
      settings: (settings) => {
        settings.timeouts = { silence: 20, warning: 10, lost: 90 };
      },
    });
  });
  after(() => world?.close());
  beforeEach(() => world.control('POST', '/reset'));

  test('warned, cancelled by any sign of life, then closed; both sides are told', async () => {
    const visitor = await world.visitSettled();
    const stop = keepAlive(visitor);
    await until(() => visitor.state.closes_at);
    visitor.frame('stay');
    await until(() => !visitor.state.closes_at);
    await until(() => visitor.state.closes_at);
    assert.deepEqual(visitor.lines, []);
    await visitor.hears('* closed by silence');
    await until(async () => (await world.room()).webhooks.length === 0);
    assert.match((await world.room()).lines.at(-1), /has not written for long/);
    stop();
  });
});

describe('lost heartbeats, side by side', { concurrency: true }, () => {
  before(async () => {
    world = await startWorld({
      settings: (settings) => {
        settings.timeouts = { silence: 900, warning: 60, lost: 90 };
      },
    });
  });
  after(() => world?.close());

  /** A visitor, and the lines of their own room. */
  async function settled() {
    const visitor = await world.visit('person');
    const reference = visitor.session.conversation.replace(/[^A-Za-z0-9]/g, '').slice(0, 6);
    const room = async () => (await world.rooms()).find(({ title }) => title.endsWith(reference));
    await until(async () => (await room())?.lines.length === 1);
    return { visitor, room };
  }

  test('a half-open connection is noticed, and the room is told', async () => {
    const { visitor, room } = await settled();
    await visitor.hears('* closed by visitor_gone', LOST + 20_000);
    await until(async () => (await room()).lines.at(-1).includes('The visitor has left the page'));
  });

  test('somebody who pings, once in a minute as a tab in the background does, is here', async () => {
    const { visitor } = await settled();
    const { visitor: gone } = await settled();
    const stop = keepAlive(visitor, 55_000);
    // Another tab comes and goes.
    const tab = Object.assign(new Visitor(world, visitor.key), { session: visitor.session });
    await (await tab.connect()).disconnect();
    // The other one's end says that the time is over, for both.
    await gone.hears('* closed by visitor_gone', LOST + 20_000);
    visitor.say('still here');
    await until(() => visitor.state.delivered === 1);
    assert.deepEqual(visitor.lines, ['visitor: still here']);
    stop();
  });

  test('a loss of network that is shorter is none', async () => {
    const { visitor } = await settled();
    await visitor.disconnect();
    visitor.entries = [];
    await visitor.connect();
    const stop = keepAlive(visitor, 55_000);
    // Whose time began later says that it is over, for both.
    const { visitor: gone } = await settled();
    await gone.hears('* closed by visitor_gone', LOST + 20_000);
    visitor.say('back again');
    await until(() => visitor.state.delivered === 1);
    assert.deepEqual(visitor.lines, ['visitor: back again']);
    stop();
  });
});
