// What cannot be stored: it is not acknowledged, it is not lost, and nothing outside is called meanwhile. Another process
// keeps the object's database locked, as no write of ours can succeed then.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { changed, startWorld, until } from '../harness.mjs';

let world;
before(async () => {
  world = await startWorld();
});
after(() => world?.close());
beforeEach(() => world.control('POST', '/reset'));

/** Locks the database of the conversation that this text is in; it is free again when what is returned is called. */
async function lock(text) {
  const program = `
import glob, sqlite3, sys
for file in glob.glob(sys.argv[1] + '/**/*ConversationDo/*.sqlite', recursive=True):
    base = sqlite3.connect(file, timeout=20, isolation_level=None)
    try:
        found = base.execute('SELECT 1 FROM transcript WHERE entry LIKE ?', ['%' + sys.argv[2] + '%']).fetchall()
    except sqlite3.OperationalError:
        continue
    if found:
        base.execute('BEGIN IMMEDIATE')
        print('locked', flush=True)
        sys.stdin.read()
        break`;
  const child = spawn('python3', ['-c', program, world.folder, text], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  assert.equal(String(line).trim(), 'locked');
  return async () => {
    child.stdin.end();
    await once(child, 'exit');
  };
}

/** As a panel that has lost its connection. */
const again = (visitor) => Object.assign(visitor, { entries: [], state: undefined }).connect(0);

test('what is not stored is not acknowledged, and arrives once when it can be', { timeout: 60_000 }, async () => {
  const visitor = await world.visitSettled();
  visitor.say('first-a');
  await until(() => visitor.state.delivered === 1);
  const unlock = await lock('first-a');
  await world.control('DELETE', '/requests');
  const id = visitor.say('second');
  assert.equal(await visitor.closed, 1013);
  assert.deepEqual(visitor.lines, ['visitor: first-a']);
  for (let n = 0; n < 3; n += 1) {
    const answer = await visitor.poll({ after: 0, frames: [{ send: { id, text: 'second' } }] });
    assert.equal(answer.status, 500);
  }
  await world.agentSays('hello');
  await sleep(2_000);
  // Only the agent has called.
  assert.deepEqual((await world.requests()).filter(({ who }) => who !== 'anna@example.com').map(({ call }) => call), []);
  await unlock();
  await again(visitor);
  visitor.say('second', id);
  await until(() => visitor.state.delivered === 2);
  const lines = (await world.room()).lines.filter((line) => /: (first-a|second)$/.test(line));
  assert.deepEqual(lines, ['live-chat: first-a', 'live-chat: second']);
});

test('an alarm that has failed seven times goes on: a silent chat is closed', { timeout: 300_000 }, async () => {
  const site = 'brief';
  await world.push(changed((d) => Object.assign(d.timeouts, { silence: 6, warning: 3 })), site);
  const visitor = await world.visitSettled('person', {}, { site });
  visitor.say('first-b');
  await until(() => visitor.state.delivered === 1);
  const unlock = await lock('first-b');
  const failures = () => world.output.split('alarm: ').length - 1;
  const before = failures();
  await until(() => failures() >= before + 7, 240_000, () => world.output.slice(-3000));
  await unlock();
  await until(() => visitor.state.phase.closed, 120_000, () => world.output.slice(-3000));
});
