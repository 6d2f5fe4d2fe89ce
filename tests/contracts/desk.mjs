// What every desk does, whoever makes it: one list of scenarios, through the worker and the desk's emulator. A desk
// brings an adapter, which says how its emulator is told to misbehave and how its threads are read.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { startWorld, until, Visitor } from '../harness.mjs';

/**
 * @typedef {object} Thread
 * @property {string} id
 * @property {string[]} people those of the team, by the desk's own address for them, in any order
 * @property {string[]} lines what we have posted, as text, the oldest first: the visitor's as `visitor: …`
 * @property {number} watches how often the desk tells us of it
 */

/**
 * @typedef {object} Desk
 * @property {string} name
 * @property {(document: object) => void} [settings] changes the built-in settings so that this desk serves
 * @property {{open: string, add: string, watch: string, post: string, list: string, read: string}} routes
 *   of its emulator, as faults and the log of calls name them: what opens a thread, adds a person, watches, posts, lists a
 *   thread's messages, reads one
 * @property {{open: string, watch: string, post: string}} looks
 *   what is asked to find out whether an attempt whose end is unknown has opened, watched or posted; adding twice does no harm
 * @property {number[]} refusals statuses by which it refuses a post for good
 * @property {number} longest bytes of UTF-8 that one post takes
 * @property {string[]} team who answers on the topic `person`
 * @property {string} agent how the visitor sees the first of them there
 * @property {(world: object) => Promise<Thread[]>} threads the oldest first
 * @property {(world: object, text: string) => Promise<{id: string, at: number}>} says that agent writes in the newest thread
 * @property {(world: object, message: {id: string}) => Promise<void>} deletes they take it back
 * @property {(world: object, thread: Thread) => Promise<void>} drops the thread is gone
 */

/** An attempt that fails, and what has become of it. */
const FAULTS = {
  'cut before it was carried out': { drop: 'before' },
  'cut after it was carried out': { drop: 'after' },
  'cut after it was carried out, and the first look for it fails': { drop: 'after', looks: true },
  'a token that is refused': { status: 401 },
  'a request to slow down': { status: 429, headers: { 'retry-after': '2' }, atLeast: 2_000 },
  'a request to slow down, as HTML': { status: 429, headers: { 'retry-after': '1', 'content-type': 'text/html' }, body: '<h1>slow down</h1>', atLeast: 1_000 },
  'an error, twice': { status: 500, times: 2 },
  'a bad gateway': { status: 502 },
  'half an answer, though it was carried out': { keeps: 0.5 },
  'an empty answer, though it was carried out': { keeps: 0 },
  'an HTML page, and nothing was done': { status: 200, body: '<html>' },
  'two seconds': { delay_ms: 2_000 },
};

