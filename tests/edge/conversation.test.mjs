// A conversation from start to end, over the wire, in the real runtime.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { BEN, startWorld, until, Visitor } from '../harness.mjs';

let world;
before(async () => {
  world = await startWorld();
});
after(() => world?.close());
beforeEach(() => world.control('POST', '/reset'));

const contact = { name: 'Jane Doe', email: 'jane@example.org' };

test('a start opens the room, adds the people, registers the webhook, posts the card', async () => {
  const visitor = await world.visit('sales', contact);
  await visitor.hears('bot: Greetings! How can I assist?');
  const room = await until(async () => {
    const room = await world.room();
    return room.webhooks.length === 1 && room.lines.length === 2 && room;
  });
  assert.match(room.title, /^Sales · Jane Doe · \w{6}$/);
  assert.deepEqual(room.members.sort(), ['anna@example.com', 'ben@example.com', 'live-chat@example.com', 'live-chat@webex.bot']);
  const [card, greeting] = room.lines;
  assert.match(card, /^live-chat: Customer geolocation: .+, .+\nIP: 127\.0\.0\.1, Mobile client: N\n\nCustomer user agent: node\n/);
  assert.match(card, /\nPage: https:\/\/shop\.example\/\nTopic: Sales\nYour name: Jane Doe\nE-mail: jane@example\.org$/);
  assert.equal(greeting, 'live-chat (bot): Greetings! How can I assist?');
  const steps = await world.calls('POST /webex/v1');
  const order = ['rooms', 'memberships', 'memberships', 'memberships', 'webhooks', 'messages'];
  assert.deepEqual(steps.slice(1, 7), order.map((what) => `POST /webex/v1/${what}`));
});

test('a hundred starts with one key are one conversation', async () => {
  const visitor = new Visitor(world);
  const answers = await Promise.all(Array.from({ length: 100 }, () => visitor.start('person')));
  assert.deepEqual([...new Set(answers.map((one) => one.status))], [200]);
  assert.equal(new Set(answers.map((one) => one.body.conversation)).size, 1);
  await until(async () => (await world.room())?.lines.length === 1);
  assert.equal((await world.rooms()).length, 1);
  const other = await visitor.start('support');
  assert.deepEqual([other.status, other.body.code], [409, 'start_key_reused']);
});

test('a participant who cannot be added is reported in the room, and the rest goes on', async () => {
  await world.fault({ route: 'POST /webex/v1/memberships', status: 403 });
  await world.visit('support');
  const room = await until(async () => {
    const room = await world.room();
    return room?.lines.some((line) => line.includes('could not be added')) && room;
  });
  assert.ok(room.lines.some((line) => line.startsWith('live-chat: — anna@example.com could not be added')));
  assert.ok(room.members.includes('ben@example.com'));
});

test('the bot answers in order, with its quick replies, and both sides are in the room', async () => {
  const visitor = await world.visit('support');
  await visitor.hears('bot: Greetings! How can I assist?');
  visitor.say('options');
  await visitor.hears('bot: Pick one [Opening hours,Prices,Transfer to agent]');
  const room = await until(async () => {
    const room = await world.room();
    return room.lines.length >= 6 && room;
  });
  assert.deepEqual(room.lines.slice(2), [
    'live-chat: options',
    'live-chat (bot): We are open on weekdays from 9:00 to 17:00.',
    'live-chat (bot): There is more that I can tell you about.',
    'live-chat (bot): Pick one\n• Opening hours\n• Prices\n• Transfer to agent',
  ]);
});

test('more than 256 characters reach the room whole, and the bot gets what it can take', async () => {
  const visitor = await world.visit('support');
  await visitor.hears('bot: Greetings! How can I assist?');
  const long = `prices ${'ü'.repeat(3_900)}`;
  visitor.say(long);
  await until(() => visitor.lines.filter((line) => line.startsWith('bot: ')).length > 1);
  const room = await until(async () => {
    const room = await world.room();
    return room.lines.length >= 5 && room;
  });
  const posted = room.lines.filter((line) => line.startsWith('live-chat: ')).slice(1).map((line) => line.slice(11));
  assert.equal(posted.join(''), long);
  assert.ok(posted.length > 1, 'a text over the limit of one post is split');
});

test('a hand-off by the bot, by payload, by the visitor: one farewell, then silence', async () => {
  for (const [text, last] of [
    ['transfer to agent', "bot: Thank you for the conversation. I'm transferring you to an agent."],
    ['handoff payload', 'bot: One moment, I am looking for somebody.'],
  ]) {
    const visitor = await world.visit('support');
    await visitor.hears('bot: Greetings! How can I assist?');
    visitor.say(text);
    await until(() => visitor.state?.phase === 'waiting');
    assert.equal(visitor.lines.at(-1), last);
    const before = visitor.lines.length;
    visitor.say('hello');
    await until(() => visitor.lines.length > before);
    assert.equal(visitor.lines.at(-1), 'visitor: hello');
  }
  const visitor = await world.visit('support');
  await visitor.hears('bot: Greetings! How can I assist?');
  await world.control('DELETE', '/requests');
  await world.fault({ route: 'POST /dialogflow', delay_ms: 1_000 });
  visitor.say('hello');
  await until(async () => (await world.requests('detectIntent')).length === 1);
  visitor.frame('ask_for_person');
  await visitor.hears('* person_asked');
  await until(async () => (await world.requests('detectIntent'))[0].status === 200);
  await world.marker(visitor);
  assert.ok(!visitor.lines.slice(visitor.lines.indexOf('* person_asked')).some((line) => line.startsWith('bot: ')));
});

