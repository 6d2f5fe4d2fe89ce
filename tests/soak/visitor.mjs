// A visitor's panel, as far as the wire is concerned: it sends what has not come back again and again, as the real
// one does (`shared/src/client`), over a socket that breaks or by polls.
import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket from 'ws';
import { Visitor } from '../harness.mjs';

const SEND_AGAIN_MS = 15_000;
const START_TIMEOUT_MS = 10_000;
const BACK_OFF_MS = [300, 600, 1_200, 2_500, 5_000];
/** Characters of text in one poll. */
const MAX_POLL = 6 * 1024;

export class SoakVisitor extends Visitor {
  /** Messages and requests that have not come back. */
  outgoing = [];
  controls = [];
  /** What the edge said no to. */
  refused = [];
  cursor = 0;
  reconnects = 0;
  gaps = 0;
  isOver = false;
  #sendAgainAt = Infinity;
  #tries = 0;
  #polls;
  #timer;
  #chance;

  constructor(world, chance, { polls }) {
    super(world, Array.from({ length: 30 }, () => chance.one('abcdefghijklmnopqrstuvwxyz0123456789')).join(''));
    this.#polls = polls;
    this.#chance = chance.of('link');
  }

  /** Begins the conversation, however often it takes. */
  async begin(topic, answers, isStopped) {
    for (;;) {
      const started = this.start(topic, answers).catch((error) => ({ status: 0, body: error.message }));
      const late = sleep(START_TIMEOUT_MS, { status: 0, body: 'no answer' }, { ref: false });
      const { status, body } = await Promise.race([started, late]);
      if (this.session) break;
      if (isStopped()) throw new Error(`a conversation could not be started: ${status} ${JSON.stringify(body)}`);
      if (status >= 400 && status < 500) throw new Error(`a start was refused: ${JSON.stringify(body)}`);
      await sleep(this.#backOff());
    }
    this.#tries = 0;
    if (this.#polls) this.#pollOn();
    else this.#open();
    this.#timer = setInterval(() => this.#tick(), 500);
  }

  write(id, text) {
    this.outgoing.push({ id, text });
    this.#flush();
  }

  /** A request like `end`, repeated until the state grants it. */
  ask(control) {
    if (!this.controls.includes(control)) this.controls.push(control);
    this.#flush();
  }

  /** The connection breaks without a word, and is back after a while. */
  loseConnection(ms) {
    this.#reopen(ms);
  }

  leave() {
    this.isOver = true;
    clearInterval(this.#timer);
    this.#forget();
  }

  /** The transcript as the edge has it, read anew from its beginning. */
  async transcript() {
    const entries = [];
    for (;;) {
      const { status, body } = await this.poll({ after: entries.at(-1)?.seq ?? 0, frames: [] });
      if (status !== 200) throw new Error(`a transcript could not be read: ${status} ${JSON.stringify(body)}`);
      const page = body.frames.flatMap((frame) => frame.entries ?? []);
      if (page.length === 0) return entries;
      entries.push(...page);
    }
  }

  /** Everything written has come back, and is in the room. */
  get isServed() {
    if (this.outgoing.length > 0 || !this.state) return false;
    const last = this.entries.findLast(({ said }) => said.visitor)?.seq ?? 0;
    return this.state.delivered >= last;
  }

  get isClosed() {
    return this.state?.phase?.closed !== undefined;
  }

  #open() {
    if (this.isOver) return;
    const { conversation, token } = this.session;
    const url = `${this.world.url.replace('http', 'ws')}/v1/conversations/${conversation}/socket?after=${this.cursor}`;
    const socket = new WebSocket(url, ['edgechat.v1', token], { handshakeTimeout: 10_000 });
    this.socket = socket;
    socket.on('message', (data) => {
      if (this.socket === socket) this.#take(JSON.parse(String(data)));
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.socket === socket) this.#reopen(this.#backOff());
    });
  }

  #reopen(ms) {
    this.#forget();
    if (this.#polls || this.isOver) return;
    this.reconnects += 1;
    setTimeout(() => this.socket ?? this.#open(), ms).unref();
  }

  #forget() {
    const socket = this.socket;
    this.socket = undefined;
    this.isOpen = false;
    socket?.terminate();
  }

  async #pollOn() {
    while (!this.isOver) {
      const frames = [...this.#unsent(MAX_POLL), ...this.controls];
      const answer = await this.poll({ after: this.cursor, frames }).catch(() => undefined);
      if (answer?.status === 200) {
        this.#tries = 0;
        answer.body.frames.forEach((frame) => this.#take(frame));
        await sleep(this.#chance.between(800, 2_500));
      } else {
        await sleep(this.#backOff());
      }
    }
  }

  #unsent(limit = Infinity) {
    let length = 0;
    const fits = ({ text }, index) => (length += text.length) <= limit || index === 0;
    return this.outgoing.filter(fits).map(({ id, text }) => ({ send: { id, text } }));
  }

  #tick() {
    if (Date.now() >= this.#sendAgainAt) this.#flush();
  }

  #flush() {
    if (!this.isOpen) return;
    const frames = [...this.#unsent(), ...this.controls];
    frames.forEach((frame) => this.frame(frame));
    this.#sendAgainAt = frames.length > 0 ? Date.now() + SEND_AGAIN_MS : Infinity;
  }

  #take(frame) {
    if (frame.hello) {
      this.#tries = 0;
      // Storage that knows less than we were told has forgotten something.
      if (frame.hello.state.last < this.cursor) this.wentBack = { from: this.cursor, to: frame.hello.state.last };
      this.#takeState(frame.hello.state);
      this.isOpen = !this.#polls;
      this.#flush();
    }
    if (frame.state) this.#takeState(frame.state);
    if (frame.delivered && this.state) this.state.delivered = Math.max(this.state.delivered, frame.delivered.through);
    if (frame.rejected) this.#rejected(frame.rejected);
    for (const entry of frame.entries ?? []) {
      if (entry.seq <= this.cursor) continue;
      if (entry.seq !== this.cursor + 1) {
        this.gaps += 1;
        if (!this.#polls) this.#reopen(0);
        return;
      }
      this.cursor = entry.seq;
      this.entries.push(entry);
      const id = entry.said.visitor?.id;
      if (id) this.outgoing = this.outgoing.filter((one) => one.id !== id);
    }
  }

  #takeState(state) {
    this.state = state;
    const { phase } = state;
    const isGranted = { ask_for_person: phase !== 'with_bot', end: phase.closed !== undefined };
    this.controls = this.controls.filter((control) => !isGranted[control]);
  }

  #rejected({ id, code }) {
    const wait = code.too_fast?.retry_after_ms;
    if (wait !== undefined) {
      this.#sendAgainAt = Date.now() + wait;
    } else {
      this.refused.push({ id, code });
      this.outgoing = this.outgoing.filter((one) => one.id !== id);
    }
  }

  #backOff() {
    const most = BACK_OFF_MS[Math.min(this.#tries, BACK_OFF_MS.length - 1)];
    this.#tries += 1;
    return most * this.#chance.between(0.5, 1);
  }
}
