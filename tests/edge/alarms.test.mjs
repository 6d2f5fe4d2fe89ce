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
  assert.equal(String(line), 'locked\n');
  return async () => {
    child.stdin.end();
    await once(child, 'exit');
  };
}

test('what is not stored is not acknowledged, and arrives once when it can be', { timeout: 60_000 }, async () => {
  const visitor = await world.visitSettled();
  visitor.say('first-a');
  await until(() => visitor.state.delivered === 1);
  const unlock = await lock('first-a');
  await world.control('DELETE', '/requests');
  const id = visitor.say('second');
  const code = await Promise.race([visitor.closed, sleep(20_000, 'no close')]);
  console.error('closed', code, visitor.lines);
  console.error(world.output.slice(-3000));
  await unlock();
});
