// Cases that no other file is about: guessing ids, lying about where one comes from, slow clients, failures of ours,
// and copies of the settings that are out of date.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { ANNA, changed, patient, startWorld, until, Visitor } from '../harness.mjs';

const MINUTE = 60_000;
/** A copy is gone by for this long at most, and reaches every place within as much again. */
const CONVERGED = 2 * MINUTE;

let world;

describe('names', () => {
  before(async () => {
    world = await startWorld();
  });
  after(() => world?.close());

  test('500 ids of conversations, from keys that count up, have no order and 128 bits', async () => {
    // No room is needed to have an id.
    await world.fault({ route: '* /webex', status: 503, times: 1_000_000 });
    const start = async (n) => {
      const visitor = new Visitor(world, `key-${String(n).padStart(20, '0')}`);
      visitor.address = `10.1.${n >> 8}.${n & 255}`;
      const { status } = await visitor.start('person');
      assert.equal(status, 200);
      return visitor.session.conversation;
    };
    const ids = [];
    while (ids.length < 500) ids.push(...(await Promise.all(Array.from({ length: 4 }, (_, n) => start(ids.length + n)))));
    assert.equal(new Set(ids).size, 500);
    const bits = ids.map((id) => {
      const bytes = Buffer.from(id, 'base64url');
      assert.equal(bytes.length, 16, id);
      return [...bytes].flatMap((byte) => Array.from({ length: 8 }, (_, at) => (byte >> at) & 1));
    });
    // Of 500 fair coins, fewer than 178 or more than 322 heads come once in ten billion throws.
    const isFair = (count) => count >= 178 && count <= 322;
    for (let at = 0; at < 128; at += 1) {
      assert.ok(isFair(bits.filter((one) => one[at]).length), `bit ${at}`);
      assert.ok(isFair(bits.filter((one, n) => one[at] !== bits[(n + 1) % 500][at]).length), `bit ${at} of neighbours`);
    }
    const differing = bits.map((one, n) => one.filter((bit, at) => bit !== bits[(n + 1) % 500][at]).length);
    assert.ok(differing.every((count) => count > 24 && count < 104), 'neighbours differ in about half of their bits');
  });
});

