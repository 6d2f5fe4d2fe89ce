// Who answers, who is called next, and what agents command, through the front door.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { ANNA, BEN, CARL, changed, startWorld, until, Visitor } from '../harness.mjs';

const [ANNA_AT, BEN_AT, CARL_AT] = ['anna@example.com', 'ben@example.com', 'carl@example.com'];

/** In milliseconds, of which three seconds are for an answer that does not come. A call is given up after ten. */
const SOON = 9_000;

let world;
before(async () => {
  world = await startWorld();
});
after(() => world?.close());
beforeEach(() => world.control('POST', '/reset'));

/** Opens a site whose topic `person` is set like this. */
function site(name, topic, change = () => {}) {
  const document = changed((d) => {
    Object.assign(d.topics[2], topic);
    change(d);
  });
  return world.push(document, name);
}

const visit = (site, topic = 'person') => world.visitSettled(topic, {}, { site });
const agents = (room) => room.members.filter((one) => !one.startsWith('live-chat@'));
/** Waits until so many agents are in the newest room. */
const called = (count) =>
  until(async () => {
    const room = await world.room();
    return room && agents(room).length === count && agents(room);
  });
const joined = (visitor) => visitor.entries.flatMap(({ said }) => said.notice?.agent_joined?.name ?? []);
const presence = (email, status) => world.control('POST', '/people/status', { email, status });
const invited = (roomId, personEmail) => world.webex(ANNA, 'POST', '/memberships', { roomId, personEmail });

/** Starts a conversation of the site and returns whom it called. */
async function representative(name) {
  await visit(name);
  const [one, ...others] = await called(1);
  assert.deepEqual(others, []);
  return one;
}

describe('a personal room has one representative', () => {
  const three = { participants: [ANNA_AT, BEN_AT, CARL_AT], room: 'personal' };

  test('each in turn', async () => {
    await site('turns', three);
    const taken = [];
    for (let n = 0; n < 4; n += 1) taken.push(await representative('turns'));
    assert.deepEqual(taken, [ANNA_AT, BEN_AT, CARL_AT, ANNA_AT]);
  });

  test('those who are busy are left out, and the turn goes on where it was', async () => {
    await site('busy', three);
    assert.equal(await representative('busy'), ANNA_AT);
    await presence(BEN_AT, 'DoNotDisturb');
    assert.equal(await representative('busy'), CARL_AT);
    assert.equal(await representative('busy'), ANNA_AT);
    await presence(BEN_AT, 'active');
    assert.equal(await representative('busy'), BEN_AT);
  });

  test('whoever is busy with the chat just taken does not make the others wait for ever', async () => {
    await site('fair', three);
    const taken = [];
    for (let n = 0; n < 6; n += 1) {
      const one = await representative('fair');
      for (const email of three.participants) await presence(email, email === one ? 'call' : 'active');
      taken.push(one);
    }
    assert.deepEqual(taken, [ANNA_AT, BEN_AT, CARL_AT, ANNA_AT, BEN_AT, CARL_AT]);
  });

  test('presence that cannot be read: still in turn', async () => {
    await site('unread', three);
    const taken = [];
    for (const fault of [{ status: 403 }, { status: 500 }, { status: 200, body: '{' }, { drop: 'before' }]) {
      // Of each of the three.
      await world.fault({ route: 'GET /webex/v1/people', times: 3, ...fault });
      taken.push(await representative('unread'));
      await world.metAllFaults();
    }
    assert.deepEqual(taken, [ANNA_AT, BEN_AT, CARL_AT, ANNA_AT]);
  });

  test('presence that does not answer: somebody is called within seconds', async () => {
    await site('hanging', three);
    await world.fault({ route: 'GET /webex/v1/people?email', hang: true, times: 3 });
    const began = Date.now();
    assert.equal(await representative('hanging'), ANNA_AT);
    assert.ok(Date.now() - began < SOON, `${Date.now() - began} ms`);
  });

  test('one whose presence does not come keeps nobody from seeing that the others are there', async () => {
    await site('halting', three);
    await presence(BEN_AT, 'OutOfOffice');
    await world.fault({ route: 'GET /webex/v1/people?email=anna', hang: true });
    assert.equal(await representative('halting'), CARL_AT);
  });

  test('a name that does not come: what they wrote is shown within seconds, under the mask', async (t) => {
    // Names are remembered, and for a while that there is none.
    t.after(() => world.restartWorker());
    await world.restartWorker();
    await site('nameless', three);
    const visitor = await visit('nameless');
    await world.fault({ route: 'GET /webex/v1/people/', hang: true });
    const began = Date.now();
    await world.agentSays('hello');
    await until(() => visitor.lines.some((line) => line.endsWith(': hello')));
    assert.ok(Date.now() - began < SOON, `${Date.now() - began} ms`);
    await world.metAllFaults();
  });

  test('nobody is available: still somebody', async () => {
    await site('away', three);
    for (const email of three.participants) await presence(email, 'OutOfOffice');
    assert.deepEqual([await representative('away'), await representative('away')], [ANNA_AT, BEN_AT]);
  });

  test('a representative who cannot be added is followed by the next', async () => {
    await site('refused', { ...three, participants: ['left@example.com', 'eve@refused.example.com', CARL_AT] });
    await presence(CARL_AT, 'OutOfOffice');
    await visit('refused');
    assert.deepEqual(await called(1), [CARL_AT]);
    await world.posted(/— left@example.com could not be added/);
    await world.posted(/— eve@refused.example.com could not be added/);
  });
});

