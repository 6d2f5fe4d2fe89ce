// Runs the emulators until it is told to stop:
//   node tests/emulators/main.mjs [--port 8788] [--vars .dev.vars] [--verbose]
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startEmulators } from './server.mjs';
import { parseVars } from './vars.mjs';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8788' },
    vars: { type: 'string', default: '.dev.vars' },
    verbose: { type: 'boolean', default: false },
  },
});

try {
  const { url, close } = await startEmulators({
    port: Number(values.port),
    serviceAccount: readServiceAccount(values.vars),
    log: values.verbose ? console.log : undefined,
  });
  console.log(`Emulators of Webex and Dialogflow listen on ${url}`);
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => close().then(() => process.exit(0)));
} catch (error) {
  console.error(explain(error));
  process.exit(1);
}

function readServiceAccount(path) {
  const account = parseVars(readFileSync(path, 'utf8')).GOOGLE_SERVICE_ACCOUNT;
  if (!account) throw new Error(`GOOGLE_SERVICE_ACCOUNT is not set in ${path}.`);
  return JSON.parse(account);
}

function explain(error) {
  if (error.code === 'EADDRINUSE') {
    return `Port ${values.port} is in use. Stop what listens there, or choose another with --port.`;
  }
  if (error.code === 'ENOENT') return `There is no file ${values.vars}. Make it with tests/emulators/dev-vars.mjs.`;
  return `The emulators cannot start: ${error.message}`;
}