describe('from outside', () => {
  before(async () => {
    // A delivery that was turned away at the door is found by the next look.
    world = await startWorld({ settings: (d) => (d.messages_per_minute = 6), vars: { DESK_CHECK_SECONDS: '2' } });
  });
  after(() => world?.close());
  beforeEach(() => world.control('POST', '/reset'));

  test('who lies about the origin may do what every visitor may, within the same limits', async () => {
    const spoofed = { origin: world.url, referer: `${world.url}/`, 'sec-fetch-site': 'same-origin', 'user-agent': 'curl/8' };
    const start = (key) => world.post('/v1/conversations', { key, topic: 'person', answers: {} }, spoofed);
    const { status, body } = await start('a-key-of-somebody-with-curl');
    assert.equal(status, 200);
    const path = `/v1/conversations/${body.conversation}`;
    for (const [method, where, code] of [
      ['POST', `${path}/poll`, 'bad_token'],
      ['DELETE', path, 'bad_token'],
      ['POST', `${path}/files?id=file-12345678&name=a.txt`, 'bad_token'],
      ['GET', '/v1/sites/default/settings', undefined],
      ['PUT', '/v1/sites/default/settings', undefined],
      ['POST', `/v1/desk/webex/${body.conversation}`, undefined],
    ]) {
      const answer = await world.call(method, where, method === 'GET' ? undefined : { after: 0 }, spoofed);
      assert.equal(answer.status, 401, `${method} ${where}`);
      if (code) assert.equal(answer.body.code, code);
    }
    const visitor = Object.assign(new Visitor(world), { session: body });
    const frames = Array.from({ length: 20 }, (_, n) => ({ send: { id: `message-${n}`, text: `m${n}` } }));
    const poll = (more) => world.post(`${path}/poll`, { after: 0, ...more }, { ...spoofed, authorization: `Bearer ${body.token}` });
    const answer = await poll({ frames });
    const rejected = answer.body.frames.filter((frame) => frame.rejected?.code.too_fast);
    assert.ok(rejected.length >= 14, `${rejected.length} of 20 refused at 6 a minute`);
    await until(async () => (await world.room())?.lines.length > 1);
    assert.equal((await visitor.poll({ after: 0 })).status, 200);
  });

  test('200 clients that send a byte now and then, and ten that read none of a large file, hold nobody up', async (t) => {
    const { hostname, port } = new URL(world.url);
    const reading = await world.visitSettled('person');
    const large = new FormData();
    large.set('roomId', (await world.room()).id);
    large.set('files', new Blob([`%PDF-1.7\n${'x'.repeat(9 << 20)}`], { type: 'application/pdf' }), 'large.pdf');
    const anna = { authorization: `Bearer ${ANNA}` };
    assert.equal((await fetch(`${world.emulators.url}/webex/v1/messages`, { method: 'POST', headers: anna, body: large })).status, 200);
    await until(() => reading.entries.some(({ said }) => said.agent?.files));
    const own = { authorization: `Bearer ${reading.session.token}` };
    const { body: link } = await world.post(`/v1/conversations/${reading.session.conversation}/files/1`, '', own);
    const readers = await Promise.all(
      Array.from({ length: 10 }, () => new Promise((resolve, reject) => request(world.url + link.url, resolve).on('error', reject).end())),
    );
    assert.deepEqual(readers.map(({ statusCode }) => statusCode), Array(10).fill(200));
    await world.control('POST', '/reset');
    const slow = Array.from({ length: 200 }, () => connect(Number(port), hostname));
    const gone = new Set();
    await Promise.all(slow.map((socket) => once(socket, 'connect')));
    for (const socket of slow) socket.on('error', () => {}).on('close', () => gone.add(socket)).on('data', () => gone.add(socket));
    const head = 'POST /v1/conversations HTTP/1.1\r\nHost: slow\r\nContent-Type: application/json\r\nContent-Length: 10000\r\n\r\n{';
    let sent = 0;
    const drip = setInterval(() => {
      for (const socket of slow) socket.write(head[sent] ?? ' ');
      sent += 1;
    }, 100);
    t.after(() => {
      clearInterval(drip);
      for (const one of [...slow, ...readers]) one.destroy();
    });
    // Half of them are in the head of the request, half in its body.
    for (const socket of slow.slice(100)) socket.write(head);
      for (let n = 0; n < 10; n += 1) {
      const visitor = new Visitor(world);
      // What `wrangler dev` puts before the worker may answer 503, in words, when another request is broken off.
      await until(async () => (await visitor.start('person').catch(() => ({}))).status === 200);
      await visitor.connect();
      await until(async () => (await world.room())?.webhooks.length === 1);
      visitor.say(`hello ${n}`);
      await until(() => visitor.state.delivered === 1);
      await world.marker(visitor);
      await visitor.disconnect();
      await world.control('POST', '/reset');
    }
    assert.ok(sent > 3, 'they were at it');
    // On a busy machine what stands before the worker here gives up on requests whose bodies do not come.
    assert.ok(gone.size <= 100, `${gone.size} of 200 were turned away`);
    assert.ok(readers.every(({ complete }) => !complete), 'all of it is held somewhere: nobody reads slowly');
  });
});

describe('a failure of ours', () => {
  before(async () => {
    world = await startWorld({ vars: { STOP_ON: 'poison' } });
  });
  after(() => world?.close());

  test('in one request leaves the next hundred fine', async () => {
    const bystander = await world.visitSettled();
    const { id } = await world.room();
    const victim = await world.visitSettled();
    victim.say('poison');
    await until(() => world.told.includes('unreachable') || world.told.includes('RuntimeError'), undefined, () => world.told);
    for (let n = 0; n < 100; n += 1) {
      const { status } = await bystander.poll({ after: 0 });
      assert.equal(status, 200, `poll ${n}`);
    }
    // The bystander's socket may have gone with the object; the conversation has not.
    await bystander.connect();
    bystander.say('still here');
    await world.posted('live-chat: still here', id);
    const fresh = await world.visitSettled();
    fresh.say('new here');
    await until(() => fresh.state.delivered === 1);
  });
});

