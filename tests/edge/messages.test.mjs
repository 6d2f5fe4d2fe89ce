// Messages that are left, closing time, and the rating: all of them by way of the real API.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { changed, startWorld, until, Visitor } from '../harness.mjs';

const MINUTE = 60_000;
const jane = { name: 'Jane Doe', email: 'jane@example.org' };

let world;
before(async () => {
  world = await startWorld();
});
after(() => world?.close());
beforeEach(() => world.control('POST', '/reset'));

const open = (name, change = () => {}) => world.push(changed(change), name);

/** Leaves a message and is connected to what becomes of it. */
async function leave(site, message, topic = 'person', visitor = new Visitor(world)) {
  const { status } = await visitor.start(topic, topic === 'support' ? {} : jane, { site, message });
  assert.equal(status, 200);
  return visitor;
}

const arrived = (visitor) => until(async () => (await delivered(visitor)) === 1);

async function delivered(visitor) {
  const { body } = await visitor.poll({ after: 0 });
  return body.frames[0].hello.state.delivered;
}

const allLines = async () => (await world.rooms()).flatMap((room) => room.lines);

describe('a message that is left', () => {
  test('arrives once, with the card, in a room of the topic with its people in it', async () => {
    await open('letters');
    const visitor = await leave('letters', 'Please call\n<@all> **me** /close', 'sales');
    await visitor.connect();
    await until(() => visitor.state.delivered === 1);
    assert.deepEqual(visitor.lines, [`visitor: Please call\n<@all> **me** /close`, '* closed by message_left']);
    assert.equal(visitor.state.phase.closed.by, 'message_left');
    const [room, ...others] = await world.rooms();
    assert.deepEqual([others.length, room.title, room.webhooks.length], [0, `Sales · messages · ${room.title.slice(-6)}`, 0]);
    assert.deepEqual(room.members.sort(), ['anna@example.com', 'ben@example.com', 'live-chat@example.com']);
    const [line, ...rest] = room.lines;
    assert.deepEqual(rest, []);
    assert.match(line, /^live-chat: Message \w{6} from the website\n\nCustomer geolocation: /);
    assert.match(line, /\nTopic: Sales\nYour name: Jane Doe\nE-mail: jane@example\.org\n\n/);
    assert.ok(line.endsWith('\n\nPlease call\n<@all> **me** /close'));
    assert.ok(room.messages.every((message) => !message.markdown && !message.html));
    visitor.say('hello?');
    await until(() => visitor.frames.some((frame) => frame.rejected?.code === 'closed'));
  });

  test('of one topic they come into one room, of another into another', async () => {
    await open('rooms');
    for (const [text, topic] of [['one', 'sales'], ['two', 'sales'], ['three', 'support'], ['four', 'sales']]) {
      await arrived(await leave('rooms', text, topic));
    }
    const rooms = await world.rooms();
    const texts = rooms.map(({ title, lines }) => [title.slice(0, -9), lines.map((line) => line.split('\n').at(-1))]);
    const expected = { 'Support · messages': ['three'], 'Sales · messages': ['one', 'two', 'four'] };
    assert.deepEqual(Object.fromEntries(texts), expected);
  });

  test('twenty at once open one room', async () => {
    await open('crowd');
    const numbers = Array.from({ length: 20 }, (_, n) => `number ${n}`);
    const visitors = await Promise.all(numbers.map((text) => leave('crowd', text)));
    await Promise.all(visitors.map(arrived));
    const [room, ...others] = await world.rooms();
    assert.equal(others.length, 0);
    assert.deepEqual(room.lines.map((line) => line.split('\n').at(-1)).sort(), numbers.sort());
  });

  test('a repeated start leaves it once; another text under its key is refused', async () => {
    await open('again');
    const visitor = new Visitor(world);
    await Promise.all(Array.from({ length: 20 }, () => leave('again', 'once', 'person', visitor)));
    await arrived(visitor);
    await leave('again', 'once', 'person', visitor);
    for (const [answers, message] of [[jane, 'twice'], [{}, undefined]]) {
      const answer = await visitor.start('person', answers, { site: 'again', message });
      assert.deepEqual([answer.status, answer.body.code], [409, 'start_key_reused']);
    }
    // Whatever the repetitions led to comes before what was left after them.
    await arrived(await leave('again', 'another one'));
    const [first, second, ...others] = (await allLines()).map((line) => line.split('\n').at(-1));
    assert.deepEqual([first, second, others], ['once', 'another one', []]);
  });

  test('4,000 characters arrive whole, in parts that belong together', async () => {
    await open('long');
    const text = 'ü'.repeat(4_000);
    await arrived(await leave('long', text));
    const { lines } = await world.room();
    const part = /^live-chat: Message (\w{6})[^]*?\n\n(ü+)$/;
    const parts = lines.map((line) => part.exec(line));
    assert.equal(parts.map(([, , part]) => part).join(''), text);
    assert.equal(new Set(parts.map(([, reference]) => reference)).size, 1);
  });

  test('while Webex is down it is kept, and delivered later, once', async () => {
    await open('down');
    await world.fault({ route: '* /webex', status: 503, times: 3 });
    const visitor = await leave('down', 'patience');
    assert.equal(await delivered(visitor), 0);
    await visitor.connect();
    await until(() => visitor.state.desk === 'retrying');
    await world.restartWorker();
    await arrived(visitor);
    assert.equal((await allLines()).length, 1);
  });

  for (const [name, fault] of [
    ['the room was opened unheard', { route: 'POST /webex/v1/rooms', drop: 'after' }],
    ['the post was made unheard', { route: 'POST /webex/v1/messages', drop: 'after' }],
    ['a person cannot be added', { route: 'POST /webex/v1/memberships', status: 403 }],
  ]) {
    test(`${name}: one room, one post`, async () => {
      await open('unheard', (d) => (d.topics[2].label = name));
      await world.fault(fault);
      await arrived(await leave('unheard', 'patience'));
      assert.deepEqual([(await world.rooms()).length, (await allLines()).length], [1, 1]);
    });
  }

  test('its people are in the room, whichever call was not heard', async () => {
    const faults = [
      { route: 'POST /webex/v1/rooms', drop: 'after' },
      { route: 'POST /webex/v1/memberships', drop: 'after' },
      { route: 'POST /webex/v1/memberships', status: 503, times: 2 },
    ];
    for (const [index, fault] of faults.entries()) {
      await world.control('POST', '/reset');
      await open(`heard-${index}`);
      await world.fault(fault);
      await arrived(await leave(`heard-${index}`, 'hello', 'sales'));
      const [{ members }, ...others] = await world.rooms();
      assert.deepEqual(members.sort(), ['anna@example.com', 'ben@example.com', 'live-chat@example.com'], JSON.stringify(fault));
      assert.deepEqual(others, []);
    }
  });

  test('when the room has been deleted there is a new one', async () => {
    await open('gone');
    await arrived(await leave('gone', 'one'));
    await world.control('POST', '/rooms/delete', { id: (await world.room()).id });
    await Promise.all((await Promise.all(['two', 'three'].map((text) => leave('gone', text)))).map(arrived));
    const rooms = await world.rooms();
    assert.equal(rooms.length, 1);
    assert.deepEqual(rooms[0].lines.map((line) => line.split('\n').at(-1)).sort(), ['three', 'two']);
    assert.deepEqual(rooms[0].members.sort(), ['anna@example.com', 'live-chat@example.com']);
  });

  test('people whom the topic gets later are brought into its room', async () => {
    await open('newcomers');
    await arrived(await leave('newcomers', 'one'));
    await open('newcomers', (d) => (d.topics[2].participants = ['ben@example.com']));
    await arrived(await leave('newcomers', 'two'));
    const [room, ...others] = await world.rooms();
    assert.deepEqual([others.length, room.lines.length], [0, 2]);
    assert.deepEqual(room.members.sort(), ['anna@example.com', 'ben@example.com', 'live-chat@example.com']);
    // Whoever has left it is not called back by each message.
    await world.control('POST', '/rooms/remove', { id: room.id, email: 'anna@example.com' });
    await arrived(await leave('newcomers', 'three'));
    assert.deepEqual((await world.room()).members.sort(), ['ben@example.com', 'live-chat@example.com']);
  });

  test('where nobody can be brought in nothing is with the team, until somebody is there', async () => {
    await open('nobody', (d) => (d.topics[2].participants = ['stranger@refused.example.com', 'nobody@example.com']));
    const visitor = await leave('nobody', 'hello?');
    await until(async () => (await world.calls('GET /webex/v1/memberships')).length >= 2);
    assert.equal(await delivered(visitor), 0);
    const { id } = await world.room();
    const added = await world.webex('integration-live-chat', 'POST', '/memberships', { roomId: id, personEmail: 'ben@example.com' });
    assert.equal(added.status, 200);
    await arrived(visitor);
    assert.deepEqual([(await world.rooms()).length, (await allLines()).length], [1, 1]);
  });

  test('two sites do not share a room', async () => {
    await open('here');
    await open('there');
    await arrived(await leave('here', 'for one'));
    await arrived(await leave('there', 'for the other'));
    assert.equal((await world.rooms()).length, 2);
  });
});

