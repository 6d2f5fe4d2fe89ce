import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { ANNA, BEN, BOT, CARL, DORA, PERSON, Testbed } from './testbed.mjs';

let bed;

before(async () => {
  bed = await Testbed.start();
});

beforeEach(() => bed.reset());

after(() => bed.close());

test('a delivery is signed over its raw bytes and holds no text', async () => {
  const room = await bed.newRoom();
  await bed.newWebhook(PERSON, { secret: 'sesame', filter: `roomId=${room.id}` });
  await bed.say(PERSON, room, { text: 'Zażółć 🐟' });
  const [delivery] = await bed.received(1);
  const expected = createHmac('sha1', 'sesame').update(delivery.raw).digest('hex');
  assert.equal(delivery.headers['x-spark-signature'], expected);
  assert.equal(delivery.body.data.personEmail, 'live-chat@example.com');
  assert.equal(delivery.body.filter, `roomId=${room.id}`);
  assert.doesNotMatch(delivery.raw.toString(), /Zażółć|sesame/);
});

test('a delivery without a secret has no signature', async () => {
  const room = await bed.newRoom();
  await bed.newWebhook(PERSON);
  await bed.say(PERSON, room, { text: 'hello' });
  const [delivery] = await bed.received(1);
  assert.equal(delivery.headers['x-spark-signature'], undefined);
});

test('a webhook on a room of others is refused', async () => {
  const room = await bed.newRoom();
  const fields = { ...bed.messagesCreated(), filter: `roomId=${room.id}` };
  const reply = await bed.webex('POST', '/webhooks', { as: BEN, body: fields });
  assert.equal(reply.status, 400);
  assert.equal(reply.body.message, 'invalid value for filter: roomId');
});

test('a bot in a group room reads and hears only what mentions it', async () => {
  const room = await bed.newRoom('live-chat@webex.bot');
  await bed.newWebhook(BOT);
  const hidden = await bed.say(PERSON, room, { text: 'not for the bot' });
  const mention = await bed.say(PERSON, room, { markdown: 'hi <@personEmail:live-chat@webex.bot|Bot>' });
  assert.deepEqual((await bed.received(1)).map(idOf), [mention.id]);

  assert.equal((await bed.webex('GET', `/messages?roomId=${room.id}`, { as: BOT })).status, 403);
  const listed = await bed.webex('GET', `/messages?roomId=${room.id}&mentionedPeople=me`, { as: BOT });
  assert.deepEqual(listed.body.items.map((one) => one.id), [mention.id]);
  assert.equal((await bed.webex('GET', `/messages/${hidden.id}`, { as: BOT })).status, 404);
  assert.equal((await bed.webex('GET', `/messages/${mention.id}`, { as: BOT })).body.text, 'hi Bot');
});

test('a bot hears everything in a direct room', async () => {
  await bed.newWebhook(BOT);
  const body = { toPersonEmail: 'live-chat@webex.bot', text: 'hello bot' };
  const { body: message } = await bed.webex('POST', '/messages', { as: ANNA, body });
  assert.deepEqual((await bed.received(1)).map(idOf), [message.id]);
  assert.equal((await bed.webex('GET', `/messages?roomId=${message.roomId}`, { as: BOT })).body.items.length, 1);
});

test('who is not in a room finds no room', async () => {
  const room = await bed.newRoom();
  const reply = await bed.webex('GET', `/rooms/${room.id}`, { as: ANNA });
  assert.equal(reply.status, 404);
  assert.equal(reply.body.message, 'Could not find a room with provided ID.');
  assert.match(reply.body.trackingId, /^ROUTER_/);
});

test('participants are refused as the vendor does', async () => {
  const room = await bed.newRoom();
  const add = (personEmail) => bed.webex('POST', '/memberships', { body: { roomId: room.id, personEmail } });
  const unknown = await add('nobody@example.com');
  assert.deepEqual([unknown.status, unknown.body.message], [404, 'nobody@example.com not found.']);
  assert.equal((await add('mallory@refused.example.com')).status, 403);
  assert.equal((await add('anna@example.com')).status, 200);
  assert.equal((await add('anna@example.com')).status, 409);
});

