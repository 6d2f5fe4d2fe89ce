// What a message costs in rows written, which is what a conversation's bill is made of: counted by the platform's own store.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { patient, startWorld, until } from '../harness.mjs';

let world;
before(async () => {
  world = await startWorld({ main: 'tests/edge/watched-worker.js', settings: patient });
});
after(() => world?.close());
beforeEach(() => world.control('POST', '/reset'));

/** The rows since the last time, and what wrote them. */
async function counted() {
  const { body } = await world.call('GET', '/counted');
  return { rows: body.reduce((sum, { rows }) => sum + rows, 0), told: body.map(({ query, rows }) => `${rows} by ${query.trim().slice(0, 60)}`).join('\n') };
}

/** The dearest of many messages of each side. */
async function dearest(visitor, from, count) {
  const most = { visitor: 0, agent: 0 };
  for (let n = from; n < from + count; n += 1) {
    await counted();
    visitor.say(`question ${n}`);
    await visitor.hears(`visitor: question ${n}`);
    const lines = visitor.lines.filter((line) => line.startsWith('visitor: ')).length;
    await until(() => visitor.entries.filter(({ said, seq }) => said.visitor && seq <= visitor.state.delivered).length === lines);
    const asked = await counted();
    await world.agentSays(`answer ${n}`);
    await visitor.hears(`Anna Nowak: answer ${n}`);
    const answered = await counted();
    assert.ok(asked.rows <= 4, `a visitor's message: ${asked.rows}\n${asked.told}`);
    assert.ok(answered.rows <= 5, `an agent's message: ${answered.rows}\n${answered.told}`);
    most.visitor = Math.max(most.visitor, asked.rows);
    most.agent = Math.max(most.agent, answered.rows);
  }
  return most;
}

test('a message costs a few rows, and no more as the conversation grows', { timeout: 300_000 }, async (context) => {
  await counted();
  const visitor = await world.visitSettled();
  const start = await counted();
  context.diagnostic(`a start: ${start.rows}\n${start.told}`);
  assert.ok(start.rows > 5, 'nothing is counted');
  assert.ok(start.rows <= 40, `${start.rows}\n${start.told}`);
  // The first one joins.
  await dearest(visitor, 0, 1);
  const early = await dearest(visitor, 1, 10);
  await dearest(visitor, 11, 80);
  const late = await dearest(visitor, 91, 10);
  context.diagnostic(JSON.stringify({ early, late }));
  assert.deepEqual([early, late], [{ visitor: 3, agent: 3 }, { visitor: 3, agent: 3 }]);
});

test('pings, a second tab and staying cost nothing', async () => {
  const visitor = await world.visitSettled();
  await counted();
  for (let n = 0; n < 20; n += 1) visitor.socket.send('ping');
  await until(() => visitor.pongs >= 20);
  for (let n = 0; n < 20; n += 1) visitor.frame('stay');
  await visitor.poll({ after: 0 });
  const { rows, told } = await counted();
  assert.ok(rows <= 2, `${rows}\n${told}`);
});
