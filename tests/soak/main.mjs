// Many conversations at once, while everything goes wrong that the emulators can do wrong and the worker dies again
// and again; then every transcript is compared with its room:
//   node tests/soak/main.mjs [--minutes 5] [--conversations 200] [--seed N] [--share 0.05] [--restart 60] [--easy-text]
//     [--journal FILE]
// The seed fixes the faults and what is written, not the time that things take.
import { createHash, randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Chance } from '../emulators/chance.mjs';
import { startWorld } from '../harness.mjs';
import { compare, foundLate, toldLost } from './check.mjs';
import { Desk } from './desk.mjs';
import { Evidence } from './evidence.mjs';
import { Load, settings } from './load.mjs';
import { printDifferences, progress, table, verdict } from './report.mjs';

const VENDORS = ['/webex/v1', '/google', '/dialogflow'];
/** What is waited for at the end comes as long as something moves; the worker tries again after a minute at most. */
const STILL_MS = 75_000;
const LONGEST_WAIT_MS = 240_000;
/** Of the agents' files, so many are held back. */
const SCANS = 0.3;
/** Between two webhooks that Webex switches off, and between two moves to another of its regions. */
const SWITCHED_OFF_MS = 10_000;
const REGIONS = ['us', 'urn:TEAM:eu-central-1_k'];
/** What a worker says when its code has stopped. */
const TRAP = /RuntimeError|unreachable executed|panicked at/g;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    conversations: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(randomInt(1, 1_000_000)) },
    share: { type: 'string', default: '0.05' },
    restart: { type: 'string', default: '60' },
    /** Where every call and delivery is written, one JSON a line. */
    journal: { type: 'string' },
    /** Agents write nothing in which a tag is followed by a letter that is not ASCII. */
    'easy-text': { type: 'boolean', default: false },
  },
});
const plan = { seed: values.seed, hard: !values['easy-text'] };
for (const name of ['minutes', 'conversations', 'share', 'restart']) {
  plan[name] = Number(values[name]);
  const fits = plan[name] > 0 || (plan[name] === 0 && ['share', 'restart'].includes(name));
  if (!fits) fail(new Error(`--${name} must be a number above 0`));
}
const command = `cargo xtask soak ${process.argv.slice(2).filter((one, at, all) => one !== '--seed' && all[at - 1] !== '--seed' && !one.startsWith('--seed=')).join(' ')} --seed ${plan.seed}`.replace('  ', ' ');

let world;
let load;
let evidence;
let restarting;
let desk;
let [restarts, traps, unsettled, switchedOff] = [0, 0, 0, 0];
let isStopped = false;
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stop().then(() => process.exit(1)));

let isGood = false;
try {
  console.log(`seed ${plan.seed}: ${plan.conversations} conversations, ${plan.minutes} minutes, faults ${plan.share * 100} %`);
  world = await startWorld({ settings, vars: { DESK_CHECK_SECONDS: '10' } });
  if (!isStopped) isGood = await run();
} catch (error) {
  if (!isStopped) fail(error);
} finally {
  await stop();
}
process.exit(isGood ? 0 : 1);

async function run() {
  const { parts } = world.emulators;
  evidence = new Evidence(parts);
  const chance = new Chance(plan.seed);
  desk = new Desk(world);
  load = new Load(world, desk, { conversations: plan.conversations, chance, hard: plan.hard, scans: plan.share > 0 ? SCANS : 0 });
  const watching = desk.watch();
  for (const vendor of VENDORS) {
    parts.faults.plan({ route: `* ${vendor}`, chance: plan.share, seed: `${plan.seed}${vendor}` });
  }
  parts.webex.deliveries.disturb({ chance: plan.share, seed: plan.seed });

  const began = Date.now();
  const show = () => {
    progress(Math.round((Date.now() - began) / 1000), { conversations: load.begun.length, load, evidence, restarts });
  };
  const showing = setInterval(show, 10_000);
  try {
    const until = began + plan.minutes * 60_000;
    const killing = plan.restart > 0 ? killAgainAndAgain(until) : undefined;
    const switching = plan.share > 0 ? switchOffAgainAndAgain(until, chance.of('webhooks')) : undefined;
    await Promise.race([Promise.all([load.run(until - Date.now()), killing, switching]), watching]);
    parts.faults.clear();
    parts.webex.deliveries.disturb({ chance: 0 });
    const wait = { settled: await settled(load.begun), ended: await ended(load.begun) };
    clearInterval(showing);
    show();
    return await report({ wait, seconds: Math.round((Date.now() - began) / 1000) });
  } finally {
    clearInterval(showing);
  }
}