test('a text may have 7439 bytes and not one more', async () => {
  const room = await bed.newRoom();
  const post = (fields) => bed.webex('POST', '/messages', { body: { roomId: room.id, ...fields } });
  assert.equal((await post({ text: 'x'.repeat(7439) })).status, 200);
  assert.equal((await post({ text: 'x'.repeat(7440) })).status, 400);
  assert.equal((await post({ markdown: '€'.repeat(2479) })).status, 200);
  assert.equal((await post({ markdown: '€'.repeat(2480) })).status, 400);
});

test('html is derived from markdown, and what people wrote is escaped', async () => {
  const room = await bed.newRoom();
  const markdown = '**Maria**  \n\\*not\\* <b>bold</b> &lt;@all&gt; [link](https://a.example/?a=1&b=2)';
  const { html, text, mentionedGroups } = await bed.say(PERSON, room, { markdown });
  const link = '<a href="https://a.example/?a=1&amp;b=2" rel="nofollow">link</a>';
  assert.equal(
    html,
    `<p><strong>Maria</strong><br/>*not* &lt;b&gt;bold&lt;/b&gt; &lt;@all&gt; ${link}</p>`,
  );
  assert.equal(text, 'Maria\n*not* <b>bold</b> <@all> link');
  assert.equal(mentionedGroups, undefined);
});

test('lists come in pages that a Link header joins', async () => {
  const room = await bed.newRoom();
  for (const text of ['1', '2', '3', '4', '5']) await bed.say(PERSON, room, { text });
  const pages = await bed.pages(`/messages?roomId=${room.id}&max=2`);
  assert.deepEqual(pages.map((page) => page.map((one) => one.text)), [['5', '4'], ['3', '2'], ['1']]);
});

test('webhooks come in pages of 100 at most', async () => {
  const made = [];
  for (let n = 0; n < 230; n += 1) made.push((await bed.newWebhook(PERSON)).id);
  await bed.newWebhook(BEN);
  for (const path of ['/webhooks', '/webhooks?max=1000']) {
    const pages = await bed.pages(path);
    assert.deepEqual(pages.map((page) => page.length), [100, 100, 30]);
    assert.deepEqual(pages.flat().map((one) => one.id), made);
  }
});

test('the status of a person is what was set, until a reset', async () => {
  const carl = async (path) => (await bed.webex('GET', path)).body;
  const byEmail = async () => (await carl('/people?email=carl@example.com')).items[0];
  const { id, status, displayName } = await byEmail();
  assert.deepEqual([displayName, status], ['Carl Weber', 'active']);
  await bed.control('POST', '/people/status', { email: 'carl@example.com', status: 'DoNotDisturb' });
  assert.equal((await byEmail()).status, 'DoNotDisturb');
  assert.equal((await carl('/people?displayName=carl')).items[0].status, 'DoNotDisturb');
  assert.equal((await carl(`/people/${id}`)).status, 'DoNotDisturb');
  assert.equal((await bed.webex('GET', '/people/me', { as: CARL })).body.status, 'DoNotDisturb');
  assert.equal('status' in (await carl(`/people?id=${id}`)).items[0], false);
  await bed.reset();
  assert.equal((await byEmail()).status, 'active');

  assert.match(await bed.refused('POST', '/people/status', { email: 'carl@example.com', status: 'busy' }), /one of active/);
  assert.match(await bed.refused('POST', '/people/status', { email: 'nobody@example.com', status: 'call' }), /no person/);
});