/** @param {Desk} desk */
export function deskContract(desk) {
  describe(`the contract of a desk: ${desk.name}`, () => {
    let world;
    before(async () => {
      world = await startWorld({
        settings(document) {
          desk.settings?.(document);
          document.messages_per_minute = 6_000;
          // Chats of tests that are over ask the desk for nothing.
          document.timeouts = { silence: 50_000, warning: 60, lost: 50_000 };
        },
      });
    });
    after(() => world?.close());
    beforeEach(() => world.control('POST', '/reset'));
    afterEach(() => world.metAllFaults());

    const only = async () => {
      const threads = await desk.threads(world);
      assert.equal(threads.length, 1);
      return threads[0];
    };
    /** What the visitor wrote, as it stands in the only thread, without notices. */
    const posted = async () => (await only()).lines.filter((line) => line.startsWith('visitor: ') && !line.startsWith('visitor: —')).slice(1);
    /** A chat whose thread is complete, and of which the desk is not asked anything any more. */
    async function settled() {
      const visitor = await world.visit('person');
      await until(async () => {
        const [thread] = await desk.threads(world);
        return thread?.watches === 1 && thread.lines.length === 1 && thread.people.length === desk.team.length;
      });
      await until(async () => (await world.requests()).some((one) => isCall(desk.routes.list)(one) && one.status !== null));
      return visitor;
    }
    async function goesWrong(job, { looks, ...fault }) {
      await world.fault({ route: desk.routes[job], ...fault });
      if (looks && desk.looks[job]) await world.fault({ route: desk.looks[job], status: 503 });
    }
    const isCall = (route) => ({ method, path }) => `${method} ${path}`.startsWith(route);
    const heard = (visitor) => visitor.lines.filter((line) => line.startsWith(`${desk.agent}: `)).map((line) => line.slice(desk.agent.length + 2));
    const hears = (visitor, text, time) => visitor.hears(`${desk.agent}: ${text}`, time);

    test('a start opens one thread with its people, one watch and the card', async () => {
      await settled();
      const { people, lines, watches } = await only();
      assert.deepEqual([people.sort(), watches], [[...desk.team].sort(), 1]);
      assert.match(lines[0], /^visitor: Customer geolocation: /);
    });

    for (const job of ['open', 'add', 'watch', 'post']) {
      for (const [name, { atLeast = 0, ...fault }] of Object.entries(FAULTS)) {
        test(`a start: ${job}, ${name}`, async () => {
          await goesWrong(job, fault);
          const began = Date.now();
          const visitor = await settled();
          assert.ok(Date.now() - began >= atLeast, 'asked again too early');
          visitor.say('one');
          await until(() => visitor.state.delivered === 1);
          const { people, lines, watches } = await only();
          assert.deepEqual([people.sort(), lines.length, watches], [[...desk.team].sort(), 2, 1]);
          const hit = (await world.requests()).filter((one) => one.dropped === 'after');
          if (fault.drop === 'after') assert.ok(hit.some(({ status }) => status === 200), 'it was cut before it was done');
        });
      }
    }

    for (const job of ['open', 'watch']) {
      test(`a start: ${job} that is refused is tried again`, async () => {
        await world.fault({ route: desk.routes[job], status: desk.refusals[0] });
        const visitor = await settled();
        visitor.say('one');
        await until(() => visitor.state.delivered === 1);
        const { people, lines, watches } = await only();
        assert.deepEqual([people.sort(), lines.length, watches], [[...desk.team].sort(), 2, 1]);
      });
    }

    test('a start: everybody is refused: both sides are told, and what the visitor writes waits in the thread', async () => {
      await world.fault({ route: desk.routes.add, status: desk.refusals[0], times: desk.team.length });
      const visitor = await world.visit('person');
      await visitor.hears('* nobody_answered');
      visitor.say('one');
      await until(async () => (await only()).lines.includes('visitor: one'));
      const { people, lines } = await only();
      assert.deepEqual([people, visitor.state.delivered], [[], 0]);
      assert.equal(lines.filter((line) => /could not be added/.test(line)).length, desk.team.length);
    });

    for (const [name, { atLeast = 0, ...fault }] of Object.entries(FAULTS)) {
      test(`a post: ${name}`, async () => {
        const visitor = await settled();
        await goesWrong('post', fault);
        const began = Date.now();
        visitor.say('one');
        visitor.say('two');
        await until(() => visitor.state.delivered >= 2, 20_000, () => JSON.stringify(visitor.frames));
        assert.ok(Date.now() - began >= atLeast, 'asked again too early');
        assert.deepEqual(await posted(), ['visitor: one', 'visitor: two']);
        assert.ok(!visitor.lines.includes('* not_delivered'));
        await until(() => visitor.state.desk === 'reached');
      });
    }

    for (const status of desk.refusals) {
      test(`a post that is refused with ${status}: the visitor is told, and the next one goes out`, async () => {
        const visitor = await settled();
        await world.fault({ route: desk.routes.post, status });
        visitor.say('one');
        visitor.say('two');
        await visitor.hears('* not_delivered');
        await until(() => visitor.state.delivered >= 2 && visitor.state.desk === 'reached');
        assert.deepEqual(await posted(), ['visitor: two']);
        await world.posted(/could not be posted here/);
      });
    }

    test('a part of a long message that is refused: the visitor is told, and no half of it is taken for the whole', async () => {
      const visitor = await settled();
      await world.fault({ route: desk.routes.post, status: desk.refusals[0] });
      visitor.say('👍'.repeat(4_000));
      visitor.say('two');
      await visitor.hears('* not_delivered');
      const seq = visitor.entries.find(({ said }) => said.notice?.not_delivered).said.notice.not_delivered.seq;
      assert.equal(seq, visitor.entries[0].seq);
      await until(() => visitor.state.delivered >= 2);
      assert.deepEqual(await posted(), ['visitor: two']);
    });

    test('what is too long for one post comes in parts, whole and in order, in any script', async () => {
      const visitor = await settled();
      const texts = [`${'ż'.repeat(3_999)}!`, `${'👍'.repeat(3_999)}?`, 'short'];
      for (const text of texts) visitor.say(text);
      await until(() => visitor.state.delivered === 3);
      const parts = (await posted()).map((line) => line.slice('visitor: '.length));
      assert.equal(parts.join(''), texts.join(''));
      assert.ok(parts.every((part) => Buffer.byteLength(part) <= desk.longest));
    });

    test('thirty messages each way at the same time: each once, in order', async () => {
      const visitor = await settled();
      const numbers = Array.from({ length: 30 }, (_, n) => `m${n}`);
      const writing = (async () => {
        for (const text of numbers) await desk.says(world, text);
      })();
      for (const text of numbers) {
        visitor.say(text);
        await visitor.hears(`visitor: ${text}`);
      }
      await writing;
      await until(() => heard(visitor).length === 30 && visitor.state.delivered >= 30);
      await until(async () => (await posted()).length === 30);
      assert.deepEqual([heard(visitor), await posted()], [numbers, numbers.map((text) => `visitor: ${text}`)]);
    });

    for (const [name, { atLeast, ...fault }] of Object.entries(FAULTS)) {
      for (const what of ['list', 'read']) {
        test(`reading, ${what === 'list' ? 'the list' : 'a message, where lists fail'}: ${name}`, async () => {
          const visitor = await settled();
          if (what === 'read') await world.fault({ route: desk.routes.list, status: 503, times: 10_000 });
          await goesWrong(what, fault);
          await desk.says(world, 'one');
          await desk.says(world, 'two');
          await hears(visitor, 'two', 20_000);
          assert.deepEqual(visitor.lines.slice(1), ['one', 'two'].map((text) => `${desk.agent}: ${text}`));
          assert.ok((await world.requests()).some(isCall(desk.routes[what])), 'it was not asked for');
        });
      }
    }

    test('a message that was taken back before it was read is passed over', async () => {
      const visitor = await settled();
      await world.control('POST', '/deliveries', { hold: true });
      await desk.deletes(world, await desk.says(world, 'gone'));
      await desk.says(world, 'one');
      await world.control('POST', '/deliveries', { hold: false });
      await world.control('POST', '/deliveries/release', { order: 'same' });
      await hears(visitor, 'one');
      await until(async () => (await world.requests()).some((one) => isCall(desk.routes.read)(one) && one.status === 404));
      await desk.says(world, 'two');
      await hears(visitor, 'two');
      assert.deepEqual(visitor.lines.slice(1), ['one', 'two'].map((text) => `${desk.agent}: ${text}`));
    });

    test('deliveries that are lost are made good by the next one, in order', async () => {
      const visitor = await settled();
      await world.control('POST', '/deliveries', { drop: 3 });
      for (const text of ['one', 'two', 'three', 'four']) await desk.says(world, text);
      await hears(visitor, 'four');
      assert.deepEqual(heard(visitor), ['one', 'two', 'three', 'four']);
    });

    /**
     * The wire promises one sequence, the same for every tab, that grows at its end, and the time of each message. The
     * order in which a panel shows them is in browser/order.test.mjs.
     */
    test('twenty messages signalled in any order, at once and twice: once each, the same for all tabs, with their times', async (context) => {
      const visitor = await settled();
      const tab = await Object.assign(new Visitor(world, visitor.key), { session: visitor.session }).connect(0);
      await world.control('POST', '/deliveries', { hold: true, duplicate: 6 });
      const sent = {};
      for (let n = 1; n <= 20; n += 1) sent[`m${n}`] = (await desk.says(world, `m${n}`)).at;
      await world.shuffle(context);
      await until(() => visitor.lines.length >= 21);
      await desk.says(world, 'the last');
      await hears(visitor, 'the last');
      await until(() => tab.entries.length >= 22);
      assert.deepEqual(visitor.entries.map(({ seq }) => seq), Array.from({ length: 22 }, (_, n) => n + 1));
      assert.deepEqual(tab.entries, visitor.entries);
      const { frames } = (await visitor.poll({ after: 0 })).body;
      assert.deepEqual(frames.flatMap(({ entries = [] }) => entries), visitor.entries);
      const shown = visitor.entries.filter(({ said }) => said.agent).slice(0, -1).map(({ said, at }) => [said.agent.body[0].text, at]);
      assert.deepEqual(Object.fromEntries(shown), sent);
    });

    test('a thread that is gone ends the chat', async () => {
      const visitor = await settled();
      await desk.drops(world, await only());
      visitor.say('one');
      await visitor.hears('* closed by thread_gone');
      assert.equal(visitor.lines.filter((line) => line.startsWith('* closed')).length, 1);
      visitor.say('two');
      await until(() => visitor.frames.some((frame) => frame.rejected?.code === 'closed'));
    });

    test('the visitor is told while the desk cannot be reached, and when it can', async () => {
      const visitor = await settled();
      await world.fault({ route: desk.routes.post, status: 503, times: 2 });
      visitor.say('one');
      await until(() => visitor.state.desk === 'retrying');
      await until(() => visitor.state.desk === 'reached' && visitor.state.delivered === 1);
    });

    test('the end by the visitor: the thread is told last, and is not watched any more', async () => {
      const visitor = await settled();
      visitor.frame('end');
      await visitor.hears('* closed by visitor');
      await until(async () => (await only()).watches === 0);
      assert.match((await only()).lines.at(-1), /The visitor ended the chat/);
    });

    test('a restart in the middle: what was written just before and meanwhile arrives, both ways, once and in order', async () => {
      const visitor = await settled();
      visitor.say('one');
      await until(() => visitor.state.delivered === 1);
      await world.fault({ route: desk.routes.post, delay_ms: 2_000 });
      visitor.say('on its way');
      await visitor.hears('visitor: on its way');
      await world.stopWorker();
      for (const text of ['a', 'b', 'c']) await desk.says(world, text);
      await world.startWorker();
      visitor.entries.length = 0;
      await visitor.connect(0);
      visitor.say('two');
      await desk.says(world, 'd');
      await hears(visitor, 'd');
      await until(async () => (await posted()).length === 3);
      assert.deepEqual(heard(visitor), ['a', 'b', 'c', 'd']);
      assert.deepEqual(await posted(), ['one', 'on its way', 'two'].map((text) => `visitor: ${text}`));
    });
  });
}
