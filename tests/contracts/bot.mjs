// What every bot does, whoever makes it: one list of scenarios, through the worker and the bot's emulator.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { startWorld, until } from '../harness.mjs';

/**
 * @typedef {object} Bot
 * @property {string} name
 * @property {(document: object) => void} [settings] changes the built-in settings so that this bot answers
 * @property {string} route by which it is asked, as faults and the log of calls name it
 * @property {string} welcome what it says first
 * @property {{says: string, answers: string[]}} replies what to write to it, and what it answers, as the transcript shows it
 * @property {{says: string, answers: string[]}} handsOff the same, and then it hands the chat to people
 * @property {string[]} misunderstood texts that it does not understand: so many in a row hand the chat to people
 * @property {(request: object) => {session: string, text?: string}} asked what a call to it was about
 * @property {number} longest characters that it takes
 * @property {(world: object) => Promise<void>} forgetsTokens it accepts none of those that it has given
 */

const FAULTS = {
  'an error': { status: 500 },
  'not allowed': { status: 403 },
  'not found': { status: 404 },
  'a request to slow down': { status: 429 },
  'fifteen seconds': { delay_ms: 15_000 },
  'no answer at all': { hang: true },
  'a cut connection': { drop: 'before' },
  'an HTML page': { status: 200, body: '<html>' },
  'an empty answer': { status: 200, body: {} },
};

/** @param {Bot} bot */
export function botContract(bot) {
  describe(`the contract of a bot: ${bot.name}`, () => {
    let world;
    before(async () => {
      world = await startWorld({ settings: bot.settings });
    });
    after(() => world?.close());
    beforeEach(() => world.control('POST', '/reset'));
    afterEach(() => world.metAllFaults());

    const calls = () => world.requests(bot.route.split(' ')[1]);
    const answers = (visitor) => visitor.lines.filter((line) => line.startsWith('bot: ')).map((line) => line.slice('bot: '.length));
    const inThread = (isMeant) => until(async () => (await world.room())?.lines.some(isMeant));
    async function welcomed() {
      const visitor = await world.visitSettled('support');
      await until(() => answers(visitor).length === 1);
      return visitor;
    }

    test('it begins, answers in order with what can be chosen, and both sides are in the thread', async () => {
      const visitor = await welcomed();
      visitor.say(bot.replies.says);
      await until(() => answers(visitor).length > bot.replies.answers.length);
      assert.deepEqual(answers(visitor), [bot.welcome, ...bot.replies.answers]);
      await world.posted(`live-chat: ${bot.replies.says}`);
      for (const answer of bot.replies.answers) await inThread((line) => line.includes('(bot)') && line.includes(answer.split(' [')[0]));
    });

    test('each conversation is a session of its own', async () => {
      const [one, two] = [await welcomed(), await welcomed()];
      for (const visitor of [one, two]) {
        visitor.say(bot.replies.says);
        await until(() => answers(visitor).length > 1);
      }
      const sessions = new Map();
      // A token of the test before is refused once.
      for (const request of (await calls()).filter(({ status }) => status === 200)) {
        const { session } = bot.asked(request);
        sessions.set(session, (sessions.get(session) ?? 0) + 1);
      }
      assert.deepEqual([...sessions.values()], [2, 2]);
    });

    test('it hands over with a farewell, and is silent then', async () => {
      const visitor = await welcomed();
      visitor.say(bot.handsOff.says);
      await until(() => visitor.state.phase === 'waiting');
      assert.deepEqual(answers(visitor).slice(1), bot.handsOff.answers);
      const before = (await calls()).length;
      visitor.say('hello?');
      await visitor.hears('visitor: hello?');
      const marker = await world.marker(visitor);
      assert.equal(visitor.lines.at(-1), marker);
      assert.equal((await calls()).length, before);
    });

    test('answers that do not understand, so many in a row, hand over', async () => {
      const visitor = await welcomed();
      const before = answers(visitor).length;
      for (const text of bot.misunderstood) visitor.say(text);
      await visitor.hears('* bot_failed');
      assert.equal(answers(visitor).length - before, bot.misunderstood.length);
      await until(() => visitor.state.phase === 'waiting');
    });

    test('of a long text it gets what it can take, and the thread all of it', async () => {
      const visitor = await welcomed();
      const text = `${bot.replies.says} ${'👍'.repeat(1_500)}!`;
      visitor.say(text);
      await until(() => answers(visitor).length > 1);
      const { text: taken } = bot.asked((await calls()).at(-1));
      const length = [...taken].length;
      assert.ok(text.startsWith(taken) && length <= bot.longest && length > bot.longest / 2, taken);
      await inThread((line) => line === `live-chat: ${text}`);
    });

    for (const [name, fault] of Object.entries(FAULTS)) {
      test(`${name}: a person within five seconds`, async () => {
        const visitor = await welcomed();
        await world.control('DELETE', '/requests');
        await world.fault({ route: bot.route, ...fault });
        const asked = async () => (await calls()).at(-1);
        visitor.say('hello');
        await visitor.hears('* bot_failed');
        const [said, failed] = [/^visitor: hello$/, /^\* bot_failed$/].map((line) => visitor.entries[visitor.lines.findIndex((one) => line.test(one))]);
        assert.ok(failed.at - said.at < 6_000, `${failed.at - said.at} ms`);
        await until(() => visitor.state.phase === 'waiting');
        await world.posted(/The bot could not go on/);
        if (fault.delay_ms) {
          assert.equal((await asked()).status, null, 'it was not waited for');
          await until(async () => (await asked()).status === 200);
        }
        if (fault.hang) {
          const waited = await until(async () => (await asked()).gave_up_after_ms);
          assert.ok(waited > 4_000, `${waited} ms`);
        }
        const marker = await world.marker(visitor);
        assert.deepEqual(visitor.lines.slice(visitor.lines.indexOf('* bot_failed')), ['* bot_failed', '* agent_joined', marker]);
      });
    }

    test('a token that it does not accept any more is replaced', async () => {
      const visitor = await welcomed();
      await bot.forgetsTokens(world);
      visitor.say(bot.replies.says);
      await until(() => answers(visitor).length > 1);
      assert.ok(!visitor.lines.includes('* bot_failed'));
    });
  });
}
