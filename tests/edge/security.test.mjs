// Who is let in, and what a bad request changes: nothing.
import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import WebSocket from 'ws';
import { startWorld, until, Visitor } from '../harness.mjs';

let world;
before(async () => {
  world = await startWorld();
});
after(() => world?.close());
beforeEach(() => world.control('POST', '/reset'));

const secretOf = (conversation) =>
  createHmac('sha256', world.vars.MASTER_KEY).update(`webhook:${conversation}`).digest('base64url');

function delivery(conversation, { body, signature, secret = secretOf(conversation) }) {
  const sign = signature ?? createHmac('sha1', secret).update(body).digest('hex');
  return world.post(`/v1/desk/webex/${conversation}`, body, { 'x-spark-signature': sign });
}

test('webhooks: only what is signed over the raw body is taken, and unsigned ones cause no call', async () => {
  const visitor = await world.visitSettled('person');
  const { conversation } = visitor.session;
  await world.control('DELETE', '/requests');
  const data = { id: 'Y2lzY29zcGFyazovL3VzL01FU1NBR0UvMQ', personId: 'p', personEmail: 'anna@example.com' };
  const body = JSON.stringify({ resource: 'messages', event: 'created', createdBy: 'me', data });
  const good = createHmac('sha1', secretOf(conversation)).update(body).digest('hex');
  const bad = [
    { body, signature: '' },
    { body, signature: createHmac('sha256', secretOf(conversation)).update(body).digest('hex') },
    { body: `${body} `, signature: good },
    { body, signature: good.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) },
    { body, secret: '' },
    { body, secret: secretOf('A'.repeat(22)) },
  ];
  for (const one of bad) assert.equal((await delivery(conversation, one)).status, 401);
  assert.deepEqual(await world.calls(), []);
  assert.equal((await delivery(conversation, { body })).status, 200);
  await until(async () => (await world.calls('GET /webex/v1/messages/')).length === 1);
});

test('webhooks: a thousand deliveries of one message are one message, all acknowledged', async () => {
  const visitor = await world.visitSettled('person');
  await world.control('POST', '/deliveries', { drop: 1 });
  const message = await world.agentSays('only once');
  const data = { id: message.id, personId: message.personId, personEmail: message.personEmail };
  const body = JSON.stringify({ resource: 'messages', event: 'created', createdBy: 'me', data });
  for (let batch = 0; batch < 20; batch += 1) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => delivery(visitor.session.conversation, { body })));
    assert.ok(answers.every((answer) => answer.status === 200));
  }
  await visitor.hears('Anna Nowak: only once');
  assert.equal(visitor.lines.filter((line) => line.includes('only once')).length, 1);
});

test('webhooks: a delivery that comes again much later, and after a restart, shows nothing twice', async () => {
  const visitor = await world.visitSettled('person');
  const message = await world.agentSays('only once');
  await visitor.hears('Anna Nowak: only once');
  // More than are remembered as the latest ones.
  for (let n = 1; n <= 40; n += 1) await world.agentSays(`m${n}`);
  await until(() => visitor.entries.filter(({ said }) => said.agent).length === 41);
  const again = async () => {
    assert.deepEqual(await world.control('POST', '/deliveries/replay', { id: message.id }), { replayed: 1, taken: 1 });
    await world.marker(visitor);
    assert.equal(visitor.lines.filter((line) => line.includes('only once')).length, 1);
  };
  await again();
  await world.restartWorker();
  await visitor.connect();
  await again();
  visitor.frame('end');
  await visitor.hears('* closed by visitor');
  const other = await world.visitSettled('person');
  const { id: otherRoom } = await world.roomOf(other);
  await world.control('DELETE', '/requests');
  assert.deepEqual(await world.control('POST', '/deliveries/replay', { id: message.id }), { replayed: 1, taken: 1 });
  // What it might bring about has had the time that a whole message of somebody else took.
  await world.marker(other, { roomId: otherRoom });
  assert.deepEqual((await world.calls('GET /webex/v1/messages/')).filter((call) => call.includes(message.id)), []);
  const { body } = await visitor.poll({ after: 0 });
  assert.deepEqual(body.frames.flatMap(({ entries }) => entries ?? []).map(({ seq }) => seq), visitor.entries.map(({ seq }) => seq));
});

