import { Chance, wrongAnswer } from './chance.mjs';
import { refusal } from './refusal.mjs';

/**
 * @typedef {object} Fault
 * @property {string} route `POST /webex/v1/messages`: a method or `*`, and the start of a path and its query, with `*` as wildcard
 * @property {number} [times] how many calls it hits; one when absent
 * @property {number} [status] answered instead of the vendor's answer
 * @property {Record<string, string>} [headers]
 * @property {object | string} [body] the vendor's error shape when absent
 * @property {number} [delay_ms] waited first; the call then goes on unless a status or body is given
 * @property {'before' | 'after'} [drop] cut the connection without executing the call, or after executing it
 * @property {boolean | 'after'} [hang] answer nothing until the caller gives up, without executing the call or after it
 * @property {number} [chance] from 0 to 1: in place of all of the above, any of what `chance.mjs` knows, this often
 * @property {number | string} [seed] of the chance
 */

/** The calls that are to go wrong, in the order they were ordered. */
export class Faults {
  #planned = [];
  #random = [];

  /** @param {Fault} fault */
  plan(fault) {
    const { route, times = 1, status, delay_ms, drop, hang, chance, seed = 0 } = fault;
    const [method, path, ...rest] = String(route).split(' ');
    if (!method || !path?.startsWith('/') || rest.length > 0) refuse('route must look like "POST /webex/v1/messages"');
    if (!Number.isInteger(times) || times < 1) refuse('times must be a whole number from 1');
    if (status !== undefined && !(status >= 200 && status <= 599)) refuse('status must be from 200 to 599');
    if (delay_ms !== undefined && !(delay_ms >= 0)) refuse('delay_ms must not be negative');
    if (drop !== undefined && drop !== 'before' && drop !== 'after') refuse('drop must be "before" or "after"');
    if (hang !== undefined && hang !== true && hang !== 'after') refuse('hang must be true or "after"');
    if (chance !== undefined) return this.#leaveToChance(matcher(method, path), chance, seed);
    this.#planned.push({ ...fault, matches: matcher(method, path), left: times });
  }

  /** Those that no call has met yet, or not as often as they were planned. */
  get unmet() {
    return this.#planned.map(({ matches, ...fault }) => fault);
  }

  clear() {
    this.#planned = [];
    this.#random = [];
  }

  /** The fault for this call, used up by one; undefined when the call may pass. */
  take(method, path) {
    const fault = this.#planned.find((one) => one.matches(method, path));
    if (!fault) return this.#byChance(method, path);
    fault.left -= 1;
    if (fault.left === 0) this.#planned = this.#planned.filter((one) => one !== fault);
    return fault;
  }

  #leaveToChance(matches, share, seed) {
    if (!(share >= 0 && share <= 1)) refuse('chance must be from 0 to 1');
    this.#random.push({ matches, share, chance: new Chance(seed) });
  }

  #byChance(method, path) {
    const random = this.#random.find((one) => one.matches(method, path));
    return random?.chance.happens(random.share) ? wrongAnswer(random.chance) : undefined;
  }
}

/** What a fault answers instead of the vendor; undefined when the call is to be executed. */
export function faultReply(fault, path) {
  const { status, headers, body } = fault;
  if (status === undefined && body === undefined) return undefined;
  if (body === undefined) {
    const usual = refusal(path, status);
    return { ...usual, headers: { ...usual.headers, ...headers } };
  }
  return { status: status ?? 200, headers, body };
}

function matcher(method, path) {
  const literal = path.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const pattern = new RegExp(`^${literal.join('.*')}`);
  return (givenMethod, givenPath) => (method === '*' || method === givenMethod) && pattern.test(givenPath);
}

function refuse(message) {
  throw new RangeError(message);
}
