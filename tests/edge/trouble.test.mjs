// Nothing poisons a conversation: whatever cannot be done lets the rest go on, and both sides are told.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { startWorld, until } from '../harness.mjs';

const MINUTES = 60_000;
/** Without a try that failed in between, and one that waits for the next. */
const AT_ONCE = 5_000;

const INTEGRATION = 'integration-live-chat';

let world;

/** The room of this visitor's conversation, which has a piece of its id in its title. */
async function roomOf(visitor) {
  const reference = visitor.session.conversation.replace(/[^A-Za-z0-9]/g, '').slice(0, 6);
  return (await world.rooms()).find(({ title }) => title.endsWith(reference));
}

/** A visitor whose room is complete, and what an agent does there. */
async function settled(topic = 'person') {
  const visitor = await world.visit(topic);
  const room = await until(async () => {
    const found = await roomOf(visitor);
    return found?.webhooks.length === 1 && found.lines.length > 0 && found;
  });
  await world.wasRead(room.id);
  const says = (text, more) => world.agentSays(text, { roomId: room.id, ...more });
  return { visitor, room, says };
}

const delivered = (visitor, seq, time) => until(() => visitor.state.delivered >= seq, time, () => visitor.lines.join('\n'));
const posts = async (visitor) => (await roomOf(visitor)).lines;

/** Connects again whenever the connection ends, as the panel does. */
function keepConnected(visitor) {
  let goesOn = true;
  (async () => {
    while (goesOn) {
      await visitor.closed.catch(() => {});
      if (goesOn) await visitor.connect().catch(() => {});
    }
  })();
  return () => (goesOn = false);
}

describe('what stops the worker', () => {
  before(async () => {
    world = await startWorld({ vars: { STOP_ON: 'poison' } });
  });
  after(() => world?.close());
  beforeEach(() => world.control('POST', '/reset'));

  test("a visitor's line: given up after three tries, both are told, the next goes on", async () => {
    const { visitor } = await settled();
    const stop = keepConnected(visitor);
    visitor.say('poison');
    // Each event finds the object stopped, and begins the task again.
    await until(
      async () => {
        await visitor.poll({ after: 0 }).catch(() => {});
        return visitor.lines.includes('* not_delivered');
      },
      MINUTES,
      () => visitor.lines.join('\n'),
    );
    visitor.say('next');
    await world.posted('live-chat: next');
    await world.posted(/could not be posted here/);
    assert.ok(!(await posts(visitor)).some((line) => line.includes('poison')));
    stop();
  });

  test("an agent's message: given up after three tries, both are told, the next is shown", async () => {
    const { visitor, says } = await settled();
    const stop = keepConnected(visitor);
    await says('poison');
    await says('next');
    const heard = async () => {
      const { body } = await visitor.poll({ after: 0 }).catch(() => ({}));
      const entries = body?.frames?.flatMap((frame) => frame.entries ?? []) ?? [];
      return entries.some(({ said }) => said.notice === 'not_shown') && JSON.stringify(entries).includes('"next"');
    };
    await until(heard, MINUTES, () => visitor.lines.join('\n'));
    await world.posted(/could not be read, and did not reach the visitor/);
    stop();
  });
});

