import { WebexError } from './errors.mjs';

const WINDOW_MS = 60_000;

/** What Webex takes of one user a minute, for each class of paths (`rooms`, `messages` …). Off until it is set. */
export class Limits {
  #clock;
  #perMinute = 0;
  #of;
  #calls = new Map();

  constructor(clock) {
    this.#clock = clock;
  }

  /** With 0 there is no limit; `of`: the address of the one user it is for. */
  set(perMinute, of) {
    this.#perMinute = perMinute;
    this.#of = of;
    this.#calls.clear();
  }

  /** Counts a call, or refuses it; a refused one is not counted. */
  count(caller, path) {
    if (this.#perMinute === 0 || (this.#of && this.#of !== caller.email)) return;
    const now = this.#clock.now();
    const key = `${caller.id} ${path.split('/')[1]}`;
    const calls = (this.#calls.get(key) ?? []).filter((at) => now - at < WINDOW_MS);
    this.#calls.set(key, calls);
    if (calls.length >= this.#perMinute) {
      const seconds = Math.ceil((calls[0] + WINDOW_MS - now) / 1000);
      throw new WebexError(429, undefined, undefined, { 'Retry-After': String(seconds) });
    }
    calls.push(now);
  }
}