test('people of another organisation show no status and are not found by e-mail', async () => {
  const get = async (path, as) => (await bed.webex('GET', path, { as })).body;
  const dora = await get('/people/me', DORA);
  assert.equal(dora.status, 'active');
  assert.deepEqual((await get('/people?email=dora@partner.example')).items, []);
  assert.deepEqual((await get('/people?displayName=dora')).items, []);
  assert.deepEqual((await get('/people?email=anna@example.com', DORA)).items, []);
  const seen = await get(`/people/${dora.id}`);
  assert.deepEqual([seen.orgId, 'status' in seen], [dora.orgId, false]);
  assert.equal((await get(`/people?id=${dora.id}`)).items[0].displayName, 'Dora Lind');

  const room = await bed.newRoom('dora@partner.example');
  const { items } = await get(`/memberships?roomId=${room.id}`);
  assert.equal(items[1].personOrgId, dora.orgId);
  assert.notEqual(items[0].personOrgId, dora.orgId);
});

test('rooms are listed by their last message, whoever wrote it', async () => {
  const rooms = [];
  for (let n = 0; n < 3; n += 1) rooms.push(await bed.newRoom('anna@example.com'));
  const [first, second, third] = rooms;
  const order = async () => {
    const { items } = (await bed.webex('GET', '/rooms?sortBy=lastactivity')).body;
    return items.map((item) => rooms.findIndex((room) => room.id === item.id));
  };
  assert.deepEqual(await order(), [2, 1, 0]);
  const written = await bed.say(ANNA, first, { text: 'hello' });
  assert.deepEqual(await order(), [0, 2, 1]);
  assert.equal((await bed.webex('GET', `/rooms/${first.id}`)).body.lastActivity, written.created);
  // Two messages may come in one millisecond.
  for (const room of [third, second, first, third, second]) await bed.say(PERSON, room, { text: 'hello' });
  assert.deepEqual(await order(), [1, 2, 0]);
  await bed.webex('POST', '/memberships', { body: { roomId: third.id, personEmail: 'ben@example.com' } });
  assert.deepEqual(await order(), [1, 2, 0], 'who joins says nothing');
});

test('a deleted room is gone for all of its members', async () => {
  const room = await bed.newRoom('anna@example.com');
  const message = await bed.say(PERSON, room, { text: 'hello' });
  const file = await bed.upload(room, Uint8Array.of(1), 'a.png', 'image/png');
  await bed.newWebhook(ANNA, { resource: 'memberships', event: 'deleted' });
  await bed.control('POST', '/rooms/delete', { id: room.id });

  assert.deepEqual((await bed.webex('GET', '/rooms')).body.items, []);
  await assertGone(room, message, file);
  assert.deepEqual((await bed.received(2)).map(({ body }) => body.data.personEmail).sort(), [
    'anna@example.com',
    'live-chat@example.com',
  ]);
  assert.match(await bed.refused('POST', '/rooms/delete', { id: room.id }), /no room/);
});

test('who was removed from a room finds it no more; the others do', async () => {
  const room = await bed.newRoom('anna@example.com');
  const message = await bed.say(PERSON, room, { text: 'hello' });
  const file = await bed.upload(room, Uint8Array.of(1), 'a.png', 'image/png');
  const remove = { id: room.id, email: 'live-chat@example.com' };
  await bed.newWebhook(PERSON);
  await bed.control('POST', '/rooms/remove', remove);

  await assertGone(room, message, file);
  assert.equal((await bed.webex('GET', `/messages/${message.id}`, { as: ANNA })).status, 200);
  await bed.say(ANNA, room, { text: 'unheard' });
  await bed.received(0);
  assert.match(await bed.refused('POST', '/rooms/remove', remove), /no member/);
});

