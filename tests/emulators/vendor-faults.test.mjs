// What vendors do wrong, or otherwise than one hopes: each of it by a control call, and off until then.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { ANNA, PERSON, Testbed } from './testbed.mjs';

let bed;
before(async () => {
  bed = await Testbed.start();
});
beforeEach(() => bed.reset());
after(() => bed.close());

const idOf = ({ body }) => body.data.id;
const titles = async () => (await bed.webex('GET', '/rooms')).body.items;

test('a refresh token is followed by another, and works a minute longer', async () => {
  const first = await bed.refresh();
  const second = await bed.refresh(first.body.refresh_token);
  assert.notEqual(second.body.refresh_token, first.body.refresh_token);
  const late = await bed.refresh(first.body.refresh_token);
  assert.deepEqual([late.status, late.body.refresh_token], [200, second.body.refresh_token]);
  assert.equal((await bed.refresh()).status, 400, 'two behind');
  await bed.control('POST', '/clock', { advance_ms: 60_000 });
  const tooLate = await bed.refresh(first.body.refresh_token);
  assert.deepEqual([tooLate.status, tooLate.body.access_token], [400, undefined]);
  assert.match(tooLate.body.message, /refresh token provided is expired/);
  assert.equal((await bed.refresh(second.body.refresh_token)).status, 200);
  for (const wrong of ['refresh-integration-live-chat.x', 'refresh-integration-live-chat.1.2', 'other']) {
    assert.equal((await bed.refresh(wrong)).status, 400, wrong);
  }
});

test('each integration account has tokens of its own, until it withdraws them', async () => {
  const own = async (token) => {
    const { body } = await bed.refresh(token);
    return (await bed.webex('GET', '/people/me', { as: body.access_token })).body.emails?.[0];
  };
  assert.equal(await own('refresh-integration-live-chat'), 'live-chat@example.com');
  const second = (await bed.refresh('refresh-integration-live-chat-2')).body;
  assert.match(second.refresh_token, /^refresh-integration-live-chat-2\.\d+$/);
  await bed.control('POST', '/tokens/withdraw', { of: 'live-chat-2@example.com' });
  assert.equal((await bed.webex('GET', '/people/me', { as: second.access_token })).status, 401);
  assert.equal((await bed.refresh(second.refresh_token)).status, 400);
  assert.equal(await own('refresh-integration-live-chat'), 'live-chat@example.com');
  await bed.control('POST', '/limits', { per_minute: 1, of: 'live-chat@example.com' });
  await bed.webex('GET', '/rooms');
  assert.equal((await bed.webex('GET', '/rooms')).status, 429);
  for (let n = 0; n < 2; n += 1) assert.equal((await bed.webex('GET', '/rooms', { as: ANNA })).status, 200, 'the limit of one');
});

test('limits are one user’s, for each class of paths, and say when to come again', async () => {
  await bed.control('POST', '/limits', { per_minute: 3 });
  const me = (as) => bed.webex('GET', '/people/me', { as });
  for (let n = 0; n < 3; n += 1) assert.equal((await me(PERSON)).status, 200);
  await bed.control('POST', '/clock', { advance_ms: 20_000 });
  const refused = await me(PERSON);
  assert.equal(refused.status, 429);
  const seconds = Number(refused.headers.get('retry-after'));
  assert.ok(seconds > 30 && seconds <= 40, String(seconds));
  assert.equal((await me(ANNA)).status, 200, 'another user');
  assert.equal((await bed.webex('GET', '/rooms')).status, 200, 'another class of paths');
  await bed.control('POST', '/clock', { advance_ms: seconds * 1_000 });
  assert.equal((await me(PERSON)).status, 200, 'refused calls do not count');
  await bed.control('POST', '/limits', { per_minute: 0 });
  for (let n = 0; n < 10; n += 1) assert.equal((await me(PERSON)).status, 200);
});

test('a list can hold an item that cannot be read, among others that can', async () => {
  const [one, two] = [await bed.newRoom(), await bed.newRoom()];
  await bed.control('POST', '/unreadable', { id: one.id, field: 'title' });
  const listed = await titles();
  const [broken, whole] = [one, two].map(({ id }) => listed.find((room) => room.id === id));
  assert.equal(broken.errors.title.code, 'kms_failure');
  assert.notEqual(broken.title, 'Room');
  assert.deepEqual([whole.title, whole.errors], ['Room', undefined]);
  assert.ok((await titles()).every(({ errors }) => !errors), 'once');
  await bed.control('POST', '/unreadable', { id: two.id, field: 'title' });
  assert.equal((await bed.webex('GET', `/rooms/${two.id}`)).body.errors.title.code, 'kms_failure', 'by itself as well');
  assert.equal((await bed.webex('GET', `/rooms/${two.id}`)).body.title, 'Room');
  assert.match(await bed.refused('POST', '/unreadable', { id: one.id }), /field/);
});

