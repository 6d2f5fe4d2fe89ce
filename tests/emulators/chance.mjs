// What goes wrong by chance, and goes wrong the same way again from the same seed.

/** Numbers that look random and follow from a seed (mulberry32). */
export class Chance {
  #seed;
  #state;

  /** @param {number | string} seed */
  constructor(seed) {
    this.#seed = seed;
    this.#state = fingerprint(String(seed));
  }

  /** A generator of its own, so that what one part draws does not shift what another draws. */
  of(name) {
    return new Chance(`${this.#seed}/${name}`);
  }

  /** From 0 to 1. */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  happens(share) {
    return this.next() < share;
  }

  between(low, high) {
    return low + this.next() * (high - low);
  }

  /** A whole number, both ends included. */
  whole(low, high) {
    return Math.floor(this.between(low, high + 1));
  }

  one(items) {
    return items[this.whole(0, items.length - 1)];
  }

  /** The items in any order (Fisher-Yates). */
  shuffled(items) {
    const order = [...items];
    for (let last = order.length - 1; last > 0; last -= 1) {
      const other = this.whole(0, last);
      [order[last], order[other]] = [order[other], order[last]];
    }
    return order;
  }

  /** Of something that happens this often on average, whenever it likes: the time until the next one. */
  wait(average) {
    return -Math.log(1 - this.next()) * average;
  }
}

/** A seed to print, so that what happened can be made to happen again. */
export const newSeed = () => Math.floor(Math.random() * 2 ** 31);

/** FNV-1a, 32 bits. */
function fingerprint(text) {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}

/** How many of the refused tokens are no longer good for anybody: all conversations have to get the new one. */
const REVOKED = 0.2;

const HTML = { status: 200, headers: { 'content-type': 'text/html' }, body: '<!doctype html><title>Please wait</title>' };

/**
 * What can be wrong with an answer. A 400, 403 or 404 is none of it: each says that something is so, for good.
 * @type {Record<string, (chance: Chance) => object>}
 */
const WRONG_ANSWERS = {
  'slow down': (chance) => ({ status: 429, headers: { 'retry-after': String(chance.whole(1, 3)) } }),
  500: () => ({ status: 500 }),
  502: () => ({ status: 502 }),
  503: () => ({ status: 503 }),
  'token refused': (chance) => ({ status: 401, revokes: chance.happens(REVOKED) }),
  'cut before': () => ({ drop: 'before' }),
  'cut after': () => ({ drop: 'after' }),
  'late call': (chance) => ({ delay_ms: chance.whole(500, 4_000) }),
  'late answer': (chance) => ({ delay_ms: chance.whole(500, 4_000), is_done_first: true }),
  'no answer': () => ({ hang: true }),
  'no answer after': () => ({ hang: 'after' }),
  'half an answer': () => ({ keeps: 0.5 }),
  'empty answer': () => ({ keeps: 0 }),
  'HTML page': () => HTML,
};

/** Each kind as often as the others. */
export function wrongAnswer(chance) {
  const kind = chance.one(Object.keys(WRONG_ANSWERS));
  return { kind, ...WRONG_ANSWERS[kind](chance) };
}

/** What a fault leaves of an answer. */
export function remains(reply, { keeps } = {}) {
  if (keeps === undefined || reply.body === undefined) return reply;
  const isBytes = Buffer.isBuffer(reply.body) || typeof reply.body === 'string';
  const whole = Buffer.from(isBytes ? reply.body : JSON.stringify(reply.body));
  return { ...reply, body: whole.subarray(0, Math.floor(whole.length * keeps)) };
}

/** How a delivery goes astray, each way with the same share; undefined when it does not. */
export function disorder(chance, share) {
  const ways = ['dropped', 'doubled', 'delayed', 'overtaken'];
  const drawn = chance.next() / share;
  return drawn < ways.length ? { way: ways[Math.floor(drawn)], after_ms: chance.whole(500, 8_000) } : undefined;
}
