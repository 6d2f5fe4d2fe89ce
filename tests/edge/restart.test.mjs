// Silence while the worker is restarted is nobody's leaving. It waits for as long as a visitor may be gone.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startWorld, until } from '../harness.mjs';

/** What `lost` may be at least, in milliseconds. */
const LOST = 90_000;

let world;

describe('a restart of the worker', () => {
  before(async () => {
    world = await startWorld({
      settings: (settings) => {
        settings.timeouts = { silence: 900, warning: 60, lost: 90 };
      },
    });
  });
  after(() => world?.close());

  test('closes nobody: whoever was connected has the whole time to come back', async () => {
    const visitor = await world.visitSettled();
    const began = Date.now();
    // No heartbeat for most of the time, then the worker ends without a word.
    await until(() => Date.now() - began > LOST - 15_000, LOST);
    await world.restartWorker();
    // The desk wakes the conversation, and its alarm comes due.
    await world.agentSays('Are you there?');
    await until(() => Date.now() - began > LOST + 20_000, LOST);
    visitor.entries = [];
    await visitor.connect();
    await visitor.hears('Anna Nowak: Are you there?');
    visitor.say('yes');
    await until(() => visitor.state.delivered >= 3, 10_000, () => visitor.lines.join());
    assert.ok(!visitor.lines.some((line) => line.includes('closed')));
  });
});