describe('nobody answers', () => {
  const soon = (d) => (d.timeouts.answer = 1);
  /** Who was called by now, in order. */
  const invitations = async () => (await world.requests('POST /webex/v1/memberships')).map(({ body }) => body.personEmail).filter((one) => !one.startsWith('live-chat@'));

  test('the next representative is called, then a message can be left, and an answer comes late', async () => {
    await site('slow', { participants: [ANNA_AT, BEN_AT], room: 'personal' }, soon);
    const visitor = await visit('slow');
    await visitor.hears('* nobody_answered');
    await until(async () => (await invitations()).length >= 2);
    assert.deepEqual(await invitations(), [ANNA_AT, BEN_AT]);
    await until(() => visitor.state.leave_message);
    await world.posted(/Nobody has answered/);
    await world.agentSays('Here I am', { token: BEN });
    await visitor.hears('Ben Okafor: Here I am');
    await until(() => !visitor.state.leave_message);
    assert.deepEqual(visitor.lines, ['* nobody_answered', '* agent_joined', 'Ben Okafor: Here I am']);
  });

  test('a group has nobody else to call', async () => {
    await site('group', { participants: [ANNA_AT, BEN_AT], room: 'group' }, soon);
    const visitor = await visit('group');
    await visitor.hears('* nobody_answered');
    await until(() => visitor.state.leave_message);
    assert.deepEqual(agents(await world.room()), [ANNA_AT, BEN_AT]);
  });

  test('an answer in time: nobody else is called', async () => {
    const later = (d) => (d.timeouts.answer = 15);
    await site('prompt', { participants: [ANNA_AT, BEN_AT], room: 'personal' }, later);
    await site('late', { participants: [ANNA_AT], room: 'group' }, later);
    const visitor = await visit('prompt');
    const { id } = await world.room();
    await world.agentSays('Hello');
    await visitor.hears('Anna Nowak: Hello');
    // Whose time began later says that the time is over, for both.
    const other = await visit('late');
    await other.hears('* nobody_answered');
    await world.marker(visitor, { roomId: id });
    assert.deepEqual(visitor.lines.slice(0, -1), ['* agent_joined', 'Anna Nowak: Hello']);
    assert.deepEqual(agents((await world.rooms()).find((room) => room.id === id)), [ANNA_AT]);
  });
});