describe('a copy of the settings that is out of date', () => {
  before(async () => {
    world = await startWorld();
  });
  after(() => world?.close());

  test('harms nobody, and is caught up with within two minutes', async () => {
    const publicOf = (site) => world.call('GET', `/v1/sites/${site}`);
    const ancestors = async () => /frame-ancestors ([^;]+)/.exec((await fetch(`${world.url}/frame`)).headers.get('content-security-policy'))[1];
    const before = changed((d) => Object.assign(d, { origins: ['https://old.example', 'https://kept.example'] }));
    await world.push(before);
    assert.equal(await ancestors(), 'https://old.example https://kept.example');
    const running = await world.visitSettled('person');
    const { id: roomId } = await world.room();

    // As when another place has saved: here nobody hears of it, and the copies arrive when they do.
    const renamed = structuredClone(before);
    renamed.topics[2].id = 'people';
    renamed.origins = ['https://kept.example'];
    await world.publish(renamed);
    // A miss is remembered too.
    assert.equal((await publicOf('late')).body.code, 'unknown_site');
    await world.publish(changed(() => {}), 'late');
    assert.equal((await publicOf('late')).body.code, 'unknown_site');

    const began = Date.now();
    let strangers = 0;
    const stranger = () => Object.assign(new Visitor(world), { address: `10.2.${(strangers += 1) >> 8}.${strangers & 255}` });
    const answers = new Set();
    await until(
      async () => {
        const [old, fresh, late] = [await stranger().start('person'), await stranger().start('people'), await stranger().start('person', {}, { site: 'late' })];
        const seen = await ancestors();
        for (const { status, body } of [old, fresh, late]) answers.add(`${status} ${body.code ?? 'started'}`);
        assert.ok(seen.includes('https://kept.example'), seen);
        return old.status === 422 && fresh.status === 200 && late.status === 200 && !seen.includes('old.example');
      },
      CONVERGED,
      () => [...answers].join(),
    );
    assert.ok(Date.now() - began < CONVERGED);
    // Each was served by the one version or by the other, and nothing else.
    for (const answer of answers) assert.match(answer, /^(200 started|404 unknown_site|422 unknown_topic)$/);
    // What has begun goes on by what it began with.
    running.say('still with you');
    await until(() => running.state.delivered === 1);
    await world.marker(running, { roomId });
  });
});

describe('while KV fails', () => {
  before(async () => {
    world = await startWorld({ main: 'tests/edge/watched-worker.js', settings: (d) => (d.name = 'Kept') });
  });
  after(() => world?.close());

  test('a site goes on by the settings it was last seen with, and one that was not seen is not taken for another', { timeout: 180_000 }, async () => {
    const publicOf = (site) => world.call('GET', `/v1/sites/${site}`);
    assert.equal((await publicOf('default')).body.name, 'Kept');
    await world.publish(changed((d) => (d.name = 'Newer')));
    await world.call('PUT', '/kv/broken');
    // Until KV is asked again.
    await until(async () => {
      assert.equal((await publicOf('default')).body.name, 'Kept');
      return world.output.includes('settings of default: ');
    }, CONVERGED);
    assert.equal((await new Visitor(world).start('person')).status, 200);
    const unseen = await publicOf('unseen');
    assert.deepEqual([unseen.status, unseen.body.code], [500, 'internal']);
    await world.call('PUT', '/kv/whole');
    assert.equal((await publicOf('default')).body.name, 'Newer');
    assert.equal((await publicOf('unseen')).body.code, 'unknown_site');
  });
});

describe('a deploy', () => {
  before(async () => {
    world = await startWorld({ settings: patient });
  });
  after(() => world?.close());

  test('150 panels come back at once: each to its own object, and nobody outside is asked', async () => {
    const visitors = [];
    for (let n = 0; n < 150; n += 1) {
      const visitor = Object.assign(new Visitor(world), { address: `10.3.0.${n}` });
      await visitor.start('person');
      visitors.push(await visitor.connect());
    }
    await until(async () => (await world.rooms()).filter(({ webhooks, lines }) => webhooks.length === 1 && lines.length === 1).length === 150);
    for (const room of await world.rooms()) await world.wasRead(room.id);
    await world.restartWorker();
    await world.control('DELETE', '/requests');
    await Promise.all(visitors.map((visitor) => visitor.connect()));
    const [first] = visitors;
    first.say('as before');
    await until(() => first.state.delivered === 1);
    const room = (await world.roomOf(first)).id;
    const asked = (await world.requests('/webex/v1/')).filter(({ path, body }) => !JSON.stringify([path, body]).includes(room));
    assert.deepEqual(asked.map(({ call }) => call), []);
    assert.ok(visitors.every(({ state }) => state.phase === 'waiting'));
  });

  test('a panel that was away for more than a page reads all of it, without a hole and once', async () => {
    const visitor = await world.visitSettled();
    const away = visitor.disconnect();
    await away;
    const writer = await Object.assign(new Visitor(world, visitor.key), { session: visitor.session }).connect(0);
    for (let n = 0; n < 450; n += 1) {
      writer.say(`m${n}`);
      await writer.hears(`visitor: m${n}`);
    }
    await world.restartWorker();
    await visitor.connect();
    await until(() => visitor.entries.length >= 450);
    assert.deepEqual(visitor.lines, Array.from({ length: 450 }, (_, n) => `visitor: m${n}`));
    assert.deepEqual(visitor.entries.map(({ seq }) => seq), Array.from({ length: 450 }, (_, n) => n + 1));
  });
});
