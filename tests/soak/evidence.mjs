// What the emulators saw of one message: every call and every delivery about it, in order, so that the cause of a
// difference can be read off.
import { writeFileSync } from 'node:fs';

const NAMES = 60;
const LOOK = /\/(webhooks|rooms)\?/;

export class Evidence {
  #log;
  #deliveries = [];
  #restarts = [];

  constructor({ log, webex }) {
    this.#log = log;
    log.longest = Infinity;
    webex.deliveries.told = ({ webhook, body }, what) => {
      const { id } = JSON.parse(body).data;
      this.#deliveries.push({ at: new Date().toISOString(), hook: webhook.id, id, what });
    };
  }

  restarted(what) {
    this.#restarts.push({ at: new Date().toISOString(), line: `the worker ${what}` });
  }

  get faults() {
    return this.#log.entries.filter(({ fault }) => fault).length;
  }

  get calls() {
    return this.#log.entries.length;
  }

  /** Grows with each call that is not one of the site's regular looks. */
  get news() {
    return this.#log.entries.filter(({ method, path }) => method !== 'GET' || !LOOK.test(path)).length;
  }

  /** How often each kind of fault was hit. */
  kinds() {
    const kinds = {};
    for (const { fault } of this.#log.entries) if (fault) kinds[fault] = (kinds[fault] ?? 0) + 1;
    for (const { what } of this.#deliveries) {
      if (!['sent', 'taken', 'not taken'].includes(what)) kinds[`delivery ${what}`] = (kinds[`delivery ${what}`] ?? 0) + 1;
    }
    return kinds;
  }

  /** Everything, one JSON a line. */
  write(file) {
    const all = [...this.#log.entries, ...this.#deliveries, ...this.#restarts];
    const lines = all.sort((one, other) => one.at.localeCompare(other.at)).map((one) => JSON.stringify(one));
    writeFileSync(file, `${lines.join('\n')}\n`);
  }

  /** Lines about a difference. */
  about({ kind, roomId, text, messageId, hook, at: since = 0 }) {
    const calls = this.#log.entries.filter((call) => Date.parse(call.at) >= since && isAbout(call, { roomId, text, messageId, hook }));
    const lines = [
      ...calls.map((call) => ({ at: call.at, line: callLine(call) })),
      ...this.#deliveries.filter(({ id }) => messageId && id === messageId).map(({ at, what: way }) => ({ at, line: `delivery ${way}` })),
    ].sort((one, other) => one.at.localeCompare(other.at));
    const [first, last] = [lines[0]?.at, lines.at(-1)?.at];
    const between = this.#restarts.filter(({ at }) => first && at >= first && (kind === 'lost' || at <= last));
    return [...lines, ...between].sort((one, other) => one.at.localeCompare(other.at)).map(({ at, line }) => `${at.slice(11, 23)} ${line}`);
  }
}

/** A post of this text and the look-ups of its room near it; a message that is read; a room's webhook. */
function isAbout({ method, path, body }, { roomId, text, messageId, hook }) {
  if (messageId) return path.includes(messageId);
  if (hook) return path.includes(hook.id) || body?.targetUrl === hook.targetUrl;
  if (!text || !roomId) return false;
  const isPost = method === 'POST' && body?.roomId === roomId && body.text?.trim().endsWith(text);
  const isFile = text.startsWith('file ') && method === 'POST' && path.endsWith('/messages') && body === undefined;
  return isPost || isFile || (method === 'GET' && path.includes('/messages?') && path.includes(roomId));
}

function callLine({ method, path, status, fault, dropped, who, at, body }) {
  const wrong = fault ? ` [${fault}${dropped ? `, cut ${dropped}` : ''}]` : '';
  const short = path.replace(/[A-Za-z0-9_-]{40,}/g, (id) => `…${id.slice(-6)}`);
  const words = body?.text ? ` “${body.text.slice(0, NAMES).replaceAll('\n', ' ')}”` : '';
  return `${who?.split('@')[0] ?? '?'}: ${method} ${short} → ${status}${wrong}${words}`;
}
