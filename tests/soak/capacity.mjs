// How many conversations Webex's limits let one account of the integration carry, with the emulator as strict as Webex:
//   cargo xtask capacity [--chats 40,60,80] [--accounts 1] [--pause 30] [--minutes 2]
// Each side of each chat writes once every `--pause` seconds. An account carries as many as never have to wait for Webex.
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { startWorld, until, Visitor } from '../harness.mjs';
import { Desk, referenceIn } from './desk.mjs';

/** Calls that Webex takes of one user in a minute for each kind of thing (developer.webex.com, rate limiting). */
const PER_MINUTE = 300;
const TOKENS = ['refresh-integration-live-chat', 'refresh-integration-live-chat-2'];
const MINUTE = 60_000;
const LATE_MS = 3_000;

const { values } = parseArgs({
  options: {
    chats: { type: 'string', default: '40,60,80' },
    accounts: { type: 'string', default: '1' },
    pause: { type: 'string', default: '30' },
    minutes: { type: 'string', default: '2' },
  },
});
const [accounts, pause, minutes] = [values.accounts, values.pause, values.minutes].map(Number);
const steps = values.chats.split(',').map(Number);
if (![...steps, accounts, pause, minutes].every((value) => value > 0) || accounts > TOKENS.length) {
  console.error(`expected numbers above 0, and at most ${TOKENS.length} accounts`);
  process.exit(1);
}

console.log(`${accounts} account(s), ${PER_MINUTE} calls a minute of each kind; each side writes every ${pause} s, for ${minutes} min.`);
for (const chats of steps) await measure(chats);

async function measure(chats) {
  const world = await startWorld({ vars: { WEBEX_REFRESH_TOKEN: TOKENS.slice(0, accounts).join(',') } });
  try {
    await world.control('POST', '/limits', { per_minute: PER_MINUTE });
    const { deliveries } = world.emulators.parts.webex;
    deliveries.told = (delivery, what) => {
      if (what !== 'taken') console.log(`  ${new Date().toISOString()} ${what}: ${delivery.webhook.targetUrl}`);
    };
    const desk = new Desk(world);
    const watching = desk.watch();
    const open = [];
    while (open.length < chats) open.push(await begin(world, desk, open.length));
    // What opening them took of the limits is over.
    await sleep(MINUTE);
    await world.control('DELETE', '/requests');
    const end = Date.now() + minutes * MINUTE;
    const waits = (await Promise.all(open.map((chat) => live(chat, desk, end)))).flat().sort((one, other) => one - other);
    desk.close();
    await watching;
    await report(world, chats, waits);
    for (const { visitor } of open) visitor.socket.close();
  } finally {
    await world.close();
  }
}

async function begin(world, desk, number) {
  const visitor = new Visitor(world);
  visitor.address = `192.0.2.${number % 250}`;
  await visitor.start('person');
  await visitor.connect();
  // A tab that is open says so, or its visitor counts as gone.
  const heartbeat = setInterval(() => visitor.socket.send('ping'), MINUTE / 2);
  visitor.socket.once('close', () => clearInterval(heartbeat));
  const reference = referenceIn(visitor.session.conversation);
  const room = await until(() => desk.roomOf(reference), 5 * MINUTE);
  return { visitor, room, number };
}

/** Both sides at their pace; returns how long each message was under way, in milliseconds. */
async function live({ visitor, room, number }, desk, end) {
  const waits = [];
  // Not all in the same moment.
  await sleep(Math.random() * pause * 1_000);
  for (let turn = 0; Date.now() < end; turn += 1) {
    const delivered = visitor.state.delivered;
    let began = Date.now();
    visitor.say(`question ${turn}`);
    await until(() => visitor.state.delivered > delivered, 5 * MINUTE);
    took(waits, began, `question ${number} ${turn}`);
    await sleep((pause * 1_000) / 2);
    const answer = `answer ${number} ${turn}`;
    began = Date.now();
    await desk.say(room.agents[0], room.id, { text: answer });
    await until(() => visitor.lines.some((line) => line.endsWith(answer)), 5 * MINUTE);
    took(waits, began, answer);
    await sleep((pause * 1_000) / 2);
  }
  return waits;
}

/** What waits for Webex's limits does so for seconds. */
function took(waits, began, what) {
  const ms = Date.now() - began;
  waits.push(ms);
  if (ms > LATE_MS) console.log(`  ${what}: ${ms} ms, from ${new Date(began).toISOString()}`);
}

async function report(world, chats, waits) {
  const requests = (await world.requests('/webex/v1/')).filter(({ who }) => who?.startsWith('live-chat'));
  const refused = requests.filter(({ status }) => status === 429).length;
  const kinds = new Map();
  for (const { call } of requests) {
    const kind = call.split('/')[3];
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const perMinute = [...kinds].map(([kind, count]) => `${kind} ${Math.round(count / minutes / accounts)}`).join(', ');
  const at = (share) => `${Math.round(waits[Math.floor(share * (waits.length - 1))])} ms`;
  console.log(`${chats} chats: ${waits.length} messages, p50 ${at(0.5)}, p95 ${at(0.95)}, longest ${at(1)}; ${refused} refused; a minute and account: ${perMinute}`);
}