describe('one conversation', () => {
  before(async () => {
    world = await startWorld();
  });
  after(() => world?.close());
  beforeEach(() => world.control('POST', '/reset'));

  test('one message that cannot be read holds the others back for a minute, and comes later', async () => {
    const { visitor, says } = await settled();
    await world.control('POST', '/deliveries', { hold: true });
    const stuck = await says('stuck');
    for (const path of ['?', `/${stuck.id}`]) await world.fault({ route: `GET /webex/v1/messages${path}`, status: 503, times: 10_000 });
    await world.control('POST', '/deliveries', { hold: false });
    await world.control('POST', '/deliveries/release', { order: 'same' });
    await says('behind it');
    const began = Date.now();
    await visitor.hears('Anna Nowak: behind it', 2 * MINUTES);
    assert.ok(!visitor.lines.includes('Anna Nowak: stuck') && Date.now() - began > 30_000);
    await world.control('DELETE', '/faults');
    await visitor.hears('Anna Nowak: stuck', 4 * MINUTES);
    assert.equal(visitor.lines.filter((line) => line.startsWith('Anna Nowak: ')).length, 2);
  });

  test('one "not found" ends nothing', async () => {
    const { visitor } = await settled();
    await world.fault({ route: 'POST /webex/v1/messages', status: 404 });
    visitor.say('one');
    visitor.say('two');
    await delivered(visitor, 2);
    assert.deepEqual((await posts(visitor)).slice(1), ['live-chat: one', 'live-chat: two']);
  });

  test('one "not found" of the list ends nothing either', async () => {
    const { visitor, says } = await settled();
    await world.fault({ route: 'GET /webex/v1/messages?', status: 404 });
    await says('one');
    await visitor.hears('Anna Nowak: one');
    await world.metAllFaults();
    await says('two');
    await visitor.hears('Anna Nowak: two');
    assert.ok(!visitor.lines.some((line) => line.startsWith('* closed')));
  });

  test('what asks to slow down is not looked for before it is done again', async () => {
    const { visitor, room } = await settled();
    await world.fault({ route: 'POST /webex/v1/messages', status: 429, headers: { 'retry-after': '1' } });
    visitor.say('once');
    await delivered(visitor, 1);
    const lists = (await world.requests('GET /webex/v1/messages')).filter(({ path }) => path.includes(room.id));
    assert.equal(lists.length, 1, 'the room was listed when it was watched, and never again');
    assert.equal((await world.rooms()).find(({ id }) => id === room.id).lines.filter((line) => line.includes('once')).length, 1);
  });

  test('a signed delivery is shown once however late it comes again, also at the same time', async () => {
    const { visitor, says } = await settled();
    const { conversation } = visitor.session;
    const secret = createHmac('sha256', world.vars.MASTER_KEY).update(`webhook:${conversation}`).digest('base64url');
    const first = await says('the first');
    for (let n = 1; n <= 40; n += 1) await says(`m${n}`);
    await visitor.hears('Anna Nowak: m40', 20_000);
    const data = { id: first.id, personId: first.personId, personEmail: first.personEmail };
    const body = JSON.stringify({ resource: 'messages', event: 'created', createdBy: 'me', data });
    const signature = createHmac('sha1', secret).update(body).digest('hex');
    const again = () => world.post(`/v1/desk/webex/${conversation}`, body, { 'x-spark-signature': signature });
    const answers = await Promise.all(Array.from({ length: 20 }, again));
    assert.ok(answers.every(({ status }) => status === 200));
    await says('the last');
    await visitor.hears('Anna Nowak: the last');
    assert.equal(visitor.lines.filter((line) => line === 'Anna Nowak: the first').length, 1);
    assert.deepEqual(await world.calls(`GET /webex/v1/messages/${first.id}`), []);
  });

  test('nobody can be brought in: the visitor is told, nothing is with the team, and it is tried on', async () => {
    await world.fault({ route: 'POST /webex/v1/memberships', status: 503, times: 6 });
    const visitor = await world.visit('person');
    visitor.say('anybody?');
    await visitor.hears('* nobody_answered', 40_000);
    await until(async () => (await posts(visitor)).includes('live-chat: anybody?'));
    await until(() => visitor.state.leave_message);
    assert.equal(visitor.state.delivered, 0);
    await delivered(visitor, 1, 3 * MINUTES);
    assert.ok((await roomOf(visitor)).members.includes('anna@example.com'));
    await world.agentSays('Here I am');
    await visitor.hears('Anna Nowak: Here I am');
  });

  test('a webhook that cannot be made keeps nobody waiting', async () => {
    await world.fault({ route: 'POST /webex/v1/webhooks', status: 503, times: 1_000 });
    const visitor = await world.visit('person');
    visitor.say('hello');
    await delivered(visitor, 1);
    await world.agentSays('found by a look');
    await visitor.hears('Anna Nowak: found by a look', 30_000);
    await world.control('DELETE', '/faults');
    await until(async () => (await roomOf(visitor)).webhooks.length === 1, 2 * MINUTES);
    await world.agentSays('told by the webhook');
    await visitor.hears('Anna Nowak: told by the webhook');
    assert.equal(visitor.lines.filter((line) => line.startsWith('Anna Nowak')).length, 2);
  });

  test('erased in the middle of trouble: nothing is left at Webex', async () => {
    await world.fault({ route: 'POST /webex/v1/webhooks', status: 503, times: 3 });
    const visitor = await world.visit('person');
    await until(async () => (await roomOf(visitor))?.lines.length === 1);
    const path = `/v1/conversations/${visitor.session.conversation}`;
    const answer = await world.call('DELETE', path, undefined, { authorization: `Bearer ${visitor.session.token}` });
    assert.equal(answer.status, 204);
    await until(async () => (await roomOf(visitor)).lines.length === 2 && (await roomOf(visitor)).webhooks.length === 0, MINUTES);
    assert.equal((await world.webex(INTEGRATION, 'GET', '/webhooks')).body.items.filter(({ resource }) => resource === 'messages').length, 0);
  });
});