/** The hours on the clock of UTC from one time to another, as special days. */
function special(spans) {
  const days = {};
  for (const [from, until] of spans) {
    const [date, begin] = new Date(from).toISOString().split(/T|:\d\d\./);
    const end = new Date(until).toISOString().slice(11, 16);
    (days[date] ??= []).push(`${begin}-${end}`);
  }
  return { zone: 'UTC', hours: { week: {}, special: days } };
}

describe('closing time', () => {
  test('at night a chat is refused and a message taken', async () => {
    await open('night', (d) => Object.assign(d, special([[Date.now() + 60 * MINUTE, Date.now() + 90 * MINUTE]])));
    const refused = await new Visitor(world).start('person', {}, { site: 'night' });
    assert.deepEqual([refused.status, refused.body.code], [409, 'closed']);
    await arrived(await leave('night', 'good night'));
    assert.equal((await world.rooms()).length, 1);
  });

  test('a bot that hands over at night offers a message; an agent who is there can still answer', async () => {
    const hours = special([[Date.now() + 60 * MINUTE, Date.now() + 90 * MINUTE]]);
    await open('owl', (d) => Object.assign(d, hours, { when_closed: 'bot' }));
    const visitor = await world.visitSettled('support', {}, { site: 'owl' });
    assert.ok(!visitor.state.leave_message);
    visitor.frame('ask_for_person');
    await visitor.hears('* team_closed');
    await until(() => visitor.state.leave_message === true);
    await world.posted(/It is past your hours/);
    await world.agentSays('Still here');
    await visitor.hears('Support: Still here');
    await until(() => !visitor.state.leave_message);
  });

  test('it comes while one visitor waits, one chats and one talks to the bot', { timeout: 240_000 }, async () => {
    // Hours end on the minute: begin where the next one is near, but not too near.
    const closes = Math.ceil((Date.now() + 40_000) / MINUTE) * MINUTE;
    await open('evening', (d) => Object.assign(d, special([[closes - 10 * MINUTE, closes]])));
    const [waits, bot, chats] = [
      await world.visitSettled('person', {}, { site: 'evening' }),
      await world.visitSettled('support', {}, { site: 'evening' }),
      await world.visitSettled('person', {}, { site: 'evening' }),
    ];
    await world.agentSays('Hello');
    await chats.hears('Anna Nowak: Hello');
    const { id } = await world.room();
    assert.deepEqual(waits.lines, []);
    await waits.hears('* team_closed', closes - Date.now() + 40_000);
    assert.ok(Date.now() >= closes);
    await until(() => waits.state.leave_message === true);
    chats.say('Still there?');
    await chats.hears('visitor: Still there?');
    await world.agentSays('Yes', { roomId: id });
    await chats.hears('Anna Nowak: Yes');
    assert.deepEqual(chats.lines.slice(2), ['visitor: Still there?', 'Anna Nowak: Yes']);
    bot.say('prices');
    await until(() => bot.lines.some((line) => line.includes('19 euros')));
    assert.ok(!bot.state.leave_message && bot.state.phase === 'with_bot');
    bot.frame('ask_for_person');
    await bot.hears('* team_closed');
  });
});

