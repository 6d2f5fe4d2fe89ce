// How fast the worker passes messages on, against a bare relay in the same workerd:
//   node tests/bench/main.mjs [--rounds 5] [--seconds 1] [--quick]
// Figures depend on the machine and on what else it does; the ratios do so less, for the rounds alternate.
import { parseArgs } from 'node:util';
import { openEdgechat, openRelay } from './chat.mjs';
import { answers, bursts, fill, pingPong, within } from './measure.mjs';
import { percentile, printAnswers, printCases, printRatio } from './report.mjs';
import { startServers } from './servers.mjs';

const SHORT = 10;
const ONE = { each: 32, inFlight: 8 };
/** Of an agent, in one room. */
const ANSWERS = 15;
const MANY = { each: 5, inFlight: 200 };

let servers;
const { values } = parseArgs({
  options: {
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    quick: { type: 'boolean', default: false },
  },
});
const plan = values.quick
  ? { rounds: 2, seconds: 0.4, long: 1_000, many: 50 }
  : { rounds: 5, seconds: 1, long: 10_000, many: 200 };
for (const name of ['rounds', 'seconds']) {
  if (values[name]) plan[name] = Number(values[name]);
  if (!(plan[name] > 0)) fail(new Error(`--${name} must be a number above 0`));
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    servers?.close();
    process.exit(1);
  });
}
try {
  servers = await startServers();
  await run();
} catch (error) {
  fail(error);
} finally {
  servers?.close();
}

async function run() {
  const short = { name: `1 conversation, ${SHORT} messages long`, relay: [], edgechat: [] };
  const long = { name: `1 conversation, ${plan.long} messages long`, relay: [], edgechat: [] };
  const many = { name: `${plan.many} conversations`, relay: [], edgechat: [] };
  const answered = [];
  const kinds = { relay: openRelay, edgechat: openEdgechat };

  const filled = {};
  for (const [kind, open] of Object.entries(kinds)) filled[kind] = await opened(open, plan.long);
  for (let round = 0; round < plan.rounds; round += 1) {
    for (const [kind, open] of Object.entries(kinds)) {
      const chat = await opened(open, SHORT);
      short[kind].push(await measured([chat], ONE));
      chat.close();
    }
    answered.push(await answeredRound());
    for (const kind of Object.keys(kinds)) long[kind].push(await measured([filled[kind]], ONE));
  }
  for (const chat of Object.values(filled)) chat.close();

  const crowds = {};
  for (const [kind, open] of Object.entries(kinds)) crowds[kind] = await crowd(open);
  for (let round = 0; round < plan.rounds; round += 1) {
    for (const kind of Object.keys(kinds)) many[kind].push(await measured(crowds[kind], MANY));
  }

  console.log(`${plan.rounds} rounds, relay and edgechat by turns, storage on disk, 100 bytes a message.`);
  console.log('Ping-pong: sent until it is back, stored. Messages/s: in bursts, the desk catches up between them;');
  console.log(`${ONE.inFlight} in flight of 1 conversation, ${MANY.inFlight} of many.`);
  console.log('The CPU is that of workerd. For edgechat it includes posting to the desk and answering its webhook;');
  console.log('the desk itself (the emulator) is another process and not counted, nor is this client, though all of');
  console.log('them share the cores of this machine.\n');
  printCases([short, long, many]);
  console.log();
  printRatio(`${plan.long} against ${SHORT} messages`, long.edgechat, short.edgechat);
  printRatio('  the same of the relay', long.relay, short.relay);
  printAnswers(answered);
  console.log('  (from posting in the room: webhook, a list of the room at the desk, store, send)');
}

async function opened(open, messages) {
  const chat = await within(0, [], open(servers));
  await within(messages / 50, [chat], fill(chat, messages));
  return chat;
}

async function crowd(open) {
  const chats = [];
  while (chats.length < plan.many) chats.push(await within(0, [], open(servers)));
  return chats;
}

async function measured(chats, shape) {
  const times = await within(plan.seconds, chats, pingPong(chats, plan.seconds));
  const burst = bursts(chats, plan.seconds, { ...shape, cpu: () => servers.cpu() });
  const { perSecond, cpu } = await within(plan.seconds, chats, burst);
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99), perSecond, cpu };
}

/** In a room as quiet as rooms are: each signal reads the last two minutes of it, and those above are full of messages. */
async function answeredRound() {
  const chat = await opened(openEdgechat, 1);
  const times = await within(plan.seconds, [chat], answers(chat, servers.desk, ANSWERS));
  chat.close();
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}

function fail(error) {
  console.error(`The bench cannot go on: ${error.message}`);
  if (servers?.output) console.error(servers.output);
  servers?.close();
  process.exit(1);
}
