// What the worker and browser tests stand on: the emulators in this process, and a worker of its own under
// `wrangler dev`, on free ports, with its own settings and storage.
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import WebSocket from 'ws';
import { startEmulators } from './emulators/server.mjs';
import { newServiceAccount, parseVars } from './emulators/vars.mjs';
import { PEOPLE } from './emulators/webex/directory.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const WRANGLER = join(ROOT, 'node_modules/wrangler/bin/wrangler.js');
export const DEFAULT_SETTINGS = JSON.parse(readFileSync(join(ROOT, 'edge/default-settings.json'), 'utf8'));

/** How long a fact may take on a machine that is busy with other things: only a failure waits as long. */
const LONG = 40_000;

/** Faults that are planned so often are to last as long as the test. */
const FOR_EVER = 100;

/**
 * What `wrangler dev` answers to a POST when a connection between its own two parts broke, say one that both had kept open
 * for five idle seconds. A GET is put aside then, and goes on with the next request that comes. The worker itself says 503
 * to nothing.
 */
const isDropped = (status, text) => status === 503 && text.includes('Your worker restarted mid-request');

/** Agents' tokens at the Webex emulator. */
export const ANNA = 'agent-anna';
export const BEN = 'agent-ben';
export const CARL = 'agent-carl';

/** A key takes a while to make. */
const SERVICE_ACCOUNT = newServiceAccount(0);

/** The built-in settings document, changed. */
export function changed(change) {
  const document = structuredClone(DEFAULT_SETTINGS);
  change(document);
  return document;
}

/** Settings under which a visitor may say a lot, and is there for a quarter of an hour without a ping. */
export function patient(document) {
  document.messages_per_minute = 6_000;
  document.timeouts.lost = 900;
}

/**
 * Starts emulators and a worker.
 * @param {object} [options]
 * @param {(settings: object) => void} [options.settings] changes the built-in settings document
 * @param {Record<string, string>} [options.vars] variables of the worker
 * @param {string} [options.main] a script round the worker, which it knows as `the-worker`
 */
export async function startWorld({ settings, vars: given, main } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'edgechat-'));
  const serviceAccount = structuredClone(SERVICE_ACCOUNT);
  const emulators = await startEmulators({ port: 0, serviceAccount });
  emulators.parts.webex.deliveries.hasNotArrived = isDropped;
  const emulatorPort = new URL(emulators.url).port;
  serviceAccount.token_uri = `${emulators.url}/google/token`;
  const ports = await takePorts();
  const { port } = ports;
  const url = `http://127.0.0.1:${port}`;
  const example = readFileSync(join(ROOT, '.dev.vars.example'), 'utf8').replaceAll('127.0.0.1:8788', `127.0.0.1:${emulatorPort}`);
  const vars = {
    ...parseVars(example),
    MASTER_KEY: randomBytes(32).toString('hex'),
    ADMIN_TOKEN: randomBytes(32).toString('hex'),
    PUBLIC_URL: url,
    GOOGLE_SERVICE_ACCOUNT: JSON.stringify(serviceAccount),
    ...given,
  };
  const varsFile = join(folder, 'vars');
  writeVars(varsFile, vars);
  const config = join(folder, 'wrangler.toml');
  writeFileSync(config, wranglerConfig(main));
  const world = new World({ folder, emulators, url, ports, config, varsFile, vars });
  if (settings) await world.publish(changed(settings));
  await world.startWorker();
  return world;
}

class World {
  constructor(parts) {
    Object.assign(this, parts);
    /** What the worker has said since it was started, and before that. */
    this.output = '';
    this.told = '';
  }