test('an agent reaches the visitor at once, under the mask in a group, by name in a personal room', async () => {
  const visitor = await world.visit('support');
  await visitor.hears('bot: Greetings! How can I assist?');
  await world.agentSays('**Hello**, see [the manual](https://example.com/a?b=1) or javascript:alert(1)', { token: BEN });
  await visitor.hears('Support: Hello, see [the manual](https://example.com/a?b=1) or javascript:alert(1)');
  const personal = await world.visitSettled('person');
  await world.agentSays('Hi');
  await personal.hears('Anna Nowak: Hi');
});

test('what an agent writes before the webhook is registered is not missed', async () => {
  await world.fault({ route: 'POST /webex/v1/webhooks', delay_ms: 1_000 });
  const visitor = await world.visit('person');
  await until(async () => (await world.room())?.members.includes('anna@example.com'));
  await world.agentSays('first');
  await world.agentSays('second');
  await visitor.hears('Anna Nowak: second');
  assert.deepEqual(visitor.lines.slice(1), ['Anna Nowak: first', 'Anna Nowak: second']);
});

test('what the visitor writes is text in the room: no mention, no markup, no command', async () => {
  const visitor = await world.visit('person');
  const text = '<@all> **bold** [x](https://e.example) <@personEmail:anna@example.com|Anna>';
  visitor.say(text);
  visitor.say('/close');
  const room = await until(async () => {
    const room = await world.room();
    return room?.lines.length === 3 && room;
  });
  assert.deepEqual(room.lines.slice(1), [`live-chat: ${text}`, 'live-chat: /close']);
  assert.ok(room.messages.every((message) => !message.markdown && !message.mentionedPeople));
  assert.notEqual(visitor.state.phase.closed?.by, 'agent');
});

test('commands and notes never reach the visitor; /close ends it on both sides', async () => {
  const visitor = await world.visitSettled('person');
  await world.agentSays('/note is this the one from yesterday?');
  await world.agentSays('/dance');
  await until(async () => (await world.room()).lines.some((line) => line.includes('/dance is not a command')));
  await world.agentSays('/close');
  await visitor.hears('* closed by agent');
  assert.deepEqual(visitor.lines, ['* closed by agent']);
  const room = await until(async () => {
    const room = await world.room();
    return room.webhooks.length === 0 && room;
  });
  assert.match(room.lines.at(-1), /The chat is closed/);
  visitor.say('hello?');
  await until(() => visitor.frames.some((frame) => frame.rejected?.code === 'closed'));
});

test('the visitor ends it; the room is told and the webhook removed', async () => {
  const visitor = await world.visitSettled('person');
  visitor.frame('end');
  await visitor.hears('* closed by visitor');
  await until(async () => (await world.room()).webhooks.length === 0);
  assert.match((await world.room()).lines.at(-1), /The visitor ended the chat/);
});

test('delivery: stored, then with the team', async () => {
  const visitor = await world.visit('person');
  await until(async () => (await world.room())?.lines.length === 1);
  await world.fault({ route: 'POST /webex/v1/messages', delay_ms: 1_500 });
  visitor.say('hello');
  await visitor.hears('visitor: hello');
  assert.equal(visitor.state.delivered, 0, 'stored is not delivered');
  assert.ok((await world.requests('POST /webex/v1/messages')).filter(({ status }) => status === 200).length === 1, 'the card alone');
  await until(() => visitor.state.delivered === 1);
});

test('a repeated message is stored once; another text under its id is refused', async () => {
  const visitor = await world.visit('person');
  const id = visitor.say('once');
  visitor.say('once', id);
  visitor.say('twice', id);
  await until(() => visitor.frames.some((frame) => frame.rejected?.code === 'id_reused'));
  await until(() => visitor.state.delivered === 1);
  assert.deepEqual(visitor.lines, ['visitor: once']);
  assert.equal((await world.room()).lines.length, 2);
});

test('two tabs see the same; a third one by polling', async () => {
  const visitor = await world.visit('person');
  const tab = Object.assign(new Visitor(world, visitor.key), { session: visitor.session });
  await tab.connect();
  visitor.say('from one');
  await tab.hears('visitor: from one');
  const id = 'message-by-poll';
  const sent = await visitor.poll({ after: 1, frames: [{ send: { id, text: 'by poll' } }] });
  assert.equal(sent.status, 200);
  await tab.hears('visitor: by poll');
  const polled = await visitor.poll({ after: 0 });
  const entries = polled.body.frames.flatMap((frame) => frame.entries ?? []);
  assert.deepEqual(entries.map((entry) => entry.seq), [1, 2]);
  await visitor.hears('visitor: by poll');
  assert.deepEqual(tab.lines, visitor.lines);
});
