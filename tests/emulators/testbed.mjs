import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmulators } from './server.mjs';
import { newServiceAccount } from './vars.mjs';

/** Bearer tokens of the integration, the bot and the agents. */
export const PERSON = 'integration-live-chat';
export const BOT = 'bot-live-chat';
export const ANNA = 'agent-anna';
export const BEN = 'agent-ben';
export const CARL = 'agent-carl';
/** She belongs to another organisation. */
export const DORA = 'agent-dora';

/** What the operator of the integration was given. */
const FIRST_REFRESH = 'refresh-integration-live-chat';

/** Running emulators, a server that their webhooks are delivered to, and short words for calling them. */
export class Testbed {
  #emulators;
  #target;
  #deliveries = [];
  #answer = 200;
  #refresh = FIRST_REFRESH;
  #gate = Promise.resolve();

  static async start() {
    const bed = new Testbed();
    bed.#emulators = await startEmulators({ port: 0, serviceAccount: newServiceAccount(0) });
    bed.#target = createServer((request, response) => bed.#take(request, response));
    await new Promise((resolve) => bed.#target.listen(0, '127.0.0.1', resolve));
    return bed;
  }

  get url() {
    return this.#emulators.url;
  }

  async close() {
    await this.#emulators.close();
    this.#target.closeAllConnections();
    await new Promise((resolve) => this.#target.close(resolve));
  }

  async reset() {
    await this.control('POST', '/reset');
    this.forgetDeliveries();
    this.#answer = 200;
  }

  /** Every delivery from now on is answered with this status. */
  answerWith(status) {
    this.#answer = status;
  }

  /** Deliveries get no answer until the returned function is called. */
  holdAnswers() {
    let go;
    this.#gate = new Promise((resolve) => (go = resolve));
    return go;
  }

  /** Waits until so many deliveries have come, answered or not. */
  async arrived(count) {
    while (this.#deliveries.length < count) await sleep(5);
  }

  forgetDeliveries() {
    this.#deliveries = [];
  }

  /** Everything that was delivered, once nothing is under way any more. */
  async received(count) {
    await this.settled();
    assert.equal(this.#deliveries.length, count);
    return this.#deliveries;
  }

  async settled() {
    while ((await this.control('GET', '/state')).deliveries.pending > 0) await sleep(5);
  }

  async control(method, path, body) {
    const response = await fetch(`${this.url}/control${path}`, { method, body: body && JSON.stringify(body) });
    assert.equal(response.status, 200);
    return response.json();
  }

  /** What a control call that cannot be done answers. */
  async refused(method, path, body) {
    const response = await fetch(`${this.url}/control${path}`, { method, body: JSON.stringify(body) });
    assert.equal(response.status, 400);
    return (await response.json()).error;
  }

  /** The items of every page, as the Link headers join them. */
  async pages(path, { as = PERSON } = {}) {
    const pages = [];
    let next = `${this.url}/webex/v1${path}`;
    while (next) {
      const response = await fetch(next, { headers: { Authorization: `Bearer ${as}` } });
      pages.push((await response.json()).items);
      next = /<(.+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
    }
    return pages;
  }

  /** Posts a file into a room; the answer is the file's address. */
  async upload(room, bytes, name, type) {
    const form = new FormData();
    form.set('roomId', room.id);
    form.set('files', new Blob([bytes], { type }), name);
    const headers = { Authorization: `Bearer ${PERSON}` };
    const response = await fetch(`${this.url}/webex/v1/messages`, { method: 'POST', headers, body: form });
    return (await response.json()).files[0];
  }

  /** Asks for a file by its address. */
  content(url, { as = PERSON, method = 'GET' } = {}) {
    return fetch(url, { method, headers: as ? { Authorization: `Bearer ${as}` } : {} });
  }

  async webex(method, path, { as = PERSON, body } = {}) {
    const response = await fetch(`${this.url}/webex/v1${path}`, {
      method,
      headers: { Authorization: `Bearer ${as}`, ...(body && { 'Content-Type': 'application/json' }) },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type') === 'application/json;charset=UTF-8';
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  }

  async newRoom(...emails) {
    const { body: room } = await this.webex('POST', '/rooms', { body: { title: 'Room' } });
    for (const personEmail of emails) {
      await this.webex('POST', '/memberships', { body: { roomId: room.id, personEmail } });
    }
    return room;
  }

  async newWebhook(as, fields = {}) {
    const reply = await this.webex('POST', '/webhooks', { as, body: { ...this.messagesCreated(), ...fields } });
    assert.equal(reply.status, 200);
    return reply.body;
  }

  messagesCreated() {
    const targetUrl = `http://127.0.0.1:${this.#target.address().port}/`;
    return { name: 'messages', targetUrl, resource: 'messages', event: 'created' };
  }

  async say(as, room, fields) {
    const reply = await this.webex('POST', '/messages', { as, body: { roomId: room.id, ...fields } });
    assert.equal(reply.status, 200);
    return reply.body;
  }

  /** The access token for the newest refresh token, which is followed by another. */
  async refreshToken() {
    const { body } = await this.refresh(this.#refresh);
    this.#refresh = body.refresh_token;
    return body.access_token;
  }

  async refresh(refreshToken = FIRST_REFRESH) {
    const response = await fetch(`${this.url}/webex/v1/access_token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        client_id: 'C0ffee-live-chat',
        client_secret: 'emulator-client-secret',
        refresh_token: refreshToken,
      }),
    });
    return { status: response.status, body: await response.json() };
  }

  async ask(text, { session = 'abc', project = 'edgechat-demo', token = 'google-emulator' } = {}) {
    const path = `projects/${project}/agent/sessions/${session}:detectIntent`;
    const response = await fetch(`${this.url}/dialogflow/v2/${path}?$alt=json;enum-encoding=int`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}` },
      body: JSON.stringify({ queryInput: { text: { text, languageCode: 'en' } } }),
    });
    return response.json();
  }

  async #take(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const raw = Buffer.concat(chunks);
    this.#deliveries.push({ headers: request.headers, raw, body: JSON.parse(raw) });
    await this.#gate;
    response.writeHead(this.#answer).end();
  }
}
