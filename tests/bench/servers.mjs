// Starts what is measured: one workerd with the worker and the relay, and the emulators in a process of their own.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import workerd from 'workerd';
import { newServiceAccount, parseVars } from '../emulators/vars.mjs';
import { freePort, until } from '../harness.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const HERE = fileURLToPath(new URL('.', import.meta.url));
const LONG = 1_000_000;
/** Clock ticks a second, in which Linux counts a process's time. */
const TICKS = 100;

export async function startServers() {
  const servers = new Servers();
  try {
    await servers.start();
    return servers;
  } catch (error) {
    servers.close();
    throw error;
  }
}

class Servers {
  folder = mkdtempSync(join(tmpdir(), 'edgechat-bench-'));
  children = [];
  output = '';

  async start() {
    const account = newServiceAccount(0);
    const file = join(this.folder, 'vars');
    writeFileSync(file, `GOOGLE_SERVICE_ACCOUNT=${JSON.stringify(account)}\n`);
    this.#spawn(process.execPath, [join(ROOT, 'tests/emulators/main.mjs'), '--port', '0', '--vars', file]);
    const [, desk] = await until(() => /listen on (\S+)/.exec(this.output), 10_000, () => this.output);
    this.desk = desk;

    const [port, relayPort] = [await freePort(), await freePort()];
    this.url = `http://127.0.0.1:${port}`;
    this.relayUrl = `http://127.0.0.1:${relayPort}`;
    const config = this.#prepare({ port, relayPort, vars: this.#vars(account) });
    this.workerd = this.#spawn(workerd.default ?? workerd, ['serve', config]);
    for (const url of [this.url, this.relayUrl]) await until(() => answers(url), 20_000, () => this.output);
  }

  #spawn(command, args) {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => (this.output = (this.output + chunk).slice(-4000)));
    }
    child.on('error', (error) => (this.output += error.message));
    child.on('exit', (code) => (this.output += `\n${command} has ended (${code})`));
    this.children.push(child);
    return child;
  }

  #vars(account) {
    const example = readFileSync(join(ROOT, '.dev.vars.example'), 'utf8');
    return {
      ...parseVars(example.replaceAll('http://127.0.0.1:8788', this.desk)),
      MASTER_KEY: randomBytes(32).toString('hex'),
      PUBLIC_URL: this.url,
      GOOGLE_SERVICE_ACCOUNT: JSON.stringify({ ...account, token_uri: `${this.desk}/google/token` }),
    };
  }

  #prepare({ port, relayPort, vars }) {
    for (const name of ['index.js', 'index_bg.wasm']) {
      copyFileSync(join(ROOT, 'dist/worker', name), join(this.folder, name));
    }
    for (const name of ['relay.js', 'stubs.js']) copyFileSync(join(HERE, name), join(this.folder, name));
    mkdirSync(join(this.folder, 'storage'));
    const [, date] = /compatibility_date = "(.*)"/.exec(readFileSync(join(ROOT, 'wrangler.toml'), 'utf8'));
    const config = join(this.folder, 'config.capnp');
    const storage = join(this.folder, 'storage');
    writeFileSync(config, configOf({ port, relayPort, date, storage, vars, settings: JSON.stringify(settings()) }));
    return config;
  }

  /** Microseconds of CPU that workerd has used so far. */
  cpu() {
    const fields = readFileSync(`/proc/${this.workerd.pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return ((Number(fields[11]) + Number(fields[12])) * 1e6) / TICKS;
  }

  close() {
    for (const child of this.children) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Nothing may slow the bench down or close a conversation that waits for its turn. */
function settings() {
  const document = JSON.parse(readFileSync(join(ROOT, 'edge/default-settings.json'), 'utf8'));
  document.messages_per_minute = 1_000_000_000;
  document.timeouts = { silence: LONG, warning: 60, lost: LONG };
  return document;
}

function configOf({ port, relayPort, date, storage, vars, settings }) {
  // A JSON string is a Cap'n Proto string too, as long as it is plain ASCII.
  const text = (value) => JSON.stringify(value);
  const bindings = Object.entries(vars).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "edgechat", worker = .edgechat),
    (name = "relay", worker = .relay),
    (name = "stubs", worker = .stubs),
    (name = "storage", disk = (path = ${text(storage)}, writable = true)),
    (name = "internet", network = (allow = ["local"])),
  ],
  sockets = [
    (name = "edgechat", address = "127.0.0.1:${port}", http = (), service = "edgechat"),
    (name = "relay", address = "127.0.0.1:${relayPort}", http = (), service = "relay"),
  ],
);
const edgechat :Workerd.Worker = (
  compatibilityDate = ${text(date)},
  modules = [
    (name = "index.js", esModule = embed "index.js"),
    (name = "index_bg.wasm", wasm = embed "index_bg.wasm"),
  ],
  durableObjectNamespaces = [
    (className = "ConversationDo", uniqueKey = "conversation", enableSql = true),
    (className = "CredentialsDo", uniqueKey = "credentials", enableSql = true),
    (className = "SiteDo", uniqueKey = "site", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "storage"),
  bindings = [
    (name = "CONVERSATION", durableObjectNamespace = "ConversationDo"),
    (name = "CREDENTIALS", durableObjectNamespace = "CredentialsDo"),
    (name = "SITE", durableObjectNamespace = "SiteDo"),
    (name = "SETTINGS", kvNamespace = "stubs"),
    (name = "ASSETS", service = "stubs"),
    ${bindings.join(',\n    ')},
  ],
);
const relay :Workerd.Worker = (
  compatibilityDate = ${text(date)},
  modules = [(name = "relay.js", esModule = embed "relay.js")],
  durableObjectNamespaces = [(className = "Relay", uniqueKey = "relay", enableSql = true)],
  durableObjectStorage = (localDisk = "storage"),
  bindings = [(name = "RELAY", durableObjectNamespace = "Relay")],
);
const stubs :Workerd.Worker = (
  compatibilityDate = ${text(date)},
  modules = [(name = "stubs.js", esModule = embed "stubs.js")],
  bindings = [(name = "SETTINGS_DOCUMENT", text = ${text(settings)})],
);
`;
}

async function answers(url) {
  return fetch(url).then(
    (response) => response.arrayBuffer(),
    () => false,
  );
}
