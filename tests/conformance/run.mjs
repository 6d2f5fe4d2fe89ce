// Checks the emulators with the vendors' own client libraries: node tests/conformance/run.mjs
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startEmulators } from '../emulators/server.mjs';
import { newServiceAccount } from '../emulators/vars.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const venv = fileURLToPath(new URL('../../target/conformance-venv', import.meta.url));
const python = `${venv}/bin/python`;

if (!existsSync(python)) await run('python3', ['-m', 'venv', venv]);
await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', `${here}requirements.txt`]);

const account = newServiceAccount(0);
const { url, close } = await startEmulators({ port: 0, serviceAccount: account });
const env = {
  ...process.env,
  EMULATOR_URL: url,
  SERVICE_ACCOUNT: JSON.stringify({ ...account, token_uri: `${url}/google/token` }),
  PYTHONDONTWRITEBYTECODE: '1',
};
try {
  for (const script of ['webex_sdk.py', 'dialogflow_client.py']) await run(python, [`${here}${script}`], { env });
} finally {
  await close();
}

/** Runs a program to its end; the exit code of this script tells when one failed. */
async function run(program, args, options = {}) {
  const child = spawn(program, args, { stdio: 'inherit', ...options });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  if (code !== 0) process.exitCode = 1;
}
