import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { remains } from './chance.mjs';
import { Clock } from './clock.mjs';
import { handleControl } from './control.mjs';
import { Dialogflow } from './dialogflow.mjs';
import { faultReply, Faults } from './faults.mjs';
import { Google } from './google.mjs';
import { readBody, send } from './http.mjs';
import { pageReply } from './page.mjs';
import { refusal } from './refusal.mjs';
import { RequestLog } from './request-log.mjs';
import { Webex } from './webex/index.mjs';

/**
 * Starts all emulators on one port of this machine.
 *
 * @param {object} options
 * @param {number} [options.port] 0 takes any free port
 * @param {object} options.serviceAccount the key file's content that Google knows
 * @param {(line: string) => void} [options.log] told of every vendor call
 * @returns {Promise<{url: string, parts: object, close: () => Promise<void>}>}
 *   `parts` for whoever runs in the same process
 */
export async function startEmulators({ port = 8788, serviceAccount, log = () => {} }) {
  let url;
  const clock = new Clock();
  const webex = new Webex(clock, () => `${url}/webex/v1`);
  const google = new Google(clock, serviceAccount, () => `${url}/google/token`);
  const dialogflow = new Dialogflow(clock, google);
  const parts = { clock, webex, google, dialogflow, faults: new Faults(), log: new RequestLog() };

  const server = createServer((incoming, response) => {
    answer(parts, url, incoming, response, log).catch((error) => {
      log(`${incoming.method} ${incoming.url} failed: ${error.stack}`);
      if (response.headersSent) response.destroy();
      else send(response, { status: 500, body: { error: error.message } });
    });
  });
  // Both sides would close a quiet connection after the same five seconds, and a call sent just then would fail.
  server.keepAliveTimeout = 60_000;
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  url = `http://127.0.0.1:${server.address().port}`;

  const close = () => {
    webex.deliveries.reset();
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url, parts, close };
}

async function answer(parts, base, incoming, response, log) {
  const { pathname, searchParams, href } = new URL(incoming.url, base);
  const { method, headers } = incoming;
  const body = await readBody(incoming);
  const request = { method, path: pathname, query: searchParams, url: href, headers, body };
  if (pathname.startsWith('/control/')) {
    send(response, await handleControl(parts, under('/control', request)));
  } else if (VENDORS.some(([prefix]) => pathname.startsWith(`${prefix}/`))) {
    await answerAsVendor(parts, request, response, log);
  } else {
    send(response, pageReply(method, pathname));
  }
}

async function answerAsVendor(parts, request, response, log) {
  const { method, path, headers, body } = request;
  const call = {
    method,
    path: path + new URL(request.url).search,
    at: parts.clock.iso(),
    who: parts.webex.nameCaller(headers),
  };
  const entry = parts.log.add(call, headers, body);
  const fault = parts.faults.take(method, call.path);
  entry.fault = fault?.kind;
  if (fault?.hang) return hang(parts, fault, request, response, entry, log);
  if (fault?.revokes) revoke(parts, path);
  if (fault?.delay_ms && !fault.is_done_first) await sleep(fault.delay_ms);
  if (fault?.drop !== 'before') {
    const reply = remains((fault && faultReply(fault, path)) ?? (await execute(parts, request)), fault);
    entry.status = reply.status;
    if (fault?.is_done_first) await sleep(fault.delay_ms);
    if (!fault?.drop) send(response, reply);
  }
  if (fault?.drop) {
    entry.dropped = fault.drop;
    response.destroy();
  }
  log(`${method} ${path} ${entry.dropped ? 'dropped' : entry.status}`);
}

/** Leaves the caller without an answer, and notes how long they waited for one. */
async function hang(parts, fault, request, response, entry, log) {
  const began = performance.now();
  const goesAway = new Promise((resolve) => response.once('close', resolve));
  if (fault.hang === 'after') await execute(parts, request);
  await goesAway;
  entry.gave_up_after_ms = Math.round(performance.now() - began);
  log(`${request.method} ${request.path} hung`);
}

const VENDORS = [
  ['/webex/v1', ({ webex }, request) => webex.handle(request)],
  ['/google', ({ google }, request) => google.handle(request)],
  ['/dialogflow/v2', ({ dialogflow }, request) => dialogflow.handle(request)],
];

async function execute(parts, request) {
  const [prefix, handle] = VENDORS.find(([one]) => request.path.startsWith(`${one}/`));
  try {
    return await handle(parts, under(prefix, request));
  } catch (error) {
    if (error instanceof URIError) return refusal(request.path, 400);
    throw error;
  }
}

function revoke({ webex, google }, path) {
  if (path.startsWith('/webex/')) webex.tokens.revokeIssued();
  else google.reset();
}

function under(prefix, request) {
  return { ...request, path: request.path.slice(prefix.length) };
}
