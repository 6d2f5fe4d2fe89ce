// What is done with the connections, and how long it takes.
import { setTimeout as sleep } from 'node:timers/promises';

/** Between two messages of a ping-pong, so that each meets a server at rest. */
const PAUSE = 6;
/** The last webhook deliveries come after the desk's answer. */
const SETTLE = 150;
/** Nothing that was sent takes this long. */
const LOST_AFTER = 20_000;

/** One message at a time, from each visitor in turn. Gives microseconds, sorted. */
export async function pingPong(chats, seconds) {
  for (const chat of chats) await chat.say();
  await Promise.all(chats.map((chat) => chat.quiet()));
  const end = performance.now() + seconds * 1000;
  return paced(
    () => performance.now() < end,
    async (turn) => {
      const chat = chats[turn % chats.length];
      const time = await chat.say();
      return [time, chat.quiet()];
    },
  );
}

/** An agent answers so many times, one message at a time. */
export async function answers(chat, desk, count) {
  await chat.hear(desk);
  return paced(
    (turn) => turn < count,
    async () => [await chat.hear(desk), undefined],
  );
}

/** Gives the times, sorted. */
async function paced(goesOn, once) {
  const times = [];
  for (let turn = 0; goesOn(turn); turn += 1) {
    const pause = sleep(PAUSE);
    const [time, rest] = await once(turn);
    times.push(time);
    await Promise.all([pause, rest]);
  }
  return times.sort((one, other) => one - other);
}

/**
 * Bursts of `each` messages a visitor with so many in flight; between two bursts the desk catches up. The rate
 * counts the bursts alone, the CPU everything.
 */
export async function bursts(chats, seconds, { each, inFlight, cpu }) {
  const cpuBefore = cpu();
  const end = performance.now() + seconds * 1000;
  let [sent, busy] = [0, 0];
  do {
    const started = performance.now();
    await send(chats, each * chats.length, inFlight);
    busy += performance.now() - started;
    sent += each * chats.length;
    await Promise.all(chats.map((chat) => chat.quiet()));
  } while (performance.now() < end);
  await sleep(SETTLE);
  return { sent, perSecond: (sent / busy) * 1000, cpu: (cpu() - cpuBefore) / sent };
}

/** Fills a transcript. */
export async function fill(chat, count) {
  for (let sent = 0; sent < count; sent += 20) {
    await send([chat], Math.min(20, count - sent), 20);
    await chat.quiet();
  }
}

async function send(chats, count, inFlight) {
  let left = count;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      await chats[left % chats.length].say();
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}

/** Waits for a step, but not for ever: what has not come back by then is lost. */
export async function within(seconds, chats, step) {
  const late = new AbortController();
  const timeout = sleep(seconds * 1000 + LOST_AFTER, undefined, { signal: late.signal }).then(() => {
    const missing = chats.reduce((sum, chat) => sum + chat.missing, 0);
    throw new Error(missing > 0 ? `${missing} messages are lost` : 'the desk did not take everything');
  });
  timeout.catch(() => {});
  try {
    return await Promise.race([step, timeout]);
  } finally {
    late.abort();
  }
}
