// Several accounts of the integration: they share the rooms, a conversation keeps its own, and one that cannot gets no new ones.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { changed, startWorld, until, Visitor } from '../harness.mjs';

const FIRST = 'live-chat@example.com';
const SECOND = 'live-chat-2@example.com';
const BOTH = { [FIRST]: 'integration-live-chat', [SECOND]: 'integration-live-chat-2' };
const ENOUGH = 40;

let world;
before(async () => {
  const vars = { WEBEX_REFRESH_TOKEN: 'refresh-integration-live-chat, refresh-integration-live-chat-2', DESK_CHECK_SECONDS: '3' };
  world = await startWorld({ vars });
  await world.push(changed((settings) => (settings.hours = { week: {} })), 'left');
});
after(() => world?.close());
beforeEach(() => world.control('POST', '/reset'));

const ownerOf = (room) => Object.keys(BOTH).find((email) => room.members.includes(email));

/** A conversation whose room is known, with the account that opened it. */
async function visit() {
  const visitor = await world.visitSettled();
  const room = await world.roomOf(visitor);
  return { visitor, room: room.id, owner: ownerOf(room) };
}

async function visits(count) {
  const all = [];
  while (all.length < count) all.push(await visit());
  return all;
}

const share = (all, email) => all.filter(({ owner }) => owner === email).length;

/** Chance decides whose each is: as many as it takes until both have this many. */
async function visitsOfBoth(least) {
  const all = [];
  while (Object.keys(BOTH).some((email) => share(all, email) < least)) {
    assert.ok(all.length < ENOUGH, 'one account has nearly all');
    all.push(await visit());
  }
  return all;
}

/** Both ways, in its own room, by its own account, once. */
async function goesOn({ visitor, room, owner }, word) {
  const delivered = visitor.state.delivered + 1;
  visitor.say(`${word} asks`);
  await until(() => visitor.state.delivered >= delivered);
  await world.agentSays(`${word} answers`, { roomId: room });
  await visitor.hears(`Anna Nowak: ${word} answers`);
  const { lines, members } = (await world.rooms()).find(({ id }) => id === room);
  assert.deepEqual(lines.filter((line) => line.endsWith(`: ${word} asks`)), [`${owner.split('@')[0]}: ${word} asks`]);
  assert.equal(Object.keys(BOTH).filter((email) => members.includes(email)).length, 1);
}

const JANE = { name: 'Jane', email: 'jane@example.org' };
/** Leaves a message for the team. */
const leave = (message) => new Visitor(world).start('person', JANE, { site: 'left', message });
/** Waits for the room with a line that ends like this. */
const has = (text) => until(async () => (await world.rooms()).find((room) => room.lines.some((line) => line.endsWith(text))));

test('they share the conversations, and each keeps its own, also after a restart', { timeout: 180_000 }, async () => {
  const all = await visitsOfBoth(3);
  await Promise.all(all.map((one, n) => goesOn(one, `before ${n}`)));
  await world.restartWorker();
  await Promise.all(all.map(({ visitor }) => visitor.connect()));
  await Promise.all(all.map((one, n) => goesOn(one, `after ${n}`)));
  for (const { room } of all) await world.agentSays('/close', { roomId: room });
  for (const { visitor } of all) await until(() => visitor.state.phase.closed);
  await until(async () => (await world.rooms()).every(({ webhooks }) => webhooks.length === 0));
});

test('what no webhook told of is found in the rooms of both', { timeout: 120_000 }, async () => {
  const all = await visitsOfBoth(2);
  await world.control('POST', '/deliveries', { drop: 1_000 });
  for (const { room } of all) await world.agentSays('do you hear me', { roomId: room });
  await Promise.all(all.map(({ visitor }) => visitor.hears('Anna Nowak: do you hear me')));
});

for (const [email, token] of Object.entries(BOTH)) {
  test(`no new rooms for ${token} while its grant is withdrawn, and the other's go on`, { timeout: 180_000 }, async () => {
    const before = await visitsOfBoth(1);
    await world.control('POST', '/tokens/withdraw', { of: email });
    const during = await visits(6);
    assert.ok(during.every(({ owner }) => owner !== email));
    await Promise.all(during.map((one, n) => goesOn(one, `during ${n}`)));
    for (const one of before.filter(({ owner }) => owner !== email)) await goesOn(one, 'as ever');
    // The operator is told which one.
    assert.match(world.told, new RegExp(`no token by WEBEX_REFRESH_TOKEN, account ${email === FIRST ? 1 : 2}`));
  });
}