test('100 failed deliveries within 5 minutes disable a webhook', async () => {
  const room = await bed.newRoom();
  const webhook = await bed.newWebhook(PERSON);
  bed.answerWith(500);
  const fail = async (times) => {
    for (let n = 0; n < times; n += 1) await bed.say(PERSON, room, { text: 'x' });
    await bed.settled();
  };
  const status = async () => (await bed.webex('GET', `/webhooks/${webhook.id}`)).body.status;
  const revive = () => bed.webex('PUT', `/webhooks/${webhook.id}`, { body: { ...bed.messagesCreated(), status: 'active' } });

  await fail(99);
  assert.equal(await status(), 'active');
  await bed.control('POST', '/clock', { advance_ms: 5 * 60_000 });
  await fail(1);
  assert.equal(await status(), 'active', 'the first 99 are too old to count');
  await fail(99);
  assert.equal(await status(), 'inactive');

  await revive();
  await fail(1);
  assert.equal(await status(), 'inactive', 'on probation one failure is enough');

  await revive();
  await bed.control('POST', '/clock', { advance_ms: 5 * 60_000 });
  await fail(1);
  assert.equal(await status(), 'active', 'probation ends after 5 minutes');
});

test('a webhook that was disabled hears nothing until it is revived', async () => {
  const room = await bed.newRoom();
  const { id } = await bed.newWebhook(PERSON);
  const status = async () => (await bed.control('GET', '/webhooks')).map((one) => [one.id, one.status]);
  await bed.control('POST', '/webhooks/disable', { id });
  assert.deepEqual(await status(), [[id, 'inactive']]);
  assert.equal((await bed.webex('GET', `/webhooks/${id}`)).body.status, 'inactive');
  await bed.say(PERSON, room, { text: 'unheard' });
  await bed.received(0);

  const put = (fields) => bed.webex('PUT', `/webhooks/${id}`, { body: { ...bed.messagesCreated(), ...fields } });
  assert.equal((await put({})).body.status, 'inactive');
  assert.equal((await put({ status: 'inactive' })).status, 400);
  assert.equal((await put({ status: 'active' })).body.status, 'active');
  assert.deepEqual(await status(), [[id, 'active']]);
  const heard = await bed.say(PERSON, room, { text: 'heard' });
  assert.deepEqual((await bed.received(1)).map(idOf), [heard.id]);
  assert.match(await bed.refused('POST', '/webhooks/disable', { id: 'x' }), /no webhook/);
});

test('the deliveries to one webhook can be lost without a failure', async () => {
  const room = await bed.newRoom();
  const lossy = await bed.newWebhook(PERSON, { name: 'lossy' });
  await bed.newWebhook(PERSON, { name: 'sound' });
  await bed.control('POST', '/webhooks/drop', { id: lossy.id, times: 2 });
  for (const text of ['1', '2', '3']) await bed.say(PERSON, room, { text });
  const names = (await bed.received(4)).map(({ body }) => body.name);
  assert.deepEqual(names.sort(), ['lossy', 'sound', 'sound', 'sound']);
  const [{ status, failures }] = await bed.control('GET', '/webhooks');
  assert.deepEqual([status, failures], ['active', 0]);
  assert.equal('drops' in (await bed.webex('GET', `/webhooks/${lossy.id}`)).body, false);
});

test('faults answer, delay and drop calls in the order they were planned', async () => {
  const room = await bed.newRoom();
  const route = 'POST /webex/v1/messages';
  const post = (text) => bed.webex('POST', '/messages', { body: { roomId: room.id, text } });
  await bed.control('POST', '/faults', { route, status: 429, headers: { 'Retry-After': '7' } });
  await bed.control('POST', '/faults', { route, body: '<html>', status: 502, headers: { 'Content-Type': 'text/html' } });
  await bed.control('POST', '/faults', { route, delay_ms: 30 });
  await bed.control('POST', '/faults', { route, drop: 'before' });
  await bed.control('POST', '/faults', { route, drop: 'after' });

  const limited = await post('limited');
  assert.equal(limited.status, 429);
  assert.equal(limited.headers.get('retry-after'), '7');
  assert.match(limited.body.trackingId, /^ROUTER_/);
  assert.equal((await post('malformed')).body, '<html>');
  const startedAt = Date.now();
  assert.equal((await post('delayed')).status, 200);
  assert.ok(Date.now() - startedAt >= 29);
  await assert.rejects(post('never seen'));
  await assert.rejects(post('executed'));
  assert.equal((await post('normal again')).status, 200);

  const { rooms } = await bed.control('GET', '/state');
  assert.deepEqual(rooms[0].messages.map((one) => one.text), ['delayed', 'executed', 'normal again']);
  const requests = await bed.control('GET', '/requests');
  const posts = requests.filter((one) => one.path === '/webex/v1/messages');
  assert.deepEqual(posts.map((one) => one.status), [429, 502, 200, null, 200, 200]);
  assert.equal(posts[0].who, 'live-chat@example.com');
  assert.equal(posts[0].body.text, 'limited');
});