test('webhooks: what was written in a room of another visitor is not shown, whoever signs for it', async () => {
  const [visitor, other] = [await world.visitSettled('person'), await world.visitSettled('person')];
  const [{ id: roomId }, { id: otherRoom }] = [await world.roomOf(visitor), await world.roomOf(other)];
  const secret = await world.agentSays('for the other one', { roomId: otherRoom });
  await other.hears('Anna Nowak: for the other one');
  await world.control('DELETE', '/requests');
  const data = { id: secret.id, personId: secret.personId, personEmail: 'anna@example.com' };
  const body = JSON.stringify({ resource: 'messages', event: 'created', createdBy: 'me', data });
  assert.equal((await delivery(visitor.session.conversation, { body })).status, 200);
  // The integration may read it, and has.
  await until(async () => (await world.requests(`GET /webex/v1/messages/${secret.id}`)).some(({ status }) => status === 200));
  await world.agentSays('the only one', { roomId });
  await visitor.hears('Anna Nowak: the only one');
  assert.deepEqual(visitor.lines, ['* agent_joined', 'Anna Nowak: the only one']);
});

test('webhooks: own, bot and deleted messages, and other events, are taken and show nothing', async () => {
  const visitor = await world.visitSettled('person');
  const { id: roomId } = await world.room();
  const { body: sent } = await world.webex('agent-anna', 'POST', '/messages', { roomId, text: 'taken back' });
  await visitor.hears('Anna Nowak: taken back');
  const { body: all } = await world.webex('integration-live-chat', 'GET', `/messages?roomId=${roomId}`);
  const own = all.items.find(({ personEmail }) => personEmail === 'live-chat@example.com');
  await world.webex('agent-anna', 'DELETE', `/messages/${sent.id}`);
  await world.control('DELETE', '/requests');
  const send = ({ envelope, ...change }) => {
    const data = { id: own.id, personId: own.personId, personEmail: own.personEmail, ...change };
    return delivery(visitor.session.conversation, { body: JSON.stringify({ resource: 'messages', event: 'created', createdBy: own.personId, ...envelope, data }) });
  };
  for (const change of [
    {},
    { personEmail: 'x@webex.bot' },
    { id: sent.id, personId: sent.personId, personEmail: sent.personEmail },
    { id: sent.id, personId: sent.personId, personEmail: sent.personEmail, envelope: { event: 'deleted' } },
    { envelope: { resource: 'rooms' } },
  ]) {
    assert.equal((await send(change)).status, 200);
  }
  assert.equal((await delivery(visitor.session.conversation, { body: 'not json' })).status, 200);
  await world.agentSays('the next one', { roomId });
  await visitor.hears('Anna Nowak: the next one');
  assert.deepEqual(visitor.lines, ['* agent_joined', 'Anna Nowak: taken back', 'Anna Nowak: the next one']);
  assert.deepEqual(await world.calls(`GET /webex/v1/messages/${own.id}`), []);
});