describe('the rating', () => {
  const rated = /The visitor rates this chat/;

  test('is posted once, and only after the end', async () => {
    const visitor = await world.visitSettled();
    const { id } = await world.room();
    visitor.frame({ rate: { stars: 1, comment: 'too early' } });
    visitor.frame('end');
    await visitor.hears('* closed by visitor');
    for (const stars of [0, 6]) visitor.frame({ rate: { stars, comment: 'out of range' } });
    visitor.frame({ rate: { stars: 4, comment: ' <@all> **Quick** and kind ' } });
    visitor.frame({ rate: { stars: 2, comment: 'second thoughts' } });
    await until(() => visitor.state.rated);
    await visitor.poll({ after: 0, frames: [{ rate: { stars: 3 } }] });
    const line = await world.posted(rated, id);
    assert.equal(line, 'live-chat: — The visitor rates this chat 4 of 5. “<@all> **Quick** and kind”');
    const other = await world.visitSettled();
    await world.marker(other);
    const ratings = (await allLines()).filter((one) => rated.test(one));
    assert.deepEqual(ratings, [line]);
  });

  test('waits for Webex like anything else', async () => {
    const visitor = await world.visitSettled();
    visitor.frame('end');
    await visitor.hears('* closed by visitor');
    await until(async () => (await world.room()).webhooks.length === 0);
    await world.fault({ route: 'POST /webex/v1/messages', status: 503, times: 2 });
    visitor.frame({ rate: { stars: 5 } });
    assert.equal(await world.posted(rated), 'live-chat: — The visitor rates this chat 5 of 5.');
  });
});
