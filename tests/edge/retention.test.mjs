// What is kept, for how long, and what a visitor can have deleted.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import WebSocket from 'ws';
import { ANNA, changed, contentOf, startWorld, until, Visitor } from '../harness.mjs';

/** 4.3 seconds. */
const SHORT = 0.00005;

let world;
before(async () => {
  world = await startWorld();
  await world.push(changed((d) => (d.retention_days = SHORT)), 'short');
  await world.push(changed((d) => (d.desk.ended_rooms = { leave: SHORT })), 'left');
  // Another topic at the same site keeps its rooms.
  const deleted = (d) => {
    d.topics[1].desk = { ...d.desk };
    d.desk.ended_rooms = { delete: SHORT };
  };
  await world.push(changed(deleted), 'deleted');
});
after(() => world?.close());
beforeEach(() => world.control('POST', '/reset'));

const marker = () => `marker${randomBytes(9).toString('hex')}`;

/** The files that hold any of the texts. */
function filesWith(...texts) {
  const files = readdirSync(world.folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const holds = (file) => {
    const bytes = contentOf(file);
    return texts.some((text) => bytes.includes(text));
  };
  return files.map((entry) => join(entry.parentPath, entry.name)).filter(holds);
}

/** How many rows of conversations hold the text. What was deleted may be on the disk for a while longer. */
function rowsWith(text) {
  const holds = { conversation: 'request || snapshot', transcript: "entry || coalesce(source, '')", file: "coalesce(name, '') || coalesce(source, '')" };
  const rows = Object.entries(holds).flatMap(([table, all]) => world.sql('ConversationDo', `SELECT 1 FROM ${table} WHERE instr(${all}, ?)`, [[text]]));
  return rows.length;
}

/** How many rows of the sites' lists are about this conversation. */
const siteRows = (conversation) => world.sql('SiteDo', 'SELECT 1 FROM conversation WHERE id = ?', [[conversation]]).length;

const erase = ({ session }, token = session.token) =>
  world.call('DELETE', `/v1/conversations/${session.conversation}`, undefined, token && { authorization: `Bearer ${token}` });

const polled = async (visitor) => (await visitor.poll({ after: 0 })).body.code ?? 'there';
const entriesOf = async (visitor) => (await visitor.poll({ after: 0 })).body.frames.flatMap((frame) => frame.entries ?? []);

/** What a new socket is closed with. */
async function socketCode({ session: { conversation, token } }) {
  const url = `${world.url.replace('http', 'ws')}/v1/conversations/${conversation}/socket?after=0`;
  const [code] = await once(new WebSocket(url, ['edgechat.v1', token]), 'close');
  return code;
}

async function isUnknown(visitor) {
  assert.deepEqual([await polled(visitor), await socketCode(visitor)], ['not_started', 4404]);
  const stranger = Object.assign(new Visitor(world), { session: visitor.session });
  assert.equal((await stranger.poll({ after: 0, frames: [{ send: { id: 'message-late', text: 'late' } }] })).status, 404);
}

describe('after the end', () => {
  test('the transcript is kept for the time that is set, and then nothing is', async () => {
    const [said, replied] = [marker(), marker()];
    const visitor = await world.visitSettled('person', {}, { site: 'short' });
    const { conversation } = visitor.session;
    assert.equal(siteRows(conversation), 1);
    visitor.say(said);
    await until(() => visitor.state.delivered === 1);
    await world.agentSays(replied);
    await visitor.hears(`Anna Nowak: ${replied}`);
    visitor.frame('end');
    await visitor.hears('* closed by visitor');
    const ended = visitor.entries.at(-1).at;
    assert.equal((await entriesOf(visitor)).length, 4);
    assert.notDeepEqual(filesWith(said), []);
    assert.notDeepEqual(filesWith(replied), []);
    assert.equal(await visitor.closed, 4404, 'a tab that is open is told');
    assert.ok(Date.now() - ended > 4_000);
    await isUnknown(visitor);
    assert.equal((await visitor.poll({ after: 0, frames: [{ rate: { stars: 5 } }] })).status, 404);
    await until(() => filesWith(said, replied).length === 0);
    await world.restartWorker();
    await isUnknown(visitor);
    assert.deepEqual(filesWith(said, replied), []);
    assert.equal(siteRows(conversation), 0);
    assert.ok(!(await world.room()).lines.join().includes('rates'));
  });

  test('a message that was left goes as well; the team has it', async () => {
    const text = marker();
    const visitor = new Visitor(world);
    const jane = { name: 'Jane', email: 'jane@example.org' };
    await visitor.start('person', jane, { site: 'short', message: text });
    await world.posted(new RegExp(`${text}$`));
    assert.equal((await entriesOf(visitor)).length, 2);
    await until(async () => (await polled(visitor)) === 'not_started');
    await until(() => filesWith(text).length === 0);
    await isUnknown(visitor);
  });

});

describe('the visitor deletes it', () => {
  test('with their own token only; a second time there is nothing', async () => {
    const [visitor, other] = [await world.visitSettled(), await world.visitSettled()];
    for (const token of [other.session.token, '', `${visitor.session.token}x`, world.vars.ADMIN_TOKEN]) {
      const answer = await erase(visitor, token);
      assert.deepEqual([answer.status, answer.body.code], [401, 'bad_token'], token);
    }
    const headers = { authorization: `Bearer ${visitor.session.token}`, origin: 'https://evil.example' };
    const foreign = await world.call('DELETE', `/v1/conversations/${visitor.session.conversation}`, undefined, headers);
    assert.equal(foreign.status, 403);
    assert.equal(await polled(visitor), 'there');
    assert.equal((await erase(visitor)).status, 204);
    const again = await erase(visitor);
    assert.deepEqual([again.status, again.body.code], [404, 'not_started']);
    assert.equal(await polled(other), 'there');
  });

  test('during a chat: every tab is told, the room hears of the end, the webhook is removed', async () => {
    const text = marker();
    const visitor = await world.visitSettled();
    const tab = await Object.assign(new Visitor(world, visitor.key), { session: visitor.session }).connect();
    visitor.say(text);
    // workerd leaves the connection open for ten seconds after the close frame if nothing ever came in on it.
    tab.frame('stay');
    await until(() => visitor.state.delivered === 1);
    await world.agentSays('Hello');
    await visitor.hears('Anna Nowak: Hello');
    assert.equal((await erase(visitor)).status, 204);
    assert.deepEqual(await Promise.all([visitor.closed, tab.closed]), [4404, 4404]);
    await world.posted(/The visitor ended the chat/);
    await until(async () => (await world.room()).webhooks.length === 0);
    await until(() => filesWith(text).length === 0);
    await isUnknown(visitor);
    await world.agentSays('Anybody there?');
    await world.restartWorker();
    await isUnknown(visitor);
  });

  test('twice at once, with messages under way: it ends once', async () => {
    const visitor = await world.visitSettled();
    for (let n = 0; n < 5; n += 1) visitor.say(`m${n}`);
    const answers = await Promise.all([erase(visitor), erase(visitor), erase(visitor)]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [204, 404, 404]);
    await world.posted(/The visitor ended the chat/);
    await until(async () => (await world.room()).webhooks.length === 0);
    const ends = (await world.room()).lines.filter((line) => line.includes('The visitor ended the chat'));
    assert.equal(ends.length, 1);
  });

  test('while Webex is down: what it has not got it never gets, and it hears of the end', async () => {
    const [secret, name] = [marker(), marker()];
    const visitor = await world.visitSettled('sales', { name, email: 'jane@example.org' });
    const said = (await world.room()).lines.length;
    assert.ok(rowsWith(name) > 0);
    await world.fault({ route: '* /webex', status: 503, times: 1_000 });
    visitor.say('a first one, which is tried');
    visitor.say(secret);
    await until(() => visitor.state.desk === 'retrying');
    assert.equal((await erase(visitor)).status, 204);
    assert.equal(await visitor.closed, 4404);
    await isUnknown(visitor);
    // The answers of the form as well, though the room has not heard of the end yet.
    assert.equal(rowsWith(name), 0);
    const again = await new Visitor(world, visitor.key).start('person');
    assert.equal(again.body.code, 'start_key_reused', 'what is being deleted is not given back');
    // It goes on being tried, so what it would have got it would have got by now.
    const tries = (await world.calls('/webex')).length;
    await until(async () => (await world.calls('/webex')).length > tries + 1);
    await world.control('DELETE', '/faults');
    await world.posted(/The visitor ended the chat/);
    await until(async () => (await world.room()).webhooks.length === 0);
    assert.equal((await world.room()).lines.length, said + 1, 'what it had, and the end');
    await until(() => siteRows(visitor.session.conversation) === 0);
    assert.ok(!JSON.stringify(await world.rooms()).includes(secret));
    await until(() => filesWith(secret).length === 0);
  });

  test('before there is a room: none is opened', async () => {
    await world.fault({ route: 'POST /webex/v1/rooms', status: 503, times: 1_000 });
    const visitor = await world.visit();
    await until(() => visitor.state.desk === 'retrying');
    assert.equal((await erase(visitor)).status, 204);
    await until(() => filesWith(visitor.session.conversation).length < 2);
    await world.control('DELETE', '/faults');
    const other = await world.visitSettled();
    await world.marker(other);
    assert.equal((await world.rooms()).length, 1, 'the other one’s');
    const opened = (await world.requests('POST /webex/v1/rooms')).filter(({ status }) => status === 200);
    assert.equal(opened.length, 1);
  });

  test('and can start anew, also with the same key', async () => {
    const visitor = await world.visitSettled();
    await erase(visitor);
    await until(async () => (await world.room()).webhooks.length === 0);
    const fresh = await world.visitSettled();
    assert.deepEqual(fresh.lines, []);
    const again = new Visitor(world, visitor.key);
    // Until the room has heard of the end, the key is taken.
    await until(async () => (await again.start('person')).status === 200);
    await again.connect();
    again.say('hello again');
    await until(() => again.state.delivered === 1);
    assert.deepEqual(again.lines, ['visitor: hello again']);
    assert.equal((await world.rooms()).length, 3);
  });
});

describe('the room, some time after the end', () => {
  const OURS = ['live-chat@example.com', 'live-chat@webex.bot'];
  const isThere = async ({ id }) => (await world.rooms()).some((room) => room.id === id);

  /** A chat that has ended, and when. */
  async function ended(topic, site) {
    const visitor = await world.visitSettled(topic, {}, { site });
    const room = await world.roomOf(visitor);
    visitor.frame('end');
    await visitor.hears('* closed by visitor');
    return { visitor, room, at: visitor.entries.at(-1).at };
  }

  test('is left by our accounts, and stays with its people', async () => {
    const { room, at } = await ended('support', 'left');
    assert.ok(OURS.every((email) => room.members.includes(email)), room.members.join());
    await until(async () => (await world.rooms())[0].members.length === 2);
    assert.ok(Date.now() - at > 4_000);
    assert.deepEqual((await world.rooms())[0].members, ['anna@example.com', 'ben@example.com']);
    assert.equal((await world.webex(ANNA, 'GET', `/rooms/${room.id}`)).status, 200);
  });

  test('is deleted, or kept, as its topic has it', async () => {
    const [kept, gone] = [await ended('support', 'deleted'), await ended('person', 'deleted')];
    await until(async () => !(await isThere(gone.room)));
    assert.ok(Date.now() - gone.at > 4_000);
    assert.ok(await isThere(kept.room));
    assert.equal((await entriesOf(gone.visitor)).length, 1, 'what the visitor reads is kept for longer');
  });

  test('goes as well when the visitor had everything deleted, and then nothing is left', async () => {
    const visitor = await world.visitSettled('person', {}, { site: 'deleted' });
    const room = await world.roomOf(visitor);
    assert.equal((await erase(visitor)).status, 204);
    await isUnknown(visitor);
    assert.ok(await isThere(room));
    await world.restartWorker();
    await until(async () => !(await isThere(room)));
    await until(() => filesWith(visitor.session.conversation).length < 2);
  });

  test('is left where an agent has locked it, since only they could delete it', async () => {
    const { room } = await ended('person', 'deleted');
    const locked = { title: room.title, isLocked: true };
    assert.equal((await world.webex(ANNA, 'PUT', `/rooms/${room.id}`, locked)).status, 200);
    await world.control('POST', '/rooms/moderator', { id: room.id, email: 'anna@example.com' });
    await until(async () => (await world.rooms())[0].members.join() === 'anna@example.com');
  });

  test('is tried again while Webex fails, also when it was carried out', async () => {
    await world.fault({ route: 'DELETE /webex/v1/rooms', status: 503 });
    await world.fault({ route: 'DELETE /webex/v1/rooms', drop: 'after' });
    const { room } = await ended('person', 'deleted');
    const tries = () => world.requests('DELETE /webex/v1/rooms');
    const asked = async () => (await world.requests(`GET /webex/v1/rooms/${room.id}`)).some(({ status }) => status === 404);
    await until(asked);
    assert.deepEqual((await tries()).map(({ status, dropped }) => [status, dropped]), [[503, undefined], [204, 'after']]);
    assert.ok(!(await isThere(room)));
  });
});