test('the panel’s code is sent as it was compressed, to whoever takes that, and nothing else lies there', async () => {
  const page = await (await fetch(`${world.url}/frame`)).text();
  for (const file of page.match(/\/panel\/[^"']*\.(?:js|wasm)/g)) {
    const [compressed, plain] = await Promise.all(['gzip, br', 'gzip'].map((encoding) => fetch(world.url + file, { headers: { 'accept-encoding': encoding } })));
    assert.deepEqual([compressed.status, compressed.headers.get('vary')], [200, 'accept-encoding'], file);
    assert.deepEqual([plain.status, plain.headers.get('vary')], [200, null], file);
    for (const name of ['content-type', 'cache-control', 'access-control-allow-origin', 'x-content-type-options']) {
      const [one, other] = [compressed, plain].map((answer) => answer.headers.get(name)?.split(';')[0]);
      assert.ok(one && one === other, `${name}: ${one}, ${other}`);
    }
    assert.deepEqual(await compressed.arrayBuffer(), await plain.arrayBuffer());
  }
  for (const path of ['/panel/x/panel.js', '/panel/', '/panel/..%2fwidget.js']) {
    for (const encoding of ['br', 'gzip']) {
      assert.equal((await fetch(world.url + path, { headers: { 'accept-encoding': encoding } })).status, 404, path);
    }
  }
});

test('a token opens its own conversation and nothing else, whether the other exists or not', async () => {
  const [one, two] = [await world.visitSettled('person'), await world.visitSettled('person')];
  const foreign = await one.poll({ after: 0 }, two.session.token);
  const missing = await world.post('/v1/conversations/AAAAAAAAAAAAAAAAAAAAAA/poll', { after: 0 }, { authorization: `Bearer ${one.session.token}` });
  assert.deepEqual([foreign.status, foreign.body], [401, missing.body]);
  const socket = (id, token) =>
    new Promise((resolve) => {
      const url = `${world.url.replace('http', 'ws')}/v1/conversations/${id}/socket`;
      new WebSocket(url, ['edgechat.v1', token]).on('close', resolve).on('error', () => {});
    });
  assert.equal(await socket(one.session.conversation, two.session.token), 4401);
  assert.equal(await socket('AAAAAAAAAAAAAAAAAAAAAA', one.session.token), 4401);
  for (let at = 0; at < 10; at += 1) {
    assert.equal((await one.poll({ after: 0 }, randomBytes(32).toString('base64url'))).status, 401);
  }
});

test('bad requests have a status, a stable code and a sentence, and change nothing', async () => {
  const key = randomBytes(18).toString('base64url');
  const path = '/v1/conversations';
  const cases = [
    [path, '{', 400, 'bad_body'],
    [path, '{"key":1}', 400, 'bad_body'],
    [path, '['.repeat(5_000), 400, 'bad_body'],
    [path, new Uint8Array([0xff, 0xfe]), 400, 'bad_body'],
    [path, { key: 'short', topic: 'person' }, 422, 'bad_start_key'],
    [path, { key, topic: 'nothing' }, 422, 'unknown_topic'],
    [path, { key, topic: 'sales' }, 422, 'bad_answers'],
    [path, { key, topic: 'person', page: 'x'.repeat(70_000) }, 413, 'body_too_large'],
    ['/v1/nothing', {}, 404, 'not_found'],
    ['/frame', {}, 405, 'method_not_allowed'],
  ];
  for (const [where, body, status, code] of cases) {
    const answer = await world.post(where, body);
    assert.deepEqual([answer.status, answer.body.code], [status, code]);
    assert.ok(answer.body.message.endsWith('.'));
  }
  assert.deepEqual(await world.calls(), []);
});

test('the form is checked at the edge, each field with its problem', async () => {
  const answers = { name: '', email: 'jane@', order: '12', extra: 'x' };
  const answer = await new Visitor(world).start('sales', answers);
  assert.deepEqual(answer.body.fields, [
    { field: 'name', problem: 'missing' },
    { field: 'email', problem: 'not_an_email' },
    { field: 'order', problem: 'mismatch' },
    { field: 'extra', problem: 'unknown_field' },
  ]);
  const good = { name: 'Jane', email: 'jane@example.org', order: 'AB-12345' };
  assert.equal((await new Visitor(world).start('sales', good)).status, 200);
});

/** How a socket that a page of this origin asks for is answered. */
function socketFrom(origin, { session: { conversation, token } }) {
  const url = `${world.url.replace('http', 'ws')}/v1/conversations/${conversation}/socket`;
  const socket = new WebSocket(url, ['edgechat.v1', token], { headers: { origin } });
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve('open')).on('unexpected-response', (_, { statusCode }) => resolve(statusCode)).on('error', reject);
  }).finally(() => socket.terminate());
}

