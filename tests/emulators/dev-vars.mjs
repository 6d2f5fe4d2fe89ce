// Writes a `.dev.vars` from the example file:
//   node tests/emulators/dev-vars.mjs .dev.vars.example [--port N] [--set NAME=VALUE]… > .dev.vars
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { newServiceAccount } from './vars.mjs';

const EXAMPLE_PORT = '8788';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { port: { type: 'string', default: EXAMPLE_PORT }, set: { type: 'string', multiple: true, default: [] } },
});
if (positionals.length !== 1) {
  console.error('Name the example file: node tests/emulators/dev-vars.mjs .dev.vars.example > .dev.vars');
  process.exit(1);
}

const overrides = new Map(values.set.map((pair) => pair.split(/=(.*)/s).slice(0, 2)));
const madeUp = {
  MASTER_KEY: () => randomBytes(32).toString('hex'),
  ADMIN_TOKEN: () => randomBytes(32).toString('hex'),
  GOOGLE_SERVICE_ACCOUNT: () => JSON.stringify(newServiceAccount(values.port)),
};

function fill(line) {
  const [, name, value] = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? [];
  if (name === undefined) return line;
  if (overrides.has(name)) return `${name}=${take(name)}`;
  if (value === '' && madeUp[name]) return `${name}=${madeUp[name]()}`;
  return line.replaceAll(`127.0.0.1:${EXAMPLE_PORT}`, `127.0.0.1:${values.port}`);
}

function take(name) {
  const value = overrides.get(name);
  overrides.delete(name);
  return value;
}

const filled = readFileSync(positionals[0], 'utf8').trimEnd().split('\n').map(fill);
const added = [...overrides].map(([name, value]) => `${name}=${value}`);
console.log([...filled, ...added].join('\n'));
