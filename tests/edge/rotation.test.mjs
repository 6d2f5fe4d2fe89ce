// The operator changes the master key while chats are under way.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { startWorld, until } from '../harness.mjs';

let world;
before(async () => {
  world = await startWorld();
});
after(() => world?.close());

test('what was made by the key before goes on while it is kept, and ends when it is deleted', async () => {
  const old = await world.visitSettled();
  const numbered = Array.from({ length: 30 }, (_, n) => `m${n + 1}`);
  const [oldRoom, before] = [await world.room(), world.vars.MASTER_KEY];
  for (const text of numbered.slice(0, 10)) await world.agentSays(text, { roomId: oldRoom.id });
  await old.hears('Anna Nowak: m10');
  await world.restartWorker({ MASTER_KEY: randomBytes(32).toString('hex'), MASTER_KEY_BEFORE: before });
  old.entries = [];
  await old.connect();
  for (const text of numbered.slice(10, 20)) await world.agentSays(text, { roomId: oldRoom.id });
  await old.hears('Anna Nowak: m20');
  const young = await world.visitSettled();
  await world.agentSays('hello');
  await young.hears('Anna Nowak: hello');
  await world.restartWorker({ MASTER_KEY_BEFORE: '' });
  young.entries = [];
  await young.connect();
  assert.equal((await old.poll({ after: 0 })).status, 401);
  await world.agentSays('m21', { roomId: oldRoom.id });
  // Its signature is one of a key that is not known any more.
  await until(async () => (await world.control('GET', '/webhooks')).some(({ filter, failures }) => filter === `roomId=${oldRoom.id}` && failures > 0));
  young.say('still here');
  await until(() => young.state.delivered >= 3, 10_000, () => young.lines.join());
  assert.deepEqual(old.lines, ['* agent_joined', ...numbered.slice(0, 20).map((text) => `Anna Nowak: ${text}`)]);
});

test('the site hears who leaves by the new key, when the one before is deleted', async (t) => {
  const looking = await startWorld({ vars: { DESK_CHECK_SECONDS: '2' } });
  t.after(() => looking.close());
  const hook = async () => (await looking.control('GET', '/webhooks')).find(({ resource }) => resource === 'memberships');
  await looking.visitSettled();
  const { name } = await until(hook);
  await looking.restartWorker({ MASTER_KEY: randomBytes(32).toString('hex'), MASTER_KEY_BEFORE: looking.vars.MASTER_KEY });
  const visitor = await looking.visitSettled();
  await looking.agentSays('hello');
  await visitor.hears('Anna Nowak: hello');
  await until(async () => (await hook()).name !== name);
  await looking.restartWorker({ MASTER_KEY_BEFORE: '' });
  await visitor.connect();
  await looking.control('POST', '/rooms/remove', { id: (await looking.room()).id, email: 'anna@example.com' });
  await visitor.hears('* nobody_answered');
  await until(async () => (await looking.control('GET', '/state')).deliveries.pending === 0);
  assert.equal((await hook()).failures, 0);
});