test('pages of other origins are turned away', async () => {
  const visitor = await world.visit('person');
  for (const origin of ['https://evil.example', 'null', `${world.url}.evil.example`, world.url.replace('http', 'https')]) {
    const answer = await world.post('/v1/conversations', { key: visitor.key, topic: 'person' }, { origin });
    assert.deepEqual([answer.status, answer.body.code], [403, 'bad_origin'], origin);
    assert.equal(await socketFrom(origin, visitor), 403);
  }
  assert.equal(await socketFrom(world.url, visitor), 'open');
  const own = await world.post('/v1/conversations', { key: visitor.key, topic: 'person', answers: {} }, { origin: world.url });
  assert.equal(own.status, 200);
});

test('bad frames are refused and the connection lives on', async () => {
  const visitor = await world.visit('person');
  const refused = () => visitor.frames.filter((frame) => frame.rejected?.code === 'bad_frame').length;
  for (const frame of ['', 'x', '{"send":{"id":"../..","text":"x"}}', '{"unknown":1}', JSON.stringify({ send: { id: 'message-1', text: 'x'.repeat(17_000) } })]) {
    const before = refused();
    visitor.socket.send(frame);
    await until(() => refused() === before + 1);
  }
  visitor.socket.send(Buffer.from([1, 2, 3]));
  for (const [text, code] of [['  \n', 'empty'], ['x'.repeat(4_001), 'too_long']]) {
    visitor.say(text);
    await until(() => visitor.frames.some((frame) => frame.rejected?.code === code));
  }
  visitor.say('fine');
  await visitor.hears('visitor: fine');
  assert.deepEqual(visitor.lines, ['visitor: fine']);
});

test('no secret in what the worker logs', async () => {
  const visitor = await world.visit('support');
  visitor.say('a word that must not be logged');
  await until(() => visitor.state?.delivered);
  const { vars } = world;
  // What would be found if it were there: this conversation's own lines are in the log.
  assert.ok(world.output.includes('conversation object loaded') && world.output.includes('POST /v1/conversations'), world.output);
  const secrets = [vars.MASTER_KEY, vars.ADMIN_TOKEN, vars.WEBEX_CLIENT_SECRET, vars.WEBEX_REFRESH_TOKEN, vars.WEBEX_BOT_TOKEN, visitor.session.token, visitor.key];
  for (const secret of [...secrets, 'must not be logged', 'BEGIN PRIVATE KEY', 'ya29.']) {
    assert.ok(!world.output.includes(secret), 'found in the log');
  }
});

test('the frame carries the first screen and its own policy', async () => {
  const response = await fetch(`${world.url}/frame`);
  const html = await response.text();
  const policy = response.headers.get('content-security-policy');
  assert.match(html, /data-topic="sales">Sales</);
  assert.match(policy, /default-src 'none'; script-src 'self' 'nonce-[0-9a-f-]{36}' 'wasm-unsafe-eval'/);
  assert.match(policy, /frame-ancestors \*/);
  assert.ok(!html.includes('{{') && !html.includes('anna@example.com'));
});

test('a body of unknown length is read up to the limit and no further', async () => {
  const send = (text) => {
    const sending = request(`${world.url}/v1/conversations`, { method: 'POST' });
    sending.write(text);
    return sending;
  };
  const endless = send('x'.repeat(70_000));
  const [refused] = await once(endless, 'response');
  endless.on('error', () => {}).destroy();
  assert.equal(refused.statusCode, 413);
  const start = JSON.stringify({ key: randomBytes(18).toString('base64url'), topic: 'person', answers: {} });
  // What `wrangler dev` puts before the worker may answer the next request 503, since this one was broken off.
  await until(async () => {
    const [taken] = await once(send(start).end(), 'response');
    taken.resume();
    assert.ok([200, 503].includes(taken.statusCode), String(taken.statusCode));
    return taken.statusCode === 200;
  });
});
