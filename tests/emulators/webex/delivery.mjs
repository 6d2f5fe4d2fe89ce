import { createHmac } from 'node:crypto';
import { Chance, disorder } from '../chance.mjs';

const WINDOW_MS = 5 * 60 * 1000;
/** Of a delivery that something before the receiver drops each time. */
const MOST_TRIES = 5;
const MAX_FAILURES = 100;
const TIMEOUT_MS = 10_000;

const ORDERS = {
  same: (held) => held,
  reverse: (held) => held.reverse(),
  shuffle: (held, seed) => new Chance(seed).shuffled(held),
};

const NOTHING_WRONG = { drop: 0, duplicate: 0, hold: false, parallel: false };

/** Deliveries that are remembered, to be made again. */
const REMEMBERED = 10_000;

export const RELEASE_ORDERS = Object.keys(ORDERS);

/**
 * Posts webhook payloads. A webhook's deliveries go out one after the other, so that a test sees one order unless
 * it asks for another (`parallel`, a shuffled release, a replay). Nothing is tried twice.
 */
export class Deliveries {
  #clock;
  #queues = new Map();
  #held = [];
  #made = [];
  #plan = { ...NOTHING_WRONG };
  #stop = new AbortController();
  #pending = 0;
  #disorder;
  #overtaken = new Map();

  /** Told of each delivery, and of what becomes of it. */
  told = () => {};

  /** Whether an answer is that of something before the receiver, which has dropped the delivery: then it is sent again. */
  hasNotArrived = () => false;

  constructor(clock) {
    this.#clock = clock;
  }

  /** Deliveries that are under way, and those that are held back. */
  get counts() {
    return { pending: this.#pending, held: this.#held.length };
  }

  /**
   * Changes what is to go wrong: `drop` and `duplicate` count deliveries, `hold` keeps them back, `parallel` lets none
   * wait for another.
   */
  plan(changes) {
    Object.assign(this.#plan, changes);
  }

  /** Forgets what waits and breaks off what is under way. */
  reset() {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#queues.clear();
    this.#held = [];
    this.#made = [];
    this.#pending = 0;
    this.#plan = { ...NOTHING_WRONG };
    this.#disorder = undefined;
    this.#overtaken.clear();
  }

  schedule(webhook, payload) {
    if (this.#plan.drop > 0) {
      this.#plan.drop -= 1;
      return;
    }
    if (webhook.drops > 0) {
      webhook.drops -= 1;
      return;
    }
    const delivery = { webhook, body: JSON.stringify(payload), stopped: this.#stop.signal };
    if (this.#disorder) return this.#disturbed(delivery);
    const copies = this.#plan.duplicate > 0 ? [delivery, delivery] : [delivery];
    if (copies.length > 1) this.#plan.duplicate -= 1;
    if (this.#plan.hold) this.#held.push(...copies);
    else copies.forEach((copy) => this.#enqueue(copy));
  }

  /** Sends what was held back in the given order, one by one or all at once, and holds no longer. */
  async release(order, { seed, parallel = false } = {}) {
    const deliveries = ORDERS[order](this.#held.splice(0), seed);
    this.#plan.hold = false;
    if (parallel) await Promise.all(deliveries.map((delivery) => this.#deliver(delivery)));
    else for (const delivery of deliveries) await this.#deliver(delivery);
    return deliveries.length;
  }

  /** Makes again, byte for byte, every delivery that was made about this item, whatever became of its webhook. */
  async replay(id) {
    const deliveries = this.#made.filter(({ body }) => JSON.parse(body).data.id === id);
    let taken = 0;
    for (const delivery of deliveries) if (await this.#post(delivery)) taken += 1;
    return { replayed: deliveries.length, taken };
  }

  /** From now on deliveries are lost, doubled, delayed and overtaken, each with this share; with none, no more. */
  disturb({ chance: share, seed = 0 }) {
    this.#disorder = share > 0 ? { share, chance: new Chance(seed) } : undefined;
  }

  #disturbed(delivery) {
    const { way, after_ms } = disorder(this.#disorder.chance, this.#disorder.share) ?? {};
    this.told(delivery, way ?? 'sent');
    if (way === 'dropped') return;
    if (way === 'delayed') return this.#later(after_ms, () => this.#deliver(delivery));
    if (way === 'overtaken') return this.#letOvertake(delivery, after_ms);
    this.#enqueue(delivery);
    if (way === 'doubled') this.#later(after_ms, () => this.#deliver(delivery));
    this.#overtaken.get(delivery.webhook.id)?.();
  }

  /** Goes out behind the webhook's next one, or when there is none for this long. */
  #letOvertake(delivery, longest) {
    const { id } = delivery.webhook;
    this.#overtaken.get(id)?.();
    const goOn = () => {
      if (this.#overtaken.get(id) !== goOn) return;
      this.#overtaken.delete(id);
      this.#enqueue(delivery);
    };
    this.#overtaken.set(id, goOn);
    this.#later(longest, goOn);
  }

  #later(ms, work) {
    setTimeout(work, ms).unref();
  }

  #enqueue(delivery) {
    if (this.#plan.parallel) return void this.#deliver(delivery);
    const before = this.#queues.get(delivery.webhook.id) ?? Promise.resolve();
    this.#queues.set(
      delivery.webhook.id,
      before.then(() => this.#deliver(delivery)),
    );
  }

  async #deliver(delivery) {
    const { webhook, stopped } = delivery;
    if (stopped.aborted || webhook.status !== 'active') return;
    this.#pending += 1;
    this.#made.push(delivery);
    if (this.#made.length > REMEMBERED) this.#made.shift();
    const isDelivered = await this.#post(delivery);
    this.told(delivery, isDelivered ? 'taken' : 'not taken');
    if (stopped.aborted) return;
    this.#pending -= 1;
    if (!isDelivered) this.#countFailure(webhook);
  }

  async #post(delivery, tries = 1) {
    const { webhook, body, stopped } = delivery;
    const headers = { 'Content-Type': 'application/json' };
    if (webhook.secret) headers['X-Spark-Signature'] = createHmac('sha1', webhook.secret).update(body).digest('hex');
    try {
      const signal = AbortSignal.any([stopped, AbortSignal.timeout(TIMEOUT_MS)]);
      const response = await fetch(webhook.targetUrl, { method: 'POST', headers, body, signal, redirect: 'manual' });
      const text = await response.text();
      if (tries < MOST_TRIES && this.hasNotArrived(response.status, text)) return this.#post(delivery, tries + 1);
      return response.ok;
    } catch {
      return false;
    }
  }

  #countFailure(webhook) {
    const now = this.#clock.now();
    webhook.failures = webhook.failures.filter((at) => now - at < WINDOW_MS);
    webhook.failures.push(now);
    const isOnProbation = webhook.revivedAt !== undefined && now - webhook.revivedAt < WINDOW_MS;
    if (isOnProbation || webhook.failures.length >= MAX_FAILURES) webhook.status = 'inactive';
  }
}