test('a fault route may hold wildcards, and a wrong one is explained', async () => {
  await bed.control('POST', '/faults', { route: '* /webex/*/people', status: 503 });
  assert.equal((await bed.webex('GET', '/people/me')).status, 503);
  assert.equal((await bed.webex('GET', '/people/me')).status, 200);
  const response = await fetch(`${bed.url}/control/faults`, { method: 'POST', body: '{"route":"messages"}' });
  assert.equal(response.status, 400);
});

test('deliveries can be dropped, doubled, held and released in another order', async () => {
  const room = await bed.newRoom();
  await bed.newWebhook(PERSON);
  await bed.control('POST', '/deliveries', { drop: 1, duplicate: 1 });
  await bed.say(PERSON, room, { text: 'lost' });
  const doubled = await bed.say(PERSON, room, { text: 'doubled' });
  assert.deepEqual((await bed.received(2)).map(idOf), [doubled.id, doubled.id]);

  await bed.control('POST', '/deliveries', { hold: true });
  bed.forgetDeliveries();
  const first = await bed.say(PERSON, room, { text: 'first' });
  const second = await bed.say(PERSON, room, { text: 'second' });
  assert.equal((await bed.control('GET', '/state')).deliveries.held, 2);
  assert.deepEqual(await bed.control('POST', '/deliveries/release', { order: 'reverse' }), { released: 2 });
  assert.deepEqual((await bed.received(2)).map(idOf), [second.id, first.id]);
});

test('an access token from a refresh works until it expires or is revoked', async () => {
  const token = await bed.refreshToken();
  const me = () => bed.webex('GET', '/people/me', { as: token });
  assert.equal((await me()).body.emails[0], 'live-chat@example.com');
  await bed.control('POST', '/clock', { advance_ms: 1_209_600_000 });
  const expired = await me();
  assert.equal(expired.status, 401);
  assert.match(expired.body.message, /valid access token/);

  const other = await bed.refreshToken();
  await bed.control('POST', '/tokens/revoke');
  assert.equal((await bed.webex('GET', '/people/me', { as: other })).status, 401);
  assert.equal((await bed.webex('GET', '/people/me')).status, 200, 'the fixed token stays');
});

test('a file is kept with its bytes and hidden from others', async () => {
  const room = await bed.newRoom();
  const url = await bed.upload(room, Uint8Array.of(0, 13, 10, 255), 'a.png', 'image/png');
  const content = await bed.content(url);
  assert.equal(content.headers.get('content-disposition'), 'attachment; filename="a.png"');
  assert.deepEqual(new Uint8Array(await content.arrayBuffer()), Uint8Array.of(0, 13, 10, 255));
  assert.equal((await bed.content(url, { method: 'HEAD' })).headers.get('content-length'), '4');
  assert.equal((await bed.content(url, { as: ANNA })).status, 404);
  assert.equal((await bed.content(url, { as: '' })).status, 401);
  assert.equal((await bed.content(url, { as: 'expired', method: 'HEAD' })).status, 401);
});

