// Files both ways: what arrives, what is refused, who may open it, and what is left when it is over.
import assert from 'node:assert/strict';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { ANNA, DEFAULT_SETTINGS, startWorld, until, Visitor } from '../harness.mjs';

const LIMIT = 3 << 20;
/** However much a site allows. */
const LIMIT_OF_ALL = 20 << 20;
const POST = 'POST /webex/v1/messages';
const CONTENTS = '/webex/v1/contents/';

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const PDF = Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\ntrailer <<>>\n%%EOF\n', 'latin1');
const TEXT = Buffer.from('Zażółć gęślą jaźń\r\n');
const ZIP = Buffer.concat([Buffer.from('PK\x03\x04'), randomBytes(500)]);
const HTML = Buffer.from('<!doctype html><script>alert(document.domain)</script>');
const SVG = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>');

let world;
before(async () => {
  world = await startWorld({ settings: fast });
  await world.push(changed((document) => delete document.attachments), 'none');
  await world.push(changed((document) => (document.messages_per_minute = 6)), 'slow');
});
after(() => world?.close());
beforeEach(() => world.control('POST', '/reset'));

function fast(document) {
  document.attachments.largest_mb = LIMIT >> 20;
  document.messages_per_minute = 6_000;
}

function changed(change) {
  const document = structuredClone(DEFAULT_SETTINGS);
  fast(document);
  change(document);
  return document;
}

const newId = () => `file-${randomBytes(8).toString('hex')}`;
const sized = (size) => Buffer.concat([PNG, randomBytes(size - PNG.length)]);
const bearer = (token) => ({ authorization: `Bearer ${token}` });
const filesPath = (visitor) => `/v1/conversations/${visitor.session.conversation}/files`;

async function upload(visitor, name, bytes, { id = newId(), token = visitor.session.token } = {}, tries = 3) {
  const query = new URLSearchParams({ id, name });
  try {
    return await world.post(`${filesPath(visitor)}?${query}`, bytes, bearer(token));
  } catch (error) {
    // What is refused before it is all sent may be cut off before the answer has been read.
    if (tries > 1 && ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(error.cause?.code)) return upload(visitor, name, bytes, { id, token }, tries - 1);
    throw error;
  }
}

async function taken(visitor, name, bytes, more) {
  const { status, body } = await upload(visitor, name, bytes, more);
  assert.deepEqual([status, body], [204, ''], name);
}

async function refused(sending, status, code) {
  const answer = await sending;
  assert.deepEqual([answer.status, answer.body.code], [status, code]);
}

/** The files of the transcript, whoever sent them. */
const files = (visitor) => visitor.entries.flatMap(({ said }) => (said.visitor ?? said.agent)?.files ?? []);

/** The visitor has sent this many, and has heard that all of them are in the room. */
async function allDelivered(visitor, count) {
  const isAll = () => visitor.entries.length >= count && visitor.state.delivered === visitor.entries.at(-1).seq;
  await until(isAll, 15_000, () => JSON.stringify(visitor.frames));
}

/** What stands in the room, as an agent's client shows it: texts, and files as name and digest. */
async function inRoom() {
  const { messages } = await world.room();
  const ours = messages.slice(1).filter(({ text }) => !text?.startsWith('— '));
  return Promise.all(ours.map(async ({ text, files: addresses }) => (addresses ? fileAt(addresses[0]) : text)));
}

async function fileAt(address) {
  const response = await fetch(address, { headers: bearer(ANNA) });
  return file(nameIn(response.headers), Buffer.from(await response.arrayBuffer()));
}

/**
 * What `wrangler dev` puts before the worker may answer the next request 503, or cut it off, when one was answered before all
 * of it had been read.
 */
const calm = () => until(() => fetch(`${world.url}/v1/conversations`, { method: 'POST', body: '{' }).then(({ status }) => status === 400, () => false));

/** Short enough to be compared and shown. */
const file = (name, bytes) => `${name}: ${createHash('sha256').update(bytes).digest('hex')}`;

function nameIn(headers) {
  const header = headers.get('content-disposition');
  const [, encoded] = /filename\*=UTF-8''([^;]+)/.exec(header) ?? [];
  return encoded ? decodeURIComponent(encoded) : /filename="(.*)"/.exec(header)[1];
}