async function killAgainAndAgain(until) {
  // The last one is some time before the end of the load, so that what comes after it is tried too.
  while (Date.now() + plan.restart * 1000 < until) {
    await sleep(plan.restart * 1000);
    if (isStopped) return;
    countTraps();
    const { exitCode, signalCode } = world.worker;
    if (exitCode !== null || signalCode) throw new Error(`the worker has ended by itself (${exitCode ?? signalCode})`);
    evidence.restarted('is killed');
    restarting = world.restartWorker();
    await restarting;
    evidence.restarted('runs again');
    restarts += 1;
  }
}

/** The site finds it with its next look; until then messages are found by looks alone. */
async function switchOffAgainAndAgain(until, chance) {
  for (let turn = 1; !isStopped && Date.now() + SWITCHED_OFF_MS < until; turn += 1) {
    await sleep(SWITCHED_OFF_MS);
    if (desk.switchOffWebhook(chance.next())) switchedOff += 1;
    desk.moveTo(REGIONS[turn % REGIONS.length]);
  }
}

function countTraps() {
  traps += world.output.match(TRAP)?.length ?? 0;
}

/** Everybody has been told everything. */
function isSettled({ visitor, answers }) {
  const heard = visitor.entries.filter(({ said }) => said.agent?.body.length > 0).length;
  return visitor.isServed && heard >= answers.length;
}

async function settled(conversations) {
  return moving(() => conversations.every(isSettled));
}

/**
 * Ends every conversation, half of them from the desk; then no webhook is left. Where something is missing agents end it,
 * since that reads the room once more: the site reads few rooms a minute in which nothing but our own posts is new.
 */
async function ended(conversations) {
  for (const conversation of conversations) {
    const { index, visitor, reference } = conversation;
    const room = desk.roomOf(reference);
    const isMissing = !isSettled(conversation);
    if (isMissing) unsettled += 1;
    if ((isMissing || index % 2 === 0) && room) await desk.say(room.agents[0], room.id, { text: '/close' });
    else visitor.ask('end');
  }
  const isOver = () => conversations.every(({ visitor }) => visitor.isClosed) && desk.webhooks().size === 0;
  const seconds = await moving(isOver);
  // The last notices are on their way.
  let before;
  while (!isStopped && before !== (before = evidence.news)) await sleep(2_000);
  return seconds;
}

/** Waits for a fact. Gives the seconds it took; undefined: nothing moved any more, and it did not come. */
async function moving(isTrue) {
  const began = Date.now();
  let [before, movedAt] = ['', began];
  while (!isStopped && Date.now() - began < LONGEST_WAIT_MS && Date.now() - movedAt < STILL_MS) {
    if (isTrue()) return Math.round((Date.now() - began) / 1000);
    const now = JSON.stringify([evidence.news, ...load.begun.map(({ visitor }) => visitor.entries.length)]);
    if (now !== before) [before, movedAt] = [now, Date.now()];
    await sleep(500);
  }
  return undefined;
}

