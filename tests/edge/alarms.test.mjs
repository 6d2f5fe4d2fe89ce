// What cannot be stored: it is not acknowledged, it is not lost, and nothing outside is called meanwhile. Another process
// keeps the object's database locked, as no write of ours can succeed then.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, beforeEach, test } from 'node:test';
import { changed, startWorld, until } from '../harness.mjs';

let world;
before(async () => {
  world = await startWorld();
});
after(() => world?.close());
beforeEach(() => world.control('POST', '/reset'));

/**
 * Locks the database of the object in which this statement finds a row with the text; it is free again when what is
 * returned is called.
 */
async function lock({ folder }, object, statement, text) {
  const program = `
import glob, sqlite3, sys
_, folder, object, statement, text = sys.argv
for file in glob.glob(f'{folder}/**/*{object}/*.sqlite', recursive=True):
    base = sqlite3.connect(file, timeout=20, isolation_level=None)
    try:
        found = base.execute(statement, [text]).fetchall()
    except sqlite3.OperationalError:
        continue
    if found:
        base.execute('BEGIN IMMEDIATE')
        print('locked', flush=True)
        sys.stdin.read()
        break`;
  const child = spawn('python3', ['-c', program, folder, object, statement, text], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  assert.equal(String(line).trim(), 'locked');
  return async () => {
    child.stdin.end();
    await once(child, 'exit');
  };
}

const lockConversation = (text) => lock(world, 'ConversationDo', 'SELECT 1 FROM transcript WHERE entry LIKE ?', `%${text}%`);

const logged = ({ output }, text) => output.split(text).length - 1;

/** As a panel that has lost its connection. */
const again = (visitor) => Object.assign(visitor, { entries: [], state: undefined }).connect(0);

test('what is not stored is not acknowledged, and arrives once when it can be', { timeout: 60_000 }, async () => {
  const visitor = await world.visitSettled();
  visitor.say('first-a');
  await until(() => visitor.state.delivered === 1);
  const unlock = await lockConversation('first-a');
  await world.control('DELETE', '/requests');
  const id = visitor.say('second');
  assert.equal(await visitor.closed, 1013);
  assert.deepEqual(visitor.lines, ['visitor: first-a']);
  for (let n = 0; n < 3; n += 1) {
    const answer = await visitor.poll({ after: 0, frames: [{ send: { id, text: 'second' } }] });
    assert.equal(answer.status, 500);
  }
  await world.agentSays('hello');
  // The worker has answered the delivery, and nothing came of it.
  await until(() => world.emulators.parts.webex.deliveries.counts.pending === 0);
  // Only the agent has called.
  assert.deepEqual((await world.requests()).filter(({ who }) => who !== 'anna@example.com').map(({ call }) => call), []);
  await unlock();
  await again(visitor);
  visitor.say('second', id);
  await until(() => visitor.entries.some(({ said, seq }) => said.visitor?.text === 'second' && seq <= visitor.state.delivered));
  const lines = (await world.room()).lines.filter((line) => /: (first-a|second)$/.test(line));
  assert.deepEqual(lines, ['live-chat: first-a', 'live-chat: second']);
  // What was signalled meanwhile comes with the next signal at the latest.
  await world.agentSays('hello again');
  await visitor.hears('Anna Nowak: hello again');
  assert.deepEqual(visitor.lines.filter((line) => line.startsWith('Anna')), ['Anna Nowak: hello', 'Anna Nowak: hello again']);
});

test('an alarm that has failed seven times goes on: a silent chat is closed', { timeout: 300_000 }, async () => {
  const site = 'brief';
  await world.push(changed((d) => Object.assign(d.timeouts, { silence: 20, warning: 10 })), site);
  const visitor = await world.visitSettled('person', {}, { site });
  visitor.say('first-b');
  await until(() => visitor.state.delivered === 1);
  const unlock = await lockConversation('first-b');
  const [before, began] = [logged(world, 'alarm: '), Date.now()];
  await until(() => logged(world, 'alarm: ') >= before + 7, 240_000, () => world.output.slice(-3000));
  // One second, two, four …, each by chance down to half of it.
  assert.ok(Date.now() - began > 30_000, `seven failures in ${Date.now() - began} ms`);
  await unlock();
  await until(() => visitor.state.phase.closed, 120_000, () => world.output.slice(-3000));
});

test('an alarm of the site that cannot be set is set when it can be: a lost signal is still found', { timeout: 180_000 }, async (t) => {
  const looking = await startWorld({ vars: { DESK_CHECK_SECONDS: '5' } });
  t.after(() => looking.close());
  const visitor = await looking.visitSettled();
  const unlock = await lock(looking, 'SiteDo', 'SELECT 1 FROM site WHERE name = ?', 'default');
  const before = logged(looking, 'alarm of the site: ');
  await until(() => logged(looking, 'alarm of the site: ') >= before + 4, 60_000, () => looking.output.slice(-3000));
  await looking.control('POST', '/deliveries', { drop: 1 });
  await looking.agentSays('Are you there?');
  await unlock();
  await visitor.hears('Anna Nowak: Are you there?', 60_000);
});

test('settings that KV does not take are saved, and published by the alarm when it does', { timeout: 120_000 }, async () => {
  const nameOf = async (site) => (await world.call('GET', `/v1/sites/${site}`)).body.name;
  await world.push(changed((d) => (d.name = 'First')), 'stuck');
  assert.equal(await nameOf('stuck'), 'First');
  const unlock = await lock(world, 'KVNamespaceObject', 'SELECT 1 FROM _mf_entries WHERE key = ?', 'settings:stuck');
  // A later one is published, not each.
  for (const name of ['Second', 'Third']) {
    const { status, body } = await world.admin('PUT', 'stuck/settings', { document: changed((d) => (d.name = name)), saved_by: 'Anna' });
    assert.deepEqual([status, body.version > 1], [200, true]);
    await until(() => world.output.includes('settings of stuck are not published yet'), 30_000);
  }
  assert.equal(await nameOf('stuck'), 'First');
  await unlock();
  await world.restartWorker();
  await until(async () => (await nameOf('stuck')) === 'Third', 90_000);
});