describe('a mixed room', () => {
  const mixed = { participants: [ANNA_AT], room: 'mixed' };

  test('begins with one; who is invited is announced by name', async () => {
    await site('mixed', mixed);
    const visitor = await visit('mixed');
    await world.agentSays('Hello');
    await visitor.hears('Anna Nowak: Hello');
    await world.agentSays('/invite carl@example.com');
    assert.deepEqual(await called(2), [ANNA_AT, CARL_AT]);
    await until(() => joined(visitor).length === 2);
    await world.agentSays('I know this', { token: CARL });
    await visitor.hears('Carl Weber: I know this');
    await world.agentSays('So do I');
    await visitor.hears('Anna Nowak: So do I');
    assert.deepEqual(joined(visitor), ['Anna Nowak', 'Carl Weber']);
    assert.deepEqual(visitor.lines.slice(2), ['* agent_joined', 'Carl Weber: I know this', 'Anna Nowak: So do I']);
  });

  test('where joining is silent, it becomes a group without a word', async () => {
    await site('silent', mixed, (d) => (d.desk.joining = 'silent'));
    const visitor = await visit('silent');
    await world.agentSays('Hello');
    await visitor.hears('Anna Nowak: Hello');
    await world.agentSays('/invite carl@example.com');
    await called(2);
    await world.agentSays('I know this', { token: CARL });
    await visitor.hears('Support: I know this');
    assert.deepEqual(visitor.lines, ['* agent_joined', 'Anna Nowak: Hello', 'Support: I know this']);
  });

  test('somebody added in the Webex client is announced when they write', async () => {
    await site('mixed', mixed);
    const visitor = await visit('mixed');
    await called(1);
    await world.agentSays('Hello');
    await visitor.hears('Anna Nowak: Hello');
    assert.equal((await invited((await world.room()).id, BEN_AT)).status, 200);
    await world.agentSays('May I?', { token: BEN });
    await visitor.hears('Ben Okafor: May I?');
    assert.deepEqual(joined(visitor), ['Anna Nowak', 'Ben Okafor']);
  });

  test('/invite takes several addresses, and says what is none', async () => {
    await site('mixed', mixed);
    const visitor = await visit('mixed');
    await called(1);
    await world.agentSays('/invite');
    await world.posted(/Say whom/);
    await world.agentSays('/invite nonsense <ben@example.com>, carl@example.com');
    await world.posted(/“nonsense” is not an e-mail address/);
    assert.deepEqual(await called(3), [ANNA_AT, BEN_AT, CARL_AT]);
    await world.agentSays('/invite left@example.com');
    await world.posted(/left@example.com could not be added/);
    assert.ok(!visitor.lines.join().includes('invite'));
  });
});

test('nobody is invited into a personal room', async () => {
  const visitor = await world.visitSettled();
  await world.agentSays('/invite ben@example.com');
  await world.posted(/One person alone answers on this topic/);
  assert.deepEqual(agents(await world.room()), [ANNA_AT]);
  assert.deepEqual(visitor.lines, []);
});

describe('/transfer', () => {
  for (const word of ['support', 'SUPPORT', 'The other team']) {
    test(`to ${word}: its people come, and the visitor is told`, async () => {
      await site('transfer', {}, (d) => {
        if (word.includes(' ')) d.topics[1].label = 'The Other Team';
      });
      const visitor = await visit('transfer');
      await world.agentSays('Hello');
      await visitor.hears('Anna Nowak: Hello');
      await world.agentSays(`/transfer ${word}`);
      await visitor.hears('* transferred');
      await until(() => visitor.state.phase === 'waiting');
      assert.deepEqual(await called(2), [ANNA_AT, BEN_AT]);
      await world.agentSays('I am from support', { token: BEN });
      await visitor.hears('Support: I am from support');
      visitor.say('thanks');
      await world.posted('live-chat: thanks');
      await visitor.hears('visitor: thanks');
      const after = ['* transferred', '* agent_joined', 'Support: I am from support', 'visitor: thanks'];
      assert.deepEqual(visitor.lines.slice(2), after);
      assert.equal((await world.rooms()).length, 1);
    });
  }

  test('to an unknown topic: the room hears which there are', async () => {
    const visitor = await world.visitSettled();
    for (const word of ['nowhere', '']) {
      await world.agentSays(`/transfer ${word}`);
      await world.posted(/There is no such topic. There are: sales, support, person$/);
      await world.control('POST', '/reset');
      await world.visitSettled();
    }
    assert.deepEqual(visitor.lines, []);
  });
});