test('a line of the bot that was posted unheard stands in the room once', async (test) => {
  world = await startWorld();
  test.after(() => world.close());
  const visitor = await world.visitSettled('support');
  await world.fault({ route: 'POST /webex/v1/messages', drop: 'after', times: 2 });
  visitor.say('hello');
  await world.metAllFaults();
  await world.posted('live-chat: hello');
  const said = () => visitor.entries.filter(({ said }) => said.bot).map(({ said }) => said.bot.body.map(({ text }) => text).join(''));
  await until(() => said().length === 2);
  visitor.say('bye');
  await until(() => said().length === 3);
  await world.posted(`live-chat (bot): ${said().at(-1)}`);
  const { lines } = await world.room();
  const bot = (text) => `live-chat (bot): ${text}`;
  const [welcome, answer, farewell] = said();
  assert.deepEqual(lines.slice(1), [bot(welcome), 'live-chat: hello', bot(answer), 'live-chat: bye', bot(farewell)]);
});

test('an answer of more than a megabyte is not read, whether it says its length or not', async (test) => {
  world = await startWorld();
  test.after(() => world.close());
  const flood = (padding) => ({ queryResult: { fulfillmentMessages: [{ text: { text: ['A flood'] } }] }, padding: 'x'.repeat(padding) });
  const headers = { 'Transfer-Encoding': 'chunked' };
  for (const [fault, line] of [
    [{ body: flood(1_100_000) }, '* bot_failed'],
    [{ body: flood(1_100_000), headers }, '* bot_failed'],
    [{ body: flood(1_000_000), headers }, 'bot: A flood'],
  ]) {
    const visitor = await world.visitSettled('support');
    await world.fault({ route: 'POST /dialogflow', ...fault });
    visitor.say('hello');
    await visitor.hears(line);
    assert.ok(line.startsWith('bot') || !visitor.lines.includes('bot: A flood'));
    await world.metAllFaults();
  }
});

test('a bot that was taken out of the room: its lines are posted by the integration, and hold nobody up', async (test) => {
  world = await startWorld();
  test.after(() => world.close());
  const visitor = await world.visitSettled('support');
  await world.control('POST', '/rooms/remove', { id: (await world.room()).id, email: 'live-chat@webex.bot' });
  const began = Date.now();
  visitor.say('hello');
  await world.posted(/^live-chat: Assistant: /);
  visitor.say('more');
  await world.posted('live-chat: more');
  assert.ok(Date.now() - began < AT_ONCE, `${Date.now() - began} ms`);
  assert.equal(visitor.state.desk, 'reached');
});

for (const [what, token] of [['refused', 'revoked'], ['missing', '']]) {
  test(`a bot account that is ${what}: its lines are posted by the integration under the bot's name, at once`, async (test) => {
    world = await startWorld({ vars: { WEBEX_BOT_TOKEN: token } });
    test.after(() => world.close());
    const began = Date.now();
    const visitor = await world.visit('support');
    await visitor.hears('bot: Greetings! How can I assist?');
    visitor.say('hello');
    await world.posted(/^live-chat: Assistant: Greetings/);
    assert.ok(Date.now() - began < AT_ONCE, `${Date.now() - began} ms`);
    await world.posted('live-chat: hello');
    visitor.frame('ask_for_person');
    await world.posted(/The visitor asks for a person/);
    assert.equal(visitor.state.desk, 'reached');
    assert.match(world.output, /WEBEX_BOT_TOKEN/);
  });
}