async function report({ wait, seconds }) {
  countTraps();
  const [rooms, hooks] = [desk.allRooms(), desk.webhooks()];
  const differences = [];
  const add = (conversation, found) => differences.push(...found.map((one) => ({ conversation, ...one })));
  let [late, told] = [0, 0];
  for (const conversation of load.begun) {
    const { visitor, reference } = conversation;
    const entries = await visitor.transcript();
    const own = { rooms: rooms.get(reference) ?? [], hooks: hooks.get(visitor.session.conversation) ?? [], entries };
    add(conversation, compare(conversation, own));
    add(conversation, await compareFiles(conversation, own));
    late += foundLate(entries);
    told += toldLost(entries);
    rooms.delete(reference);
  }
  const sum = (key) => load.conversations.reduce((all, { visitor }) => all + visitor[key], 0);
  table([
    ['conversations', load.begun.length],
    ['messages of visitors', load.count('said')],
    ['files of visitors', load.count('files')],
    ['messages of agents', load.count('answers')],
    ['notes among agents', load.count('notes')],
    ['calls to vendors', evidence.calls],
    ...Object.entries(evidence.kinds()).sort().map(([kind, count]) => [`  ${kind}`, count]),
    ['webhooks switched off', switchedOff],
    ['files held back by a scan', load.scanned],
    ['restarts of the worker', restarts],
    ['connections that broke', sum('reconnects')],
    ['gaps that were read again', sum('gaps')],
    ['agents’ messages found late', late],
    ['notices of something not passed on', told],
    ['traps of the worker', traps],
    ['seconds until all had settled', wait.settled ?? 'never'],
    ['conversations that had not', unsettled],
    ['seconds until all had ended', wait.ended ?? 'never'],
    ['seconds in all', seconds],
  ]);
  if (values.journal) evidence.write(values.journal);
  printDifferences(differences, evidence);
  const others = [];
  if (rooms.size > 0) others.push(`${rooms.size} rooms of no conversation: ${[...rooms.keys()].slice(0, 10)}`);
  // Only `/close`, which reads the room once more, has made them whole.
  if (unsettled > 0) others.push(`${unsettled} conversations did not settle by themselves`);
  // Two minutes of faults meet each of them.
  if (plan.minutes >= 2 && plan.share > 0 && (switchedOff === 0 || load.scanned === 0)) others.push('some faults did not happen');
  if (traps > 0) others.push(`the worker's code stopped ${traps} times`);
  const open = load.begun.filter(({ visitor }) => !visitor.isClosed);
  if (open.length > 0) others.push(`${open.length} conversations did not end: ${open.slice(0, 10).map(({ index }) => index)}`);
  return verdict(differences, { others, command });
}

/** The bytes of each file, both ways. */
async function compareFiles({ files, answers, visitor }, { rooms, entries }) {
  const found = [];
  for (const { name, bytes } of files) {
    const post = rooms[0]?.messages.find(({ text, files: sent }) => text === name && sent);
    if (post && !isSame(await desk.content(post.files[0]), bytes)) found.push({ kind: 'altered', what: `bytes of ${name}` });
  }
  for (const { file } of answers.filter((answer) => answer.file)) {
    const shown = entries.flatMap(({ said }) => said.agent?.files ?? []).find(({ name }) => name === file.name);
    const link = shown && (await visitor.world.post(`/v1/conversations/${visitor.session.conversation}/files/${shown.number}`, '', {
      authorization: `Bearer ${visitor.session.token}`,
    }));
    const opened = link && (await fetch(world.url + link.body.url));
    if (opened && !isSame(Buffer.from(await opened.arrayBuffer()), file.bytes)) {
      found.push({ kind: 'altered', what: `bytes of ${file.name} (${opened.status})` });
    }
  }
  return found;
}

function isSame(one, other) {
  const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');
  return digest(one) === digest(other);
}

/** Ends everything that was started, by itself. */
async function stop() {
  if (isStopped) return;
  isStopped = true;
  load?.stop();
  desk?.close();
  load?.conversations.forEach(({ visitor }) => visitor.leave());
  // A worker that is just being started again must not be left behind.
  await restarting?.catch(() => {});
  await world?.close().catch(() => {});
}

function fail(error) {
  console.error(`The soak cannot go on: ${error.stack ?? error.message}`);
  if (world?.output) console.error(world.output.slice(-4000));
  process.exitCode = 1;
}
