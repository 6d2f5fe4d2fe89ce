import { generateKeyPairSync } from 'node:crypto';

/** The `NAME=VALUE` lines of a dotenv file. */
export function parseVars(text) {
  const lines = text.split(/\r?\n/).map((line) => /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line));
  return Object.fromEntries(lines.filter(Boolean).map(([, name, value]) => [name, value]));
}

/** A made-up service account with a key of its own, as Google's key files look. */
export function newServiceAccount(emulatorPort) {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return {
    type: 'service_account',
    project_id: 'edgechat-demo',
    private_key_id: 'emulator-key',
    private_key: privateKey,
    client_email: 'edgechat@edgechat-demo.iam.gserviceaccount.com',
    client_id: '100000000000000000001',
    token_uri: `http://127.0.0.1:${emulatorPort}/google/token`,
  };
}