/** An agent posts a file into the newest room. */
async function agentSends(name, bytes, { text = '', type = 'application/octet-stream' } = {}) {
  const form = new FormData();
  form.set('roomId', (await world.room()).id);
  if (text) form.set('text', text);
  form.set('files', new Blob([bytes], { type }), name);
  const response = await fetch(`${world.emulators.url}/webex/v1/messages`, { method: 'POST', headers: bearer(ANNA), body: form });
  assert.equal(response.status, 200);
  return response.json();
}

/** An agent's file of which Webex says this from the beginning. */
async function agentSendsScanned(name, bytes, scan) {
  await world.control('POST', '/deliveries', { hold: true });
  const message = await agentSends(name, bytes);
  await world.control('POST', '/contents/scan', { file: message.files[0], ...scan });
  await world.control('POST', '/deliveries', { hold: false });
  await world.control('POST', '/deliveries/release', { order: 'same' });
  return message;
}

const gets = (visitor, count) => until(() => files(visitor).length >= count, 15_000, () => JSON.stringify(visitor.frames));

async function linkTo(visitor, number = 1) {
  const { status, body } = await world.post(`${filesPath(visitor)}/${number}`, '', bearer(visitor.session.token));
  assert.equal(status, 200);
  return body;
}

async function open(path) {
  const response = await fetch(world.url + path);
  const { status, headers } = response;
  const bytes = Buffer.from(await response.arrayBuffer());
  return { status, headers, bytes, code: status === 200 ? undefined : JSON.parse(bytes).code };
}

const opened = async (visitor, number) => open((await linkTo(visitor, number)).url);