test('ids of another region name their items as well, and so does the bare UUID of the first', async () => {
  await bed.control('POST', '/region', { region: 'urn:TEAM:eu-central-1_k' });
  const room = await bed.newRoom('anna@example.com');
  await bed.newWebhook(PERSON, { filter: `roomId=${room.id}` });
  const message = await bed.say(ANNA, room, { text: 'Servus' });
  for (const { id } of [room, message]) {
    assert.match(Buffer.from(id, 'base64').toString(), /^ciscospark:\/\/urn:TEAM:eu-central-1_k\/(ROOM|MESSAGE)\//);
  }
  assert.equal((await bed.webex('GET', `/messages/${message.id}`)).body.text, 'Servus');
  assert.deepEqual((await bed.received(1)).map(idOf), [message.id]);
  const url = await bed.upload(room, Uint8Array.of(1, 2), 'a.bin', 'application/octet-stream');
  assert.equal((await bed.content(url)).status, 200);
  assert.match(await bed.refused('POST', '/region', { region: 'a/b' }), /region/);
});

test('faults that no call has met are told', async () => {
  await bed.control('POST', '/faults', { route: 'GET /webex/v1/people/me', status: 500, times: 2 });
  const left = async () => (await bed.control('GET', '/faults')).map(({ route, left }) => [route, left]);
  assert.deepEqual(await left(), [['GET /webex/v1/people/me', 2]]);
  for (const rest of [1, 0]) {
    assert.equal((await bed.webex('GET', '/people/me')).status, 500);
    assert.deepEqual(await left(), rest ? [['GET /webex/v1/people/me', 1]] : []);
  }
});

test('a shuffled order follows from its seed', async () => {
  const orders = [];
  for (const seed of [7, 7, 8]) {
    const room = await bed.newRoom();
    const { id } = await bed.newWebhook(PERSON, { filter: `roomId=${room.id}` });
    await bed.control('POST', '/deliveries', { hold: true });
    const sent = [];
    for (let n = 0; n < 8; n += 1) sent.push((await bed.say(PERSON, room, { text: `m${n}` })).id);
    bed.forgetDeliveries();
    assert.deepEqual(await bed.control('POST', '/deliveries/release', { order: 'shuffle', seed }), { released: 8, seed });
    orders.push((await bed.received(8)).map((one) => sent.indexOf(idOf(one))));
    await bed.webex('DELETE', `/webhooks/${id}`);
  }
  assert.deepEqual(orders[0], orders[1]);
  assert.notDeepEqual(orders[0], orders[2]);
  assert.notDeepEqual(orders[0], [0, 1, 2, 3, 4, 5, 6, 7]);
  const { seed } = await bed.control('POST', '/deliveries/release', { order: 'shuffle' });
  assert.ok(Number.isInteger(seed));
});

test('deliveries of one webhook can be under way at once', async () => {
  const room = await bed.newRoom();
  await bed.newWebhook(PERSON);
  await bed.control('POST', '/deliveries', { parallel: true });
  const go = bed.holdAnswers();
  for (let n = 0; n < 3; n += 1) await bed.say(PERSON, room, { text: `m${n}` });
  await bed.arrived(3);
  assert.equal((await bed.control('GET', '/state')).deliveries.pending, 3);
  go();
  await bed.received(3);
});

test('an old delivery can be made again, byte for byte, also when its webhook is gone', async () => {
  const room = await bed.newRoom();
  const { id } = await bed.newWebhook(PERSON, { secret: 'sesame' });
  const message = await bed.say(PERSON, room, { text: 'once' });
  await bed.say(PERSON, room, { text: 'another' });
  const [first] = await bed.received(2);
  await bed.webex('DELETE', `/webhooks/${id}`);
  bed.forgetDeliveries();
  assert.deepEqual(await bed.control('POST', '/deliveries/replay', { id: message.id }), { replayed: 1, taken: 1 });
  const [again] = await bed.received(1);
  assert.equal(again.raw.toString(), first.raw.toString());
  assert.equal(again.headers['x-spark-signature'], first.headers['x-spark-signature']);
});

test('a call can hang until the caller gives up, done or not', async () => {
  const room = await bed.newRoom();
  for (const [hang, posted] of [[true, 0], ['after', 1]]) {
    await bed.control('POST', '/faults', { route: 'POST /webex/v1/messages', hang });
    const body = JSON.stringify({ roomId: room.id, text: 'hello?' });
    const headers = { Authorization: `Bearer ${PERSON}`, 'Content-Type': 'application/json' };
    const signal = AbortSignal.timeout(300);
    await assert.rejects(fetch(`${bed.url}/webex/v1/messages`, { method: 'POST', headers, body, signal }), { name: 'TimeoutError' });
    let entry;
    do entry = (await bed.control('GET', '/requests')).findLast(({ method, path }) => `${method} ${path}` === 'POST /webex/v1/messages');
    while (entry.gave_up_after_ms === undefined);
    assert.ok(entry.gave_up_after_ms >= 250, String(entry.gave_up_after_ms));
    const { items } = (await bed.webex('GET', `/messages?roomId=${room.id}`)).body;
    assert.equal(items.length, posted);
  }
  assert.match(await bed.refused('POST', '/faults', { route: 'POST /webex', hang: 'before' }), /hang/);
});