describe('commands', () => {
  test('/bot gives the conversation back, and people can take it again', async () => {
    const visitor = await world.visitSettled('support');
    await world.agentSays('Hello');
    await visitor.hears('Support: Hello');
    await world.control('DELETE', '/requests');
    await world.agentSays('/bot');
    await visitor.hears('* handed_back');
    await visitor.hears('bot: It is me again. What else can I do for you?');
    assert.equal(visitor.state.phase, 'with_bot');
    const asked = (await world.control('GET', '/requests')).filter(({ path }) => path.includes(':detectIntent'));
    assert.deepEqual(asked.map(({ body }) => body.queryInput.event), [{ name: 'HANDED_BACK', languageCode: 'en' }]);
    visitor.say('prices');
    await until(() => visitor.lines.at(-1).includes('Opening hours'));
    await world.agentSays('One more thing');
    await visitor.hears('Support: One more thing');
    const count = visitor.lines.length;
    visitor.say('prices');
    await world.posted('live-chat: prices');
    const marker = await world.marker(visitor);
    assert.deepEqual(visitor.lines.slice(count), ['visitor: prices', marker]);
    assert.equal(visitor.lines.filter((line) => line === '* agent_joined').length, 2);
  });

  test('/bot where there is none, /help', async () => {
    const visitor = await world.visitSettled();
    await world.agentSays('/bot');
    await world.posted(/This topic has no bot/);
    await world.agentSays('/help');
    for (const command of ['/close', '/bot', '/invite', '/transfer', '/note', '/block', '/help']) {
      assert.ok((await world.posted(/— Commands: /)).includes(`${command} `), command);
    }
    assert.deepEqual(visitor.lines, []);
  });

  test('/block: the next chat and message of this browser end at once, with no room; others are served', async () => {
    await site('block', {});
    const visitor = await visit('block');
    await world.agentSays('/block');
    await visitor.hears('* closed by agent');
    await world.posted(/The visitor is blocked/);
    await world.control('POST', '/reset');
    const again = await world.visit('person', {}, { site: 'block' });
    await again.hears('* closed by agent');
    await new Visitor(world).start('person', { name: 'Jane', email: 'jane@example.org' }, { site: 'block', message: 'And yet' });
    const other = { site: 'block', key: 'another-browser-0123456789', topic: 'person', page: 'https://shop.example/' };
    assert.equal((await world.post('/v1/conversations', other, { 'user-agent': 'Other' })).status, 200);
    await until(async () => (await world.room())?.lines.length === 1);
    await world.visitSettled('person', {}, { site: 'default' });
    // By now the blocked ones would have come further than these, who came later.
    assert.equal((await world.requests('POST /webex/v1/rooms')).filter(({ status }) => status === 200).length, 2);
    assert.ok(!JSON.stringify(await world.rooms()).includes('And yet'));
  });
});

test('where replies are marked, nothing else ever reaches the visitor', async () => {
  await site('private', { room: 'personal' }, (d) => (d.desk.replies = { marked: '!' }));
  const visitor = await visit('private');
  await world.agentSays('Who takes it?');
  const expected = [];
  for (let n = 1; n <= 12; n += 1) {
    await world.agentSays(`internal ${n}`);
    await world.agentSays(`/note internal ${n} !no`);
    await world.agentSays(`internal, **really** ${n}\n! line ${n}\ninternal !no ${n}`);
    expected.push(`Anna Nowak: line ${n}`);
  }
  await world.agentSays('\\!\\! internal? no');
  await world.agentSays('! the end');
  await visitor.hears('Anna Nowak: the end');
  const shown = visitor.entries.filter(({ said }) => said.agent);
  const texts = shown.map(({ said }) => `${said.agent.name}: ${said.agent.body.map(({ text }) => text).join('')}`);
  // Only the mark itself is taken off.
  assert.deepEqual(texts, [...expected, 'Anna Nowak: ! internal? no', 'Anna Nowak: the end']);
  assert.ok(!JSON.stringify(visitor.frames).includes('internal ') && !JSON.stringify(visitor.frames).includes('Who takes'));
});

test('notes reach nobody but the room, also among answers', async () => {
  const visitor = await world.visitSettled();
  for (let n = 1; n <= 10; n += 1) {
    await world.agentSays(`/note secret ${n}\nand its second line`);
    await world.agentSays(`/NOTE **secret** ${n}`);
    await world.agentSays(`answer ${n}`);
  }
  await world.marker(visitor);
  assert.equal(visitor.lines.length, 12, 'somebody came, ten answers, the marker');
  assert.ok(!JSON.stringify(visitor.frames).match(/secret|second line/));
});

test('what a visitor writes like a command, a mention or markup stays text', async () => {
  const visitor = await world.visitSettled();
  const commands = ['/block', '/invite ben@example.com', '/transfer support'];
  const texts = [...commands, '! marked', '<@all> **b** `c`', '<b>b</b> &amp; [x](javascript:1)'];
  for (const text of texts) visitor.say(text);
  await until(() => visitor.state.delivered === texts.length);
  const room = await world.room();
  assert.deepEqual(room.lines.slice(1), texts.map((text) => `live-chat: ${text}`));
  assert.ok(room.messages.every((message) => !message.markdown && !message.html));
  assert.deepEqual(agents(room), [ANNA_AT]);
  assert.equal(visitor.state.phase, 'waiting');
});