test('no new rooms for one that has used up its limit of them', { timeout: 180_000 }, async () => {
  await world.control('POST', '/limits', { per_minute: 30, of: FIRST });
  const spend = () => world.webex(BOTH[FIRST], 'GET', '/rooms');
  await until(async () => (await spend()).status === 429);
  const all = await visits(6);
  assert.equal(share(all, FIRST), 0);
  await Promise.all(all.map((one, n) => goesOn(one, `limit ${n}`)));
});

test('no new rooms for one whose posts are asked to slow down', { timeout: 180_000 }, async () => {
  // It remembers for a minute which one was asked to slow down before.
  await world.restartWorker();
  const { visitor, owner } = await visit();
  await world.control('POST', '/limits', { per_minute: 5, of: owner });
  // Only its posts are over the limit: it could still open rooms.
  for (let n = 0; n < 8; n += 1) visitor.say(`m${n}`);
  await until(async () => (await world.requests('POST /webex/v1/messages')).some(({ who, status }) => who === owner && status === 429));
  assert.equal(share(await visits(5), owner), 0);
});

test('an attempt whose end is unknown is looked for in both', { timeout: 120_000 }, async () => {
  for (let n = 0; n < 6; n += 1) {
    await world.fault({ route: 'POST /webex/v1/rooms', drop: 'after' });
    await world.visitSettled();
    // The room of the first attempt is the one that is taken.
    assert.equal((await world.rooms()).length, n + 1);
  }
});

test('a room for left messages that refuses them is replaced', { timeout: 120_000 }, async () => {
  await leave('one');
  const first = await has('one');
  await world.fault({ route: 'POST /webex/v1/messages', status: 403 });
  await leave('two');
  const second = await has('two');
  assert.notEqual(second.id, first.id);
  assert.equal(second.title, first.title);
  await leave('three');
  assert.equal((await has('three')).id, second.id);
});

test('a room for left messages is replaced when its account is taken away', { timeout: 120_000 }, async (t) => {
  await leave('one');
  const first = await has('one');
  const all = world.vars.WEBEX_REFRESH_TOKEN;
  const tokens = all.split(', ');
  tokens[Object.keys(BOTH).indexOf(ownerOf(first))] = '-';
  t.after(() => world.restartWorker({ WEBEX_REFRESH_TOKEN: all }));
  await world.restartWorker({ WEBEX_REFRESH_TOKEN: tokens.join(', ') });
  await leave('two');
  const second = await has('two');
  assert.notEqual(ownerOf(second), ownerOf(first));
});

test('what an attempt may have left is not looked for among what is older', { timeout: 60_000 }, async () => {
  await leave('one');
  const { id } = await has('one');
  for (let n = 0; n < 120; n += 1) await world.webex('agent-anna', 'POST', '/messages', { roomId: id, text: `m${n}` });
  await world.control('POST', '/rooms/age', { id, by_ms: 60 * 60_000 });
  await world.control('DELETE', '/requests');
  await world.fault({ route: 'POST /webex/v1/messages', drop: 'after' });
  await leave('two');
  await has('two');
  await until(async () => (await world.requests('GET /webex/v1/messages')).some(({ status }) => status === 200));
  await leave('three');
  const { lines } = await has('three');
  assert.equal(lines.filter((line) => line.endsWith('two')).length, 1);
  const pages = (await world.requests('GET /webex/v1/messages')).filter(({ path }) => path.includes(id));
  assert.equal(pages.length, 1, pages.map(({ path }) => path).join('\n'));
});

test('the room for left messages is one, and goes on by its account', { timeout: 120_000 }, async () => {
  const lines = async () => (await world.rooms()).flatMap((room) => room.lines);
  for (const topic of ['sales', 'support', 'person']) {
    for (const text of ['one', 'two']) {
      const answers = topic === 'support' ? {} : JANE;
      await new Visitor(world).start(topic, answers, { site: 'left', message: `${topic} ${text}` });
      await until(async () => (await lines()).some((line) => line.endsWith(`${topic} ${text}`)));
    }
  }
  const rooms = await world.rooms();
  assert.equal(rooms.length, 3, rooms.map(({ title }) => title).join());
  assert.ok(rooms.every(ownerOf));
});

test('a place without an account is passed over, and Webex is shown no token for it', { timeout: 60_000 }, async (t) => {
  const one = await startWorld({ vars: { WEBEX_REFRESH_TOKEN: '- refresh-integration-live-chat-2' } });
  t.after(() => one.close());
  for (let n = 0; n < 5; n += 1) await one.visitSettled();
  assert.ok((await one.rooms()).every((room) => ownerOf(room) === SECOND));
  const asked = (await one.requests('/access_token')).map(({ status }) => status);
  assert.deepEqual(asked, [200]);
});
