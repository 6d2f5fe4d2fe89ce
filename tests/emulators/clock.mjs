/** The emulators' clock: real time plus what a test has added. */
export class Clock {
  #ahead = 0;

  /** Unix milliseconds. */
  now() {
    return Date.now() + this.#ahead;
  }

  /** `2016-04-21T19:12:48.920Z`, as Webex writes a time. */
  iso() {
    return new Date(this.now()).toISOString();
  }

  advance(ms) {
    this.#ahead += ms;
  }

  reset() {
    this.#ahead = 0;
  }
}
