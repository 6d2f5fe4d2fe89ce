// Calls that get no answer at all: given up after ten seconds, and nothing is lost or doubled. Side by side, since it waits.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startWorld, until } from '../harness.mjs';

/** When a call is given up, in milliseconds; clocks and timers of two processes may differ a little. */
const TIMEOUT = 10_000;
const ABOUT = 2_000;

const ways = { 'not carried out': true, 'carried out unheard': 'after' };

/** Each in a world of its own, so that a fault meets the call it is meant for. */
function alone(name, work) {
  test(name, async () => {
    const world = await startWorld();
    try {
      await work(world);
    } finally {
      await world.close();
    }
  });
}

/** How long the call that hung was waited for. */
async function waited(world) {
  const entry = await until(async () => (await world.requests()).find((one) => one.gave_up_after_ms !== undefined));
  const isAbout = Math.abs(entry.gave_up_after_ms - TIMEOUT) < ABOUT;
  assert.ok(isAbout, `${entry.call} was given up after ${entry.gave_up_after_ms} ms`);
}

describe('a call to Webex that hangs', { concurrency: 3 }, () => {
  for (const [name, hang] of Object.entries(ways)) {
    alone(`a post, ${name}`, async (world) => {
      const visitor = await world.visitSettled();
      await world.fault({ route: 'POST /webex/v1/messages', hang });
      visitor.say('one');
      visitor.say('two');
      await until(() => visitor.state.delivered === 2);
      await waited(world);
      assert.deepEqual((await world.room()).lines.slice(1), ['live-chat: one', 'live-chat: two']);
      assert.deepEqual(visitor.lines, ['visitor: one', 'visitor: two']);
    });

    for (const what of ['rooms', 'memberships', 'webhooks']) {
      alone(`at the start, ${what}, ${name}`, async (world) => {
        await world.fault({ route: `POST /webex/v1/${what}`, hang });
        const visitor = await world.visitSettled();
        visitor.say('one');
        await until(() => visitor.state.delivered === 1);
        await waited(world);
        const [room, ...others] = await world.rooms();
        assert.deepEqual(others, []);
        assert.deepEqual(room.members.sort(), ['anna@example.com', 'live-chat@example.com']);
        assert.deepEqual([room.webhooks.length, room.lines.length], [1, 2]);
      });
    }
  }

  alone('a message that is read, where lists fail', async (world) => {
    const visitor = await world.visitSettled();
    await world.fault({ route: 'GET /webex/v1/messages?', status: 503, times: 10_000 });
    await world.fault({ route: 'GET /webex/v1/messages/', hang: true });
    await world.agentSays('one');
    await world.agentSays('two');
    await visitor.hears('Anna Nowak: two');
    await waited(world);
    assert.deepEqual(visitor.lines, ['* agent_joined', 'Anna Nowak: one', 'Anna Nowak: two']);
  });

  alone('a list that is read', async (world) => {
    const visitor = await world.visitSettled();
    await world.fault({ route: 'GET /webex/v1/messages?', hang: true });
    await world.agentSays('one');
    await world.agentSays('two');
    await visitor.hears('Anna Nowak: two');
    await waited(world);
    assert.deepEqual(visitor.lines, ['* agent_joined', 'Anna Nowak: one', 'Anna Nowak: two']);
  });

  alone('a refreshed token, given out unheard: the refresh token before it still works', async (world) => {
    const visitor = await world.visitSettled();
    await world.control('POST', '/tokens/revoke');
    await world.fault({ route: 'POST /webex/v1/access_token', hang: 'after' });
    visitor.say('one');
    await until(() => visitor.state.delivered === 1);
    await waited(world);
    assert.deepEqual((await world.room()).lines.slice(1), ['live-chat: one']);
  });
});