test('a file is fetched from the one address that a message names', async () => {
  const room = await bed.newRoom();
  const post = (files) => bed.webex('POST', '/messages', { body: { roomId: room.id, files } });
  const { body } = await post([`${bed.url}/page.css`]);
  const content = await bed.content(body.files[0]);
  assert.equal(content.headers.get('content-disposition'), 'attachment; filename="page.css"');
  assert.match(content.headers.get('content-type'), /^text\/css/);
  assert.equal(await content.text(), await (await fetch(`${bed.url}/page.css`)).text());
  assert.equal((await post([`${bed.url}/none.css`])).status, 400);
  assert.equal((await post([`${bed.url}/page.css`, `${bed.url}/page.js`])).status, 400);
});

test('a file that is scanned, infected or unscannable is kept back', async () => {
  const room = await bed.newRoom();
  const file = await bed.upload(room, Uint8Array.of(1), 'a.zip', 'application/zip');
  const status = async (url = file, options) => (await bed.content(url, options)).status;
  const scan = (fields) => bed.control('POST', '/contents/scan', { file, ...fields });

  await scan({ scan: 'scanning', times: 2 });
  const scanned = await bed.content(file);
  assert.deepEqual([scanned.status, scanned.headers.get('retry-after')], [423, '1']);
  assert.equal(await status(file, { as: ANNA }), 404, 'others do not learn of it');
  assert.equal(await status(file, { method: 'HEAD' }), 423);
  assert.equal(await status(), 200);

  await scan({ scan: 'infected' });
  assert.deepEqual([await status(), await status(`${file}?allow=unscannable`)], [410, 410]);
  await scan({ scan: 'unscannable' });
  assert.deepEqual([await status(), await status(`${file}?allow=unscannable`)], [428, 200]);
  await scan({ scan: 'clean' });
  assert.equal(await status(), 200);
  assert.match(await bed.refused('POST', '/contents/scan', { file, scan: 'odd' }), /one of clean/);
});

test('dialogflow keeps a context for its turns and for 20 minutes', async () => {
  const more = async () => (await bed.ask('tell me more')).queryResult.intent.displayName;
  await bed.ask('prices');
  assert.equal(await more(), 'Prices - more');
  await bed.ask('prices');
  await bed.control('POST', '/clock', { advance_ms: 20 * 60_000 });
  assert.equal(await more(), 'Default Fallback Intent');
});

test('dialogflow leaves out default values and refuses what the vendor refuses', async () => {
  const { queryResult } = await bed.ask('hello');
  assert.deepEqual(Object.keys(queryResult.intent), ['name', 'displayName']);
  assert.deepEqual((await bed.ask('Human')).queryResult.intent.liveAgentHandoff, true);
  assert.equal((await bed.ask('x'.repeat(256))).queryResult.intent.isFallback, true);
  assert.equal((await bed.ask('x'.repeat(257))).error.message, 'Input text exceeds 256 characters.');
  assert.equal((await bed.ask('hello', { session: 's'.repeat(37) })).error.status, 'INVALID_ARGUMENT');
  assert.equal((await bed.ask('hello', { project: 'other' })).error.status, 'NOT_FOUND');
  assert.equal((await bed.ask('hello', { token: 'none' })).error.status, 'UNAUTHENTICATED');
});

/** Every call about the room answers the integration as if there were none. */
async function assertGone(room, message, file) {
  const say = { body: { roomId: room.id, text: 'hello?' } };
  const calls = [
    ['GET', `/rooms/${room.id}`],
    ['PUT', `/rooms/${room.id}`, { body: { title: 'New' } }],
    ['GET', `/messages?roomId=${room.id}`],
    ['GET', `/messages/${message.id}`],
    ['POST', '/messages', say],
    ['GET', `/memberships?roomId=${room.id}`],
  ];
  for (const [method, path, options] of calls) {
    assert.equal((await bed.webex(method, path, options)).status, 404, `${method} ${path}`);
  }
  assert.equal((await bed.content(file)).status, 404);
}

function idOf(delivery) {
  return delivery.body.data.id;
}
