// While the vendor gives no tokens, or refuses those it gave: few calls, and nothing is lost or done twice.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { startWorld, until } from '../harness.mjs';

const MANY = 10;
/** Milliseconds for which a failure to get a token is the answer to all who ask. */
const REMEMBERED = 3_000;
const TOKEN = 'POST /webex/v1/access_token';

let world;
before(async () => {
  world = await startWorld();
});
after(() => world?.close());
beforeEach(() => world.control('POST', '/reset'));

async function visitors() {
  const all = [];
  for (let n = 0; n < MANY; n += 1) all.push(await world.visitSettled());
  return all;
}

/** Each room has this line once. */
async function arrivedOnce(line) {
  const counts = (await world.rooms()).map(({ lines }) => lines.filter((one) => one === `live-chat: ${line}`).length);
  assert.deepEqual(counts, Array(MANY).fill(1));
}

test('the token endpoint hangs for a while', { timeout: 180_000 }, async () => {
  const all = await visitors();
  await world.control('POST', '/tokens/revoke');
  await world.control('DELETE', '/requests');
  await world.fault({ route: TOKEN, delay_ms: 30_000, status: 503, times: 4 });
  for (const visitor of all) visitor.say('one');
  for (const visitor of all) await until(() => visitor.state.delivered === 1, 150_000);
  await arrivedOnce('one');
  const calls = (await world.calls(TOKEN)).length;
  // Four that hang for ten seconds each, and the one that succeeds.
  assert.equal(calls, 5);
});

test('the token endpoint fails: however many wait for a token, it is asked every few seconds', { timeout: 120_000 }, async () => {
  const all = await visitors();
  await world.control('POST', '/tokens/revoke');
  await world.control('DELETE', '/requests');
  await world.fault({ route: TOKEN, status: 503, times: 10_000 });
  for (const visitor of all) visitor.say('one');
  const began = Date.now();
  await until(() => all.every((visitor) => visitor.state.desk === 'retrying'), 30_000);
  await until(() => Date.now() - began > 20_000, 30_000);
  const [calls, most] = [(await world.calls(TOKEN)).length, 1 + (Date.now() - began) / REMEMBERED];
  assert.ok(calls <= most, `${calls} calls, at most ${most}`);
  await world.control('DELETE', '/faults');
  for (const visitor of all) await until(() => visitor.state.delivered === 1, 90_000);
  await arrivedOnce('one');
});

test('tokens are given and then refused', { timeout: 120_000 }, async () => {
  const all = await visitors();
  await world.control('POST', '/tokens/revoke');
  await world.control('DELETE', '/requests');
  await world.fault({ route: 'POST /webex/v1/messages', status: 401, times: 10_000 });
  for (const visitor of all) visitor.say('one');
  await until(() => all.every((visitor) => visitor.state.desk === 'retrying'), 20_000);
  await until(async () => (await world.calls('POST /webex/v1/messages')).length >= 30, 60_000);
  const calls = (await world.calls(TOKEN)).length;
  assert.ok(calls <= 3, `${calls} tokens fetched`);
  await world.control('DELETE', '/faults');
  for (const visitor of all) await until(() => visitor.state.delivered === 1, 90_000);
  await arrivedOnce('one');
});

test('a token that is refused as soon as it is there is replaced within seconds', { timeout: 90_000 }, async () => {
  // What was refused before is remembered for two minutes.
  await world.restartWorker();
  const visitor = await world.visitSettled();
  await world.control('POST', '/tokens/revoke');
  await world.control('DELETE', '/requests');
  await world.fault({ route: 'POST /webex/v1/messages', status: 401, times: 2, delay_ms: 1_000 });
  visitor.say('one');
  // The one that comes now is not good for long.
  await until(async () => (await world.calls(TOKEN)).length === 1);
  await world.control('POST', '/tokens/revoke');
  await until(() => visitor.state.delivered === 1, 30_000);
  assert.equal((await world.calls(TOKEN)).length, 2);
});

test('however many conversations: each of our accounts is asked once who it is', { timeout: 60_000 }, async () => {
  await world.restartWorker();
  await world.control('DELETE', '/requests');
  for (let n = 0; n < 6; n += 1) {
    const visitor = await world.visitSettled('support');
    visitor.frame('ask_for_person');
    await world.agentSays('hello', { roomId: (await world.roomOf(visitor)).id });
    await visitor.hears('Support: hello');
  }
  const asked = (await world.requests('GET /webex/v1/people/me')).filter(({ status }) => status === 200).map(({ who }) => who);
  assert.deepEqual(asked.sort(), ['live-chat@example.com', 'live-chat@webex.bot']);
});