/** Whether these bytes stand anywhere in what the worker stores. */
function isStored(marker) {
  const all = readdirSync(world.folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  return all.some((one) => {
    try {
      return readFileSync(join(one.parentPath, one.name)).includes(marker);
    } catch (error) {
      if (error.code === 'ENOENT') return false;
      throw error;
    }
  });
}

/** Rows of files that hold the text. What was deleted may be on the disk for a while longer. */
const partsWith = (marker) => world.sql('ConversationDo', 'SELECT 1 FROM file WHERE instr(bytes, CAST(? AS BLOB))', [[marker]]).length;

/** A text of this size that can be found again, whole several times on each page of a database. */
function marked(size) {
  const marker = randomBytes(24).toString('hex');
  return { marker, bytes: Buffer.from(`${marker} `.repeat(Math.ceil(size / 49))) };
}

describe('from the visitor into the room', () => {
  test('every kind, to the exact limit, between texts: the same bytes and names, one post each, in order', async () => {
    const visitor = await world.visitSettled();
    const small = { 'a.png': PNG, 'b.pdf': PDF, 'c.txt': TEXT, 'd.zip': ZIP };
    const sent = { ...small, 'large.png': sized(LIMIT - 100), 'limit.png': sized(LIMIT) };
    visitor.say('before');
    await visitor.hears('visitor: before');
    for (const [name, bytes] of Object.entries(sent)) await taken(visitor, name, bytes);
    visitor.say('after');
    await visitor.hears('visitor: after');
    await allDelivered(visitor, 8);
    const posted = Object.entries(sent).map(([name, bytes]) => file(name, bytes));
    assert.deepEqual(await inRoom(), ['before', ...posted, 'after']);
    const shown = Object.entries(sent).map(([name, bytes], at) => {
      const image = name.endsWith('.png') ? { image: 'png' } : {};
      return { number: at + 1, name, size: bytes.length, ...image };
    });
    assert.deepEqual(files(visitor), shown);
    const own = await opened(visitor, 6);
    assert.ok(own.bytes.equals(sent['limit.png']), 'the visitor gets other bytes back');
  });

  test('the same again, also at once, is one; something else under its id is refused', async () => {
    const visitor = await world.visitSettled();
    const id = newId();
    const ten = Array.from({ length: 10 }, () => upload(visitor, 'a.png', PNG, { id }));
    assert.deepEqual([...new Set((await Promise.all(ten)).map(({ status }) => status))], [204]);
    await taken(visitor, 'a.png', PNG, { id });
    await refused(upload(visitor, 'b.png', PNG, { id }), 400, 'bad_body');
    await refused(upload(visitor, 'a.png', sized(200), { id }), 400, 'bad_body');
    const altered = Buffer.from(PNG);
    altered[altered.length - 1] ^= 1;
    await refused(upload(visitor, 'a.png', altered, { id }), 400, 'bad_body');
    await allDelivered(visitor, 1);
    assert.deepEqual(await inRoom(), [file('a.png', PNG)]);
    assert.equal(files(visitor).length, 1);
  });

  test('too large, empty, without an id, of a kind that is not taken: refused, and nothing is stored or posted', async () => {
    const visitor = await world.visitSettled();
    await refused(upload(visitor, 'a.png', sized(LIMIT + 1)), 413, 'file_too_large');
    await calm();
    await refused(upload(visitor, 'a.png', Buffer.alloc(0)), 415, 'file_refused');
    await refused(upload(visitor, 'a.png', PNG, { id: '' }), 400, 'bad_body');
    await refused(upload(visitor, 'a.png', PNG, { id: '../../x' }), 400, 'bad_body');
    await refused(upload(visitor, 'a.png', Buffer.from('MZ\x90\x00\x03\x00', 'latin1')), 415, 'file_refused');
    await refused(upload(visitor, 'a.txt', Buffer.from('\x7fELF\x02')), 415, 'file_refused');
    await refused(upload(visitor, 'a.png', Buffer.from('text\0')), 415, 'file_refused');
    await taken(visitor, 'setup.exe', PNG);
    await allDelivered(visitor, 1);
    assert.deepEqual(await inRoom(), [file('setup.exe', PNG)]);
    assert.deepEqual(files(visitor), [{ number: 1, name: 'setup.exe', size: PNG.length, image: 'png' }]);
    assert.equal((await opened(visitor, 2)).code, 'not_found');
    assert.equal((await opened(visitor, 0)).code, 'not_found');
  });

  test('a body of unknown length is read up to the limit and no further', async () => {
    const visitor = await world.visitSettled();
    const options = { method: 'POST', headers: bearer(visitor.session.token) };
    const send = (id) => request(`${world.url}${filesPath(visitor)}?id=${id}&name=a.png`, options);
    for (const [bytes, status] of [[sized(LIMIT + 1), 413], [PNG, 204]]) {
      const sending = send(newId());
      sending.write(bytes.subarray(0, 50));
      sending.end(bytes.subarray(50));
      const [answer] = await once(sending, 'response');
      const said = (await answer.toArray()).join('');
      assert.equal(answer.statusCode, status, said);
      await calm();
    }
    const statuses = [];
    // A 503 is of what stands before the worker here, now and then, when an upload is not read to its end.
    while (statuses.length < 5 && (statuses.at(-1) ?? 503) === 503) {
      const endless = send(newId()).on('error', () => {});
      endless.write(sized(LIMIT_OF_ALL + 1));
      const [early] = await once(endless, 'response', { signal: AbortSignal.timeout(20_000) });
      endless.destroy();
      statuses.push(early.statusCode);
    }
    assert.equal(statuses.at(-1), 413, statuses.join());
    await calm();
    await allDelivered(visitor, 1);
    assert.deepEqual(await inRoom(), [file('a.png', PNG)]);
  });

  test('an upload that is cut half-way leaves nothing, and can be sent whole under the same id', async () => {
    const visitor = await world.visitSettled();
    const { marker, bytes } = marked(LIMIT - 100);
    const id = newId();
    const headers = { ...bearer(visitor.session.token), 'content-length': bytes.length };
    const sending = request(`${world.url}${filesPath(visitor)}?id=${id}&name=a.txt`, { method: 'POST', headers });
    sending.on('error', () => {});
    sending.write(bytes.subarray(0, bytes.length / 2));
    await until(() => partsWith(marker) > 0);
    sending.destroy();
    await until(() => partsWith(marker) === 0);
    await calm();
    await taken(visitor, 'b.txt', TEXT);
    await until(() => visitor.entries.length === 1);
    await taken(visitor, 'a.txt', bytes, { id });
    await allDelivered(visitor, 2);
    assert.deepEqual(await inRoom(), [file('b.txt', TEXT), file('a.txt', bytes)]);
  });

  test('only by who has the token, and not from a foreign page', async () => {
    const [one, two] = [await world.visitSettled(), await world.visit()];
    for (const token of ['', 'x', two.session.token, randomBytes(32).toString('base64url')]) {
      await refused(upload(one, 'a.png', PNG, { token }), 401, 'bad_token');
      await refused(world.post(`${filesPath(one)}/1`, '', bearer(token)), 401, 'bad_token');
    }
    await refused(world.post(`${filesPath(one)}?id=${newId()}&name=a.png`, PNG), 401, 'bad_token');
    const foreign = { ...bearer(one.session.token), origin: 'https://evil.example' };
    await refused(world.post(`${filesPath(one)}?id=${newId()}&name=a.png`, PNG, foreign), 403, 'bad_origin');
    assert.deepEqual([one.entries, two.entries], [[], []]);
  });

  test('a site that says nothing of files takes none', async () => {
    const visitor = new Visitor(world);
    await visitor.start('person', {}, { site: 'none' });
    await visitor.connect();
    await refused(upload(visitor, 'a.png', PNG), 415, 'file_refused');
    assert.deepEqual(visitor.entries, []);
  });

  test('a conversation that is over takes none, and still opens what it has', async () => {
    const visitor = await world.visitSettled();
    await taken(visitor, 'a.png', PNG);
    visitor.frame('end');
    await visitor.hears('* closed by visitor');
    await refused(upload(visitor, 'late.png', PNG), 409, 'over');
    assert.ok((await opened(visitor, 1)).bytes.equals(PNG));
    assert.equal((await opened(visitor, 2)).code, 'not_found');
  });

  test('too many at once are refused and leave nothing; the same goes through later', async () => {
    const visitor = new Visitor(world);
    await visitor.start('person', {}, { site: 'slow' });
    await visitor.connect();
    const { marker, bytes } = marked(10_000);
    await taken(visitor, 'a.png', PNG);
    await taken(visitor, 'b.png', PNG);
    const id = newId();
    await refused(upload(visitor, 'c.txt', bytes, { id }), 429, 'too_fast');
    assert.equal(isStored(marker), false);
    assert.equal((await opened(visitor, 3)).code, 'not_found');
    await until(async () => (await upload(visitor, 'c.txt', bytes, { id })).status === 204, 12_000);
    await gets(visitor, 3);
    assert.deepEqual(files(visitor).map(({ number, name }) => [number, name]), [[1, 'a.png'], [2, 'b.png'], [3, 'c.txt']]);
    assert.ok(isStored(marker), 'this test could not have failed');
  });

  test('names are clean in the entry, in the room and in the header', async () => {
    const visitor = await world.visitSettled();
    const names = {
      '../../x': 'x',
      'C:\\temp\\y.png': 'y.png',
      [`${'n'.repeat(300)}.png`]: `${'n'.repeat(96)}.png`,
      'cod\u202egnp.exe': 'codgnp.exe',
      'le\u061cft\u2066\u200e.png': 'left.png',
      'a"b\r\nX-Evil: 1\r\n\r\n<c>;.png': 'abX-Evil 1c;.png',
      'line\u2028para\u2029.png': 'linepara.png',
      'zażółć 例え 🎉 100%+.png': 'zażółć 例え 🎉 100%+.png',
      '...': 'file',
      '': 'file',
    };
    for (const name of Object.keys(names)) await taken(visitor, name, PNG);
    await allDelivered(visitor, 10);
    const clean = Object.values(names);
    assert.deepEqual(files(visitor).map(({ name }) => name), clean);
    assert.deepEqual(await inRoom(), clean.map((name) => file(name, PNG)));
    for (const [at, name] of clean.entries()) {
      const { headers, bytes } = await opened(visitor, at + 1);
      assert.equal(headers.get('content-disposition'), `inline; filename*=UTF-8''${encodeURIComponent(name)}`);
      assert.ok(bytes.equals(PNG) && !headers.has('x-evil'));
    }
  });
});

describe('posting a file to Webex: nothing lost, nothing doubled, order kept', () => {
  const faults = {
    '500': { status: 500 },
    '401': { status: 401 },
    '429 with Retry-After': { status: 429, headers: { 'retry-after': '2' }, atLeast: 2_000 },
    'not carried out, connection cut': { drop: 'before' },
    'carried out, connection cut': { drop: 'after' },
    'twice cut after it was carried out': { drop: 'after', times: 2 },
    'a truncated answer': { status: 200, body: '{"id":' },
    '413': { status: 413, isRefused: true },
    '400': { status: 400, isRefused: true },
    '415': { status: 415, isRefused: true },
  };
  for (const [name, { isRefused = false, atLeast = 0, ...fault }] of Object.entries(faults)) {
    test(name, async () => {
      const visitor = await world.visitSettled();
      await world.fault({ route: POST, ...fault });
      const bytes = sized(100_000);
      const began = Date.now();
      await taken(visitor, 'one.png', bytes);
      visitor.say('two');
      await until(() => visitor.state.delivered >= 2 && visitor.state.desk === 'reached', 15_000, () => JSON.stringify(visitor.frames));
      assert.ok(Date.now() - began >= atLeast, 'asked again too early');
      const posted = isRefused ? [] : [file('one.png', bytes)];
      assert.deepEqual(await inRoom(), [...posted, 'two']);
      assert.equal(visitor.lines.includes('* not_delivered'), isRefused);
    });
  }

  test('two files of one name, the first cut after it was carried out, are two', async () => {
    const visitor = await world.visitSettled();
    const [one, two] = [sized(1_000), sized(1_000)];
    await world.fault({ route: POST, drop: 'after' });
    await taken(visitor, 'a.png', one);
    await taken(visitor, 'a.png', two);
    await allDelivered(visitor, 2);
    assert.deepEqual(await inRoom(), [file('a.png', one), file('a.png', two)]);
  });

  test('the worker dies after it took a file: it arrives once', async () => {
    const visitors = [];
    for (const drop of ['before', 'after']) {
      const visitor = await world.visitSettled();
      visitor.roomId = (await world.room()).id;
      await world.fault({ route: POST, drop });
      await taken(visitor, 'a.png', sized(1_000));
      visitors.push(visitor);
    }
    await world.restartWorker();
    for (const visitor of visitors) {
      visitor.state = undefined;
      await visitor.connect();
      await allDelivered(visitor, 1);
      const { messages } = (await world.rooms()).find(({ id }) => id === visitor.roomId);
      assert.deepEqual(messages.slice(1).map(({ text }) => text), ['a.png']);
      assert.equal(files(visitor).length, 1);
    }
  });
});

describe('from an agent to the visitor', () => {
  const LOCKED = {
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
  };
  const saved = { mime: 'application/octet-stream', way: 'attachment' };
  const shown = { mime: 'image/png', way: 'inline' };
  const served = {
    'an image': { name: 'a.png', bytes: PNG, type: 'image/png', image: 'png', ...shown },
    'a PDF': { name: 'a.pdf', bytes: PDF, type: 'application/pdf', ...saved },
    'HTML': { name: 'a.html', bytes: HTML, type: 'text/html', ...saved },
    'SVG': { name: 'a.svg', bytes: SVG, type: 'image/svg+xml', ...saved },
    'HTML that claims to be an image': { name: 'b.png', bytes: HTML, type: 'image/png', image: 'png', ...saved },
    'an image that claims to be HTML': { name: 'b.html', bytes: PNG, type: 'text/html', ...shown },
    'a name of many tongues': { name: 'żółw 例 (1)*.pdf', clean: 'żółw 例 (1).pdf', bytes: PDF, type: 'application/pdf', ...saved },
  };
  test('is announced by what Webex says and served by what it is, never to be run', async () => {
    const visitor = await world.visitSettled();
    let number = 0;
    for (const [what, { name, clean = name, bytes, type, image, mime, way }] of Object.entries(served)) {
      number += 1;
      await agentSends(name, bytes, { type });
      await gets(visitor, number);
      assert.deepEqual(files(visitor).at(-1), { number, name: clean, size: bytes.length, ...(image && { image }) }, what);
      const { status, headers, bytes: got } = await opened(visitor, number);
      assert.ok(status === 200 && got.equals(bytes), what);
      assert.equal(headers.get('content-type'), mime, what);
      assert.ok(headers.get('content-disposition').startsWith(`${way}; filename*=`), what);
      for (const [header, value] of Object.entries(LOCKED)) assert.equal(headers.get(header), value, what);
    }
  });

  test('two in one message, with its text, are one entry', async () => {
    const visitor = await world.visitSettled();
    const other = await agentSends('a.pdf', PDF);
    await gets(visitor, 1);
    await world.control('POST', '/deliveries', { hold: true });
    const message = await agentSends('b.png', PNG, { text: 'both', type: 'image/png' });
    await world.fault({ route: `GET /webex/v1/messages/${message.id}`, body: { ...message, files: [other.files[0], message.files[0]] } });
    await world.control('POST', '/deliveries/release', { order: 'same' });
    await visitor.hears('Anna Nowak: both');
    const { said } = visitor.entries.at(-1);
    assert.deepEqual(said.agent.files.map(({ number, name }) => [number, name]), [[2, 'a.pdf'], [3, 'b.png']]);
    assert.ok((await opened(visitor, 2)).bytes.equals(PDF) && (await opened(visitor, 3)).bytes.equals(PNG));
  });

  test('while Webex still scans, it waits; then it is shown, once', async () => {
    const visitor = await world.visitSettled();
    await agentSendsScanned('a.pdf', PDF, { scan: 'scanning', times: 2 });
    const asked = () => world.requests(CONTENTS);
    await until(async () => (await asked()).length > 0);
    assert.ok((await asked()).length > 1 || files(visitor).length === 0, 'not before it is known to be good');
    await gets(visitor, 1);
    assert.ok((await asked()).filter(({ status }) => status === 423).length === 2, 'it was asked for three times');
    await world.agentSays('done');
    await visitor.hears('Anna Nowak: done');
    assert.deepEqual(files(visitor).map(({ name }) => name), ['a.pdf']);
    assert.ok((await opened(visitor, 1)).bytes.equals(PDF));
  });

  test("somebody else's page in place of what Webex says of it: it waits, and has its own name and bytes", async () => {
    const visitor = await world.visitSettled();
    const headers = { 'content-type': 'text/html' };
    await world.fault({ route: 'HEAD /webex/v1/contents', status: 200, headers, body: '<!doctype html><title>Please wait</title>' });
    await agentSends('a.pdf', PDF);
    await gets(visitor, 1);
    await world.metAllFaults();
    assert.deepEqual(files(visitor).map(({ name }) => name), ['a.pdf']);
    assert.ok((await opened(visitor, 1)).bytes.equals(PDF));
  });

  const held = { infected: 'infected', unscannable: 'unscannable', 'too large': undefined };
  for (const [what, scan] of Object.entries(held)) {
    test(`${what}: the room is told and the visitor does not get it`, async () => {
      const visitor = await world.visitSettled();
      if (scan) await agentSendsScanned('bad.pdf', PDF, { scan });
      else await agentSends('bad.pdf', sized(LIMIT + 1));
      await until(async () => (await world.room()).lines.some((line) => line.includes('did not reach the visitor')));
      await agentSends('good.pdf', scan ? PDF : sized(LIMIT));
      await gets(visitor, 1);
      assert.deepEqual(files(visitor).map(({ number, name }) => [number, name]), [[1, 'good.pdf']]);
      assert.equal((await world.room()).lines.filter((line) => line.includes('did not reach')).length, 1);
    });
  }

  test('a file deleted at Webex is gone', async () => {
    const visitor = await world.visitSettled();
    const message = await agentSends('a.pdf', PDF);
    await gets(visitor, 1);
    await world.webex(ANNA, 'DELETE', `/messages/${message.id}`);
    const { status, code } = await opened(visitor, 1);
    assert.deepEqual([status, code], [410, 'file_gone']);
  });

  for (const fault of [{ status: 503 }, { status: 429, headers: { 'retry-after': '1' } }, { drop: 'before' }, { status: 423 }]) {
    test(`a file that Webex does not give out now (${JSON.stringify(fault)}) is not gone`, async () => {
      const visitor = await world.visitSettled();
      await agentSends('a.pdf', PDF);
      await gets(visitor, 1);
      const { url } = await linkTo(visitor);
      await world.fault({ route: `GET ${CONTENTS}`, ...fault });
      const { status, code } = await open(url);
      assert.deepEqual([status, code], [500, 'internal']);
      assert.ok((await open(url)).bytes.equals(PDF));
    });
  }

  test('an expired token is replaced while a file is looked at and while it is opened', async () => {
    const visitor = await world.visitSettled();
    await world.control('POST', '/tokens/revoke');
    await agentSends('a.pdf', PDF);
    await gets(visitor, 1);
    await world.control('POST', '/tokens/revoke');
    assert.ok((await opened(visitor, 1)).bytes.equals(PDF));
  });
});

describe('links', () => {
  const MINUTES_5 = 5 * 60_000;
  const sign = (conversation, number, until_) =>
    createHmac('sha256', world.vars.MASTER_KEY).update(`file:${conversation}/${number}/${until_}`).digest('base64url');
  const made = (visitor, number, until_) =>
    `${filesPath(visitor)}/${number}?until=${until_}&key=${sign(visitor.session.conversation, number, until_)}`;

  async function withFiles() {
    const visitor = await world.visitSettled();
    await taken(visitor, 'a.png', PNG);
    await taken(visitor, 'b.pdf', PDF);
    return visitor;
  }

  test('open one file for five minutes, without the token', async () => {
    const visitor = await withFiles();
    const began = Date.now();
    const { url, until: end } = await linkTo(visitor, 1);
    assert.ok(end >= began + MINUTES_5 && end <= Date.now() + MINUTES_5);
    assert.ok(!url.includes(visitor.session.token) && !url.includes(visitor.key));
    const { status, headers, bytes } = await open(url);
    assert.ok(status === 200 && bytes.equals(PNG));
    assert.equal(headers.get('cache-control'), 'private, max-age=300');
    assert.equal((await open(url)).status, 200);
    assert.equal((await open(made(visitor, 1, Date.now() + 5_000))).status, 200);
    for (const past of [Date.now() - 1, Date.now() - MINUTES_5, 0, -1]) {
      assert.equal((await open(made(visitor, 1, past))).code, 'bad_link', past);
    }
  });

  test('changed in any place, they open nothing', async () => {
    const [visitor, other] = [await withFiles(), await withFiles()];
    const { url, until: end } = await linkTo(visitor, 1);
    const key = new URL(url, world.url).searchParams.get('key');
    const keys = Array.from(key, (was, at) => key.slice(0, at) + (was === 'A' ? 'B' : 'A') + key.slice(at + 1));
    const changes = [
      ...[...keys, '', key.slice(0, -1), `${key}A`, `${key}=`].map((one) => url.replace(key, one)),
      url.replace('/files/1', '/files/2'),
      url.replace('/files/1', '/files/01'),
      url.replace('/files/1', '/files/1%20'),
      url.replace(`until=${end}`, `until=${end + 1}`),
      url.replace(`until=${end}`, 'until=99999999999999'),
      url.replace(`until=${end}&`, ''),
      url.replace(visitor.session.conversation, other.session.conversation),
      url.split('?')[0],
    ];
    for (const change of changes) {
      assert.ok(change !== url);
      assert.deepEqual((({ status, code }) => [status, code])(await open(change)), [403, 'bad_link'], change);
    }
    assert.equal((await open(url)).status, 200);
  });

  test('a right signature over what is no file opens nothing', async () => {
    const visitor = await withFiles();
    for (const number of ['0', '3', '-1', 'x', '4294967296', '1.0', '1%2F..%2F2']) {
      assert.deepEqual((({ status, code }) => [status, code])(await opened(visitor, number)), [404, 'not_found'], number);
    }
  });

  test('an erased conversation opens nothing and takes nothing, and its bytes are gone from the disk', async () => {
    const visitor = await world.visitSettled();
    const { marker, bytes } = marked(200_000);
    await taken(visitor, 'secret.txt', bytes);
    await allDelivered(visitor, 1);
    const { url } = await linkTo(visitor);
    assert.equal((await open(url)).status, 200);
    await until(() => isStored(marker));
    const path = `/v1/conversations/${visitor.session.conversation}`;
    assert.equal((await world.call('DELETE', path, '', bearer(visitor.session.token))).status, 204);
    assert.equal((await open(url)).status, 404);
    await refused(upload(visitor, 'a.png', PNG), 404, 'not_started');
    await until(() => !isStored(marker), 15_000);
    assert.equal((await open(url)).status, 404);
  });
});
