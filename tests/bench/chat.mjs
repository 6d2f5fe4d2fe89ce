// One visitor's connection, to the worker or to the relay: the same client for both.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import WebSocket from 'ws';

const ANNA = 'agent-anna';
const TEXT = 'The hundred bytes that a visitor writes to the people at the desk, in each message of this bench run';

let messages = 0;

export class Chat {
  #socket;
  #waiting = new Map();
  #stored = 0;
  #delivered = 0;
  #quiet = [];
  #broken;

  constructor(socket) {
    this.#socket = socket;
    socket.on('message', (data) => this.#take(JSON.parse(data)));
    socket.on('close', (code) => this.#fail(new Error(`the connection was closed (${code})`)));
  }

  static async open(url, protocols) {
    const socket = new WebSocket(url.replace('http', 'ws'), protocols, { perMessageDeflate: false });
    const chat = new Chat(socket);
    await once(socket, 'open');
    return chat;
  }

  /** Messages that have not come back. */
  get missing() {
    return this.#waiting.size;
  }

  /** Sends one message; gives the microseconds until it came back. */
  say() {
    const id = `message-${(messages += 1)}`;
    const back = this.#expect(id);
    this.#socket.send(JSON.stringify({ send: { id, text: TEXT } }));
    return back;
  }

  /** An agent writes in this conversation's room; gives the microseconds until the visitor has it. */
  async hear(desk) {
    const text = `answer-${(messages += 1)}`;
    const heard = this.#expect(text);
    await webex(desk, '/messages', { roomId: this.room, text });
    return heard;
  }

  /** When everything is back, and the desk has it too. */
  quiet() {
    return this.#isQuiet ? Promise.resolve() : new Promise((resolve) => this.#quiet.push(resolve));
  }

  close() {
    this.#socket.removeAllListeners('close');
    this.#socket.close();
  }

  get #isQuiet() {
    return this.#waiting.size === 0 && this.#delivered >= this.#stored;
  }

  #expect(key) {
    if (this.#broken) return Promise.reject(this.#broken);
    return new Promise((resolve, reject) => {
      this.#waiting.set(key, { resolve, reject, since: performance.now() });
    });
  }

  #take(frame) {
    // The relay's answer is what was sent.
    if (frame.send) this.#came(frame.send.id);
    for (const { seq, said } of frame.entries ?? []) {
      if (said.visitor) {
        this.#stored = seq;
        this.#came(said.visitor.id);
      }
      if (said.agent) this.#came(said.agent.body[0].text);
    }
    if (frame.delivered) this.#delivered = frame.delivered.through;
    if (frame.rejected) this.#fail(new Error(`rejected: ${JSON.stringify(frame.rejected)}`));
    if (this.#isQuiet) for (const resolve of this.#quiet.splice(0)) resolve();
  }

  #came(key) {
    const waiting = this.#waiting.get(key);
    if (!waiting) return;
    this.#waiting.delete(key);
    waiting.resolve((performance.now() - waiting.since) * 1000);
  }

  #fail(error) {
    this.#broken = error;
    for (const { reject } of this.#waiting.values()) reject(error);
  }
}

export function openRelay({ relayUrl }) {
  return Chat.open(`${relayUrl}/${randomBytes(9).toString('hex')}`);
}

/** A conversation that the desk has taken up. */
export async function openEdgechat({ url, desk }) {
  const key = randomBytes(18).toString('base64url');
  const start = { key, topic: 'person', answers: {}, page: '', referrer: '' };
  const { conversation, token } = await call(`${url}/v1/conversations`, { body: start });
  const chat = await Chat.open(`${url}/v1/conversations/${conversation}/socket?after=0`, ['edgechat.v1', token]);
  await chat.say();
  await chat.quiet();
  const rooms = await webex(desk, '/rooms?sortBy=created');
  const reference = conversation.replace(/[^A-Za-z0-9]/g, '').slice(0, 6);
  chat.room = rooms.items.find((room) => room.title.endsWith(reference)).id;
  return chat;
}

function webex(desk, path, body) {
  return call(`${desk}/webex/v1${path}`, { body, headers: { authorization: `Bearer ${ANNA}` } });
}

async function call(url, { body, headers }) {
  const request = body && { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(url, { ...request, headers: { 'content-type': 'application/json', ...headers } });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return response.json();
}
