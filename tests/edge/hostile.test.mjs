// One visitor who means harm, or one whose browser is broken: what they can make us do is bounded.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import WebSocket from 'ws';
import { ANNA, startWorld, until, Visitor } from '../harness.mjs';

const PDF = Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n', 'latin1');

let world;
before(async () => {
  world = await startWorld();
});
after(() => world?.close());
beforeEach(() => world.control('POST', '/reset'));

const bearer = (token) => ({ authorization: `Bearer ${token}` });

async function visit() {
  const visitor = new Visitor(world);
  await visitor.start('person');
  return visitor.connect();
}

function socketOf(visitor) {
  const { conversation, token } = visitor.session;
  const url = `${world.url.replace('http', 'ws')}/v1/conversations/${conversation}/socket?after=0`;
  const socket = new WebSocket(url, ['edgechat.v1', token]);
  socket.first = new Promise((resolve) => {
    socket.once('message', () => resolve('open'));
    socket.once('close', resolve);
  });
  socket.closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => {});
  return socket;
}

test('a poll has at most 20 frames; the panel, which has more to say, says it in several', async () => {
  const visitor = await visit();
  const stays = (count) => visitor.poll({ after: 0, frames: Array(count).fill('stay') });
  assert.equal((await stays(20)).status, 200);
  const { status, body } = await stays(21);
  assert.deepEqual([status, body.code], [413, 'too_many_frames']);
});

test('polls of a conversation come too fast, with the time to wait, and then again', async () => {
  const visitor = await visit();
  let answer;
  for (let n = 0; n < 20 && answer?.status !== 429; n += 1) {
    answer = await visitor.poll({ after: 0, frames: Array(20).fill('stay') });
  }
  assert.deepEqual([answer.status, answer.body.code], [429, 'too_fast']);
  await until(async () => (await visitor.poll({ after: 0 })).status === 200);
});

for (const [what, frame] of Object.entries({ stay: '"stay"', rate: '{"rate":{"stars":9}}', 'no frame at all': '{', binary: Buffer.alloc(10) })) {
  test(`a flood of one kind (${what}) ends its socket, and the conversation goes on`, async () => {
    const visitor = await visit();
    for (let n = 0; n < 300; n += 1) visitor.socket.send(frame);
    assert.equal(await visitor.closed, 1013);
    const still = { send: { id: `message-${randomBytes(6).toString('hex')}`, text: 'still here' } };
    await until(async () => (await visitor.poll({ after: 0, frames: [still] })).status === 200);
    visitor.state = undefined;
    await visitor.connect();
    await visitor.hears('visitor: still here');
  });
}

test('the 21st socket is told to try again, and has its place when another goes', async () => {
  const visitor = await visit();
  const others = Array.from({ length: 19 }, () => socketOf(visitor));
  assert.deepEqual([...new Set(await Promise.all(others.map(({ first }) => first)))], ['open']);
  assert.equal(await socketOf(visitor).first, 1013);
  others[0].close();
  await others[0].closed;
  await until(async () => {
    const socket = socketOf(visitor);
    return (await socket.first) === 'open';
  }, 20_000);
});

test('sockets that are opened and closed again and again are told to wait', async () => {
  const visitor = await visit();
  let answer;
  for (let n = 0; n < 60 && answer !== 1013; n += 1) {
    const socket = socketOf(visitor);
    answer = await socket.first;
    socket.close();
    await socket.closed;
  }
  assert.equal(answer, 1013);
});

test("an agent's file is asked of the desk once, however often it is opened, and never without a good link", async () => {
  const visitor = await world.visitSettled();
  const form = new FormData();
  form.set('roomId', (await world.room()).id);
  form.set('files', new Blob([PDF], { type: 'application/pdf' }), 'a.pdf');
  await fetch(`${world.emulators.url}/webex/v1/messages`, { method: 'POST', headers: bearer(ANNA), body: form });
  await until(() => visitor.entries.some(({ said }) => said.agent?.files));
  const path = `/v1/conversations/${visitor.session.conversation}/files/1`;
  const { body } = await world.post(path, '', bearer(visitor.session.token));
  const fetched = async () => (await world.calls('GET /webex/v1/contents/')).length;
  const before = await fetched();
  const opened = await Promise.all(Array.from({ length: 20 }, () => fetch(world.url + body.url)));
  for (const response of opened) {
    assert.equal(response.status, 200);
    assert.ok(Buffer.from(await response.arrayBuffer()).equals(PDF));
    assert.equal(response.headers.get('cache-control'), 'private, max-age=300');
    assert.equal(response.headers.get('content-length'), String(PDF.length));
  }
  assert.equal((await fetched()) - before, 1);
  assert.equal((await fetch(world.url + path)).status, 403);
  assert.equal((await fetch(`${world.url}/desk-files/${visitor.session.conversation}/1`)).status, 404);
  let answer;
  for (let n = 0; n < 400 && answer?.status !== 429; n += 1) {
    answer = await fetch(world.url + body.url);
    await answer.arrayBuffer();
  }
  assert.equal(answer.status, 429);
  assert.ok(answer.headers.get('retry-after') >= 1);
  const gone = await world.call('DELETE', `/v1/conversations/${visitor.session.conversation}`, '', bearer(visitor.session.token));
  assert.equal(gone.status, 204);
  assert.equal((await fetch(world.url + body.url)).status, 404);
});

test('starts are counted by address: who starts too many waits, and nobody else does', async () => {
  const ask = (address, key) => world.post('/v1/conversations', { key, topic: 'person' }, { 'cf-connecting-ip': address });
  const key = () => randomBytes(18).toString('base64url');
  const exhaust = async (address) => {
    // The counter begins anew with each minute.
    for (let n = 0; n < 700; n += 1) {
      const { status, body } = await ask(address(n), 'no key');
      if (status === 429) return assert.equal(body.code, 'too_fast') ?? n;
      assert.equal(status, 422);
    }
    return assert.fail('never refused');
  };
  assert.ok((await exhaust(() => '192.0.2.1')) >= 300);
  assert.equal((await ask('192.0.2.2', key())).status, 200);
  assert.ok((await exhaust((n) => `2001:db8:1:2:${n}::1`)) >= 300, 'each address of a network has a limit of its own');
  assert.equal((await ask('2001:db8:1:3::1', key())).status, 200);
  const response = await until(async () => {
    const answer = await fetch(`${world.url}/v1/conversations`, { method: 'POST', body: '{}', headers: { 'cf-connecting-ip': '2001:db8:1:2::9' } });
    return answer.status === 429 && answer;
  });
  assert.equal(response.headers.get('retry-after'), '60');
});