  /** Puts a settings document where the worker looks for the published one, without its knowing. */
  async publish(document, site = 'default') {
    const file = join(this.folder, 'settings.json');
    writeFileSync(file, JSON.stringify(document));
    const put = ['kv', 'key', 'put', `settings:${site}`, '--path', file, '--binding', 'SETTINGS', '--local', '--persist-to', this.folder];
    put.push('--config', this.config);
    const child = spawn(process.execPath, [WRANGLER, ...put], { cwd: this.folder, env: wranglerEnv(this.folder), stdio: 'ignore' });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error('the settings could not be published');
  }

  /** Calls the admin API of a site's settings. */
  admin(method, path, body, headers = {}) {
    return this.call(method, `/v1/sites/${path}`, body, { authorization: `Bearer ${this.vars.ADMIN_TOKEN}`, ...headers });
  }

  /** Saves a settings document as the operator does; the worker goes by it from then on. */
  async push(document, site = 'default') {
    const answer = await this.admin('PUT', `${site}/settings`, { document, saved_by: 'a test' });
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    return answer.body.version;
  }

  async startWorker() {
    const { port, inspector } = this.ports;
    const args = ['dev', '--config', this.config, '--ip', '127.0.0.1', '--port', String(port)];
    args.push('--inspector-port', String(inspector), '--env-file', this.varsFile);
    args.push('--persist-to', this.folder, '--show-interactive-dev-session=false');
    this.worker = spawn(process.execPath, [WRANGLER, ...args], {
      cwd: this.folder,
      env: wranglerEnv(this.folder),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    for (const stream of [this.worker.stdout, this.worker.stderr]) {
      stream.on('data', (chunk) => {
        this.output += chunk;
        this.told += chunk;
        if (process.env.EDGECHAT_LOG) process.stderr.write(chunk);
      });
    }
    await until(() => this.output.includes('Ready on') || this.worker.exitCode !== null, 120_000, () => this.output);
    if (this.worker.exitCode !== null) throw new Error(`the worker did not start:\n${this.output}`);
    // With one of these goes on what has been put aside.
    this.nudge = setInterval(() => fetch(`${this.url}/widget.js`, { method: 'HEAD' }).catch(() => {}), 1_000).unref();
  }

  /**
   * Runs SQL in the databases of all objects of a class, once with each list of values, as nobody else does; the rows of all.
   * A database that lacks the table has none.
   */
  sql(object, statement, many = [[]]) {
    const program = `
import glob, json, sqlite3, sys
_, folder, object, statement = sys.argv
rows, many = [], json.load(sys.stdin)
for file in glob.glob(f'{folder}/**/*{object}/*.sqlite', recursive=True):
    base = sqlite3.connect(file, timeout=20)
    try:
        for values in many:
            rows += base.execute(statement, values).fetchall()
    except sqlite3.OperationalError as error:
        if 'no such table' not in str(error): raise
    base.commit()
print(json.dumps(rows))`;
    const args = ['-c', program, this.folder, object, statement];
    return JSON.parse(execFileSync('python3', args, { input: JSON.stringify(many) }));
  }

  /** Ends the worker as a crash would, without a word to anybody. */
  async stopWorker(signal = 'SIGKILL') {
    clearInterval(this.nudge);
    const ended = once(this.worker, 'exit');
    process.kill(-this.worker.pid, signal);
    await ended;
    this.output = '';
  }

  /** @param {Record<string, string>} [changed] variables that are other ones from then on */
  async restartWorker(changed = {}) {
    await this.stopWorker();
    Object.assign(this.vars, changed);
    writeVars(this.varsFile, this.vars);
    await this.startWorker();
  }

  async close() {
    await this.stopWorker('SIGTERM');
    await this.emulators.close();
    this.ports.release();
    if (process.env.EDGECHAT_OUTPUT) writeFileSync(join(process.env.EDGECHAT_OUTPUT, `worker-${this.ports.port}.log`), this.told);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }

  async control(method, path, body) {
    const response = await fetch(`${this.emulators.url}/control${path}`, {
      method,
      body: body && JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`control ${path}: ${await response.text()}`);
    return response.json();
  }

  /**
   * Releases the deliveries that were held, all at once and in an order that follows from a seed. The seed is told;
   * `EDGECHAT_SEED` gives one.
   */
  async shuffle(context) {
    const given = process.env.EDGECHAT_SEED && { seed: Number(process.env.EDGECHAT_SEED) };
    const { released, seed } = await this.control('POST', '/deliveries/release', { order: 'shuffle', parallel: true, ...given });
    context.diagnostic(`${released} deliveries, seed ${seed}`);
  }

  fault(fault) {
    return this.control('POST', '/faults', fault);
  }

  /** Fails where a fault that a test has planned was not met: it would have tested nothing. Those for ever count once. */
  async metAllFaults() {
    const unmet = async () => (await this.control('GET', '/faults')).filter(({ left, times }) => left < FOR_EVER || left === times);
    // What is tried again may be about to be.
    await until(async () => (await unmet()).length === 0, LONG, async () => `not met: ${JSON.stringify(await unmet())}`);
  }

  /** Calls the emulated vendors received, as `METHOD path`, without their query. */
  async calls(prefix = '') {
    return (await this.requests(prefix)).map(({ call }) => call);
  }

  /** The same with all that is known of each: `status` is null until it is answered. */
  async requests(prefix = '') {
    const requests = await this.control('GET', '/requests');
    return requests.map((one) => ({ ...one, call: `${one.method} ${one.path.split('?')[0]}` })).filter(({ call }) => call.includes(prefix));
  }

  /**
   * Sends an agent's line all the way to the visitor, and returns it. What was under way to them before, in the same
   * conversation, has come by then; what has not come does not come.
   */
  async marker(visitor, more = {}) {
    const text = `marker ${randomBytes(4).toString('hex')}`;
    await this.agentSays(text, more);
    return until(() => visitor.lines.find((line) => line.endsWith(`: ${text}`)), LONG, () => visitor.lines.join('\n'));
  }

  async webex(token, method, path, body) {
    const response = await fetch(`${this.emulators.url}/webex/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: text && JSON.parse(text) };
  }

  /** The rooms as they are, newest last; each with what was posted, as `who: text`. */
  async rooms() {
    const { rooms, webhooks } = await this.control('GET', '/state');
    return rooms.map((room) => ({
      ...room,
      lines: room.messages.map((message) => `${message.author.split('@')[0]}${message.author.endsWith('webex.bot') ? ' (bot)' : ''}: ${message.text}`),
      webhooks: webhooks.filter((hook) => hook.filter === `roomId=${room.id}`),
    }));
  }

  async room() {
    return (await this.rooms()).at(-1);
  }

  /** Waits until somebody posts a line like this into the newest room, or into the one with this id. */
  posted(pattern, roomId) {
    const wanted = (line) => (typeof pattern === 'string' ? line === pattern : pattern.test(line));
    const room = async () => (roomId ? (await this.rooms()).find(({ id }) => id === roomId) : this.room());
    return until(
      async () => (await room())?.lines.find(wanted),
      LONG,
      async () => `no ${pattern} in\n${(await room())?.lines.join('\n')}`,
    );
  }

  /**
   * An agent writes into the newest room, or into the one with this id, as a Webex client would: once it is there and
   * they have been let in. With `waits: false` whoever is not in the room yet is turned away.
   */
  async agentSays(text, { token = ANNA, roomId, waits = true, ...more } = {}) {
    const room = waits ? await this.letIn(token, roomId) : (roomId ?? (await this.room()).id);
    const answer = await this.webex(token, 'POST', '/messages', { roomId: room, markdown: text, ...more });
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    return answer.body;
  }

  /** Waits until the agent is in the newest room, or in the one with this id; returns its id. */
  async letIn(token = ANNA, roomId) {
    const { email } = PEOPLE.find((person) => person.token === token);
    const find = async () => (roomId ? (await this.rooms()).find(({ id }) => id === roomId) : this.room());
    const room = await until(
      async () => {
        const room = await find();
        return room?.members.includes(email) && room;
      },
      LONG,
      async () => `${email} is not in the room: ${JSON.stringify(await find())}`,
    );
    return room.id;
  }

  post(path, body, headers) {
    return this.call('POST', path, body, headers);
  }

  async call(method, path, body, headers = {}) {
    const response = await fetch(this.url + path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
    });
    const text = await response.text();
    if (isDropped(response.status, text)) return this.call(method, path, body, headers);
    return { status: response.status, body: text && JSON.parse(text) };
  }

  /** Starts a conversation and connects to it. */
  async visit(topic = 'person', answers = {}, more = {}) {
    const visitor = new Visitor(this);
    await visitor.start(topic, answers, more);
    await visitor.connect();
    return visitor;
  }

  /** The visitor's own room, as `rooms` shows it; its title ends with a few characters of the conversation's id. */
  async roomOf({ session }) {
    const reference = session.conversation.replace(/[^0-9a-z]/gi, '').slice(0, 6);
    return (await this.rooms()).find(({ title }) => title.includes(reference));
  }

  /** A visit whose room is complete: card, webhook, the bot's greeting; and read once, as after every start. */
  async visitSettled(topic = 'person', answers = {}, more = {}) {
    const visitor = await this.visit(topic, answers, more);
    const posts = topic === 'person' ? 1 : 2;
    const { id } = await until(async () => {
      const room = await this.roomOf(visitor);
      return room?.webhooks.length === 1 && room.lines.length >= posts && room;
    });
    await this.wasRead(id);
    return visitor;
  }

  /** Waits for the list of a room that follows every start: what a test does to lists must not meet this one. */
  wasRead(roomId) {
    const isIt = ({ path, status }) => path.includes(roomId) && status !== null;
    return until(async () => (await this.requests('GET /webex/v1/messages')).some(isIt));
  }
}

function writeVars(file, vars) {
  writeFileSync(file, Object.entries(vars).map(([name, value]) => `${name}=${value}\n`).join(''));
}

/** The project's configuration as it is, for a folder elsewhere, and without a build: the tests run on what was built. */
function wranglerConfig(main) {
  let text = readFileSync(join(ROOT, 'wrangler.toml'), 'utf8');
  if (main) {
    const worker = /^main = (.*)$/m.exec(text)[1];
    text = `${text.replace(/^main = .*$/m, `main = ${JSON.stringify(join(ROOT, main))}`)}\n[alias]\nthe-worker = ${worker}\n`;
  }
  return text.replace(/^\[build\]\n(?:.+\n)+/m, '').replace(/"(dist\/[^"]+)"/g, (_, path) => JSON.stringify(join(ROOT, path)));
}

function wranglerEnv(folder) {
  return {
    ...process.env,
    WRANGLER_SEND_METRICS: 'false',
    // Workers of one name would find each other here.
    WRANGLER_REGISTRY_PATH: join(folder, 'registry'),
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  };
}

/** A visitor's panel, as far as the wire is concerned. */
export class Visitor {
  /** Where they come from, if many are to come from different places: starts are limited by address. */
  address;

  constructor(world, key = randomBytes(18).toString('base64url')) {
    Object.assign(this, { world, key, entries: [], frames: [], state: undefined, sent: 0 });
  }

  /** @param {object} [more] like `site` or `message` */
  async start(topic, answers = {}, more = {}) {
    const request = { key: this.key, topic, answers, page: 'https://shop.example/', referrer: '', ...more };
    const from = this.address && { 'cf-connecting-ip': this.address };
    const answer = await this.world.post('/v1/conversations', request, from);
    if (answer.status === 200) this.session = answer.body;
    return answer;
  }

  async connect(after = this.entries.length) {
    const { conversation, token } = this.session;
    const url = `${this.world.url.replace('http', 'ws')}/v1/conversations/${conversation}/socket?after=${after}`;
    this.socket = new WebSocket(url, ['edgechat.v1', token]);
    this.closed = once(this.socket, 'close').then(([code]) => code);
    this.closed.catch(() => {});
    this.socket.on('message', (data) => this.#take(String(data)));
    // What was known of an earlier connection does not count.
    this.state = undefined;
    await until(() => this.state && (this.state.last <= after || this.entries.at(-1)?.seq >= this.state.last));
    return this;
  }

  #take(text) {
    if (text === 'pong') return void (this.pongs = (this.pongs ?? 0) + 1);
    const frame = JSON.parse(text);
    this.frames.push(frame);
    this.state = frame.hello?.state ?? frame.state ?? this.state;
    if (frame.delivered && this.state) this.state.delivered = frame.delivered.through;
    this.entries.push(...(frame.entries ?? []));
  }

  disconnect() {
    this.socket.close();
    return this.closed;
  }

  frame(frame) {
    this.socket.send(JSON.stringify(frame));
  }

  say(text, id = `message-${randomBytes(6).toString('hex')}`) {
    this.frame({ send: { id, text } });
    return id;
  }

  poll(body, token = this.session.token) {
    return this.world.post(`/v1/conversations/${this.session.conversation}/poll`, body, { authorization: `Bearer ${token}` });
  }

  /** The transcript as `who: text`; notices as `* kind`. */
  get lines() {
    return this.entries.map(({ said }) => {
      const plain = (body) => body.map((span) => (span.href && span.href !== span.text ? `[${span.text}](${span.href})` : span.text)).join('');
      if (said.visitor) return `visitor: ${said.visitor.text}`;
      if (said.bot) return `bot: ${plain(said.bot.body)}${said.bot.replies ? ` [${said.bot.replies}]` : ''}`;
      if (said.agent) return `${said.agent.name}: ${plain(said.agent.body)}`;
      const notice = said.notice;
      return `* ${typeof notice === 'string' ? notice : Object.keys(notice)[0] + (notice.closed ? ` by ${notice.closed.by}` : '')}`;
    });
  }

  /** Waits until the transcript has this line. */
  hears(line, time = LONG) {
    return until(() => this.lines.includes(line), time, () => `no "${line}" in\n${this.lines.join('\n')}`);
  }
}

/** The bytes of a file that may vanish any moment, as a database's side files do: then none. */
export function contentOf(file) {
  try {
    return readFileSync(file);
  } catch (error) {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

/** Waits for a condition; `what` tells more when it does not come. */
export async function until(condition, time = LONG, what = () => '') {
  const end = Date.now() + time;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${time} ms: ${condition}\n${await what()}`);
    await sleep(25);
  }
}

/** Where no system gives out ports by itself, in blocks: the one that stands guard, the worker's, its inspector's. */
const FIRST_PORT = 20_000;
const BLOCKS = 3_000;

/**
 * Ports that are free and stay ours, also while the worker is being restarted: whoever wants a block must listen on its
 * first port, which ends with this process at the latest.
 */
async function takePorts() {
  for (;;) {
    const first = FIRST_PORT + 4 * Math.floor(Math.random() * BLOCKS);
    const guard = await listenOn(first);
    const [port, inspector] = [first + 1, first + 2];
    const probes = guard ? [await listenOn(port), await listenOn(inspector)] : [];
    for (const probe of probes) if (probe) await release(probe);
    if (guard && probes.every(Boolean)) return { port, inspector, release: () => release(guard) };
    if (guard) await release(guard);
  }
}

/** Undefined when somebody else listens there. */
async function listenOn(port) {
  const server = createServer();
  const isListening = await new Promise((resolve) => {
    server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
  });
  return isListening ? server.unref() : undefined;
}

/** Any port that is free now. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await release(server);
  return port;
}

function release(server) {
  return new Promise((resolve) => server.close(resolve));
}
