// The people at the desk, and a look at everything that the desk has. Their calls do not go over the network, so that
// no fault hits them: faults are for the worker.
import { setTimeout as sleep } from 'node:timers/promises';
import { ANNA, BEN } from '../harness.mjs';

/** Whom nothing is hidden from: the account that opens all rooms. */
const INTEGRATION = 'integration-live-chat';
const AGENTS = [ANNA, BEN];

export class Desk {
  #webex;
  #url;
  #rooms = new Map();
  #isOver = false;

  constructor({ emulators }) {
    this.#webex = emulators.parts.webex;
    this.#url = `${emulators.url}/webex/v1`;
  }

  async call(token, method, path, { body, type } = {}) {
    const url = new URL(this.#url + path);
    const reply = await this.#webex.handle({
      method,
      path: url.pathname.slice(new URL(this.#url).pathname.length),
      query: url.searchParams,
      url: url.href,
      headers: { authorization: `Bearer ${token}`, 'content-type': type ?? 'application/json' },
      body: Buffer.isBuffer(body) ? body : Buffer.from(body === undefined ? '' : JSON.stringify(body)),
    });
    if (reply.status >= 300) throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
    return reply.body;
  }

  /** Looks again and again which rooms the agents are in, as their clients do. */
  async watch() {
    while (!this.#isOver) {
      const rooms = new Map();
      for (const agent of AGENTS) {
        for (const room of await this.#roomsOf(agent)) {
          const { agents = [] } = rooms.get(referenceOf(room)) ?? {};
          rooms.set(referenceOf(room), { id: room.id, agents: [...agents, agent] });
        }
      }
      this.#rooms = rooms;
      await sleep(500);
    }
  }

  close() {
    this.#isOver = true;
  }

  /** The conversation's room and who of the agents is in it; undefined while nobody is. */
  roomOf(reference) {
    return this.#rooms.get(reference);
  }

  say(agent, roomId, { text, markdown }) {
    return this.call(agent, 'POST', '/messages', { body: { roomId, text, markdown } });
  }

  async sendFile(agent, roomId, { name, bytes, text }) {
    const form = new FormData();
    form.set('roomId', roomId);
    form.set('text', text);
    form.set('files', new Blob([bytes], { type: 'text/plain' }), name);
    const request = new Response(form);
    const type = request.headers.get('content-type');
    return this.call(agent, 'POST', '/messages', { body: Buffer.from(await request.arrayBuffer()), type });
  }

  /** For some calls Webex does not give it out. */
  scan(file) {
    this.#webex.admin.scanContent({ file, scan: 'scanning', times: 3 });
  }

  /** As after too many deliveries that failed; any one, by a number from 0 up to 1. */
  switchOffWebhook(chosen) {
    const hooks = this.#webex.admin.listWebhooks().filter(({ status }) => status === 'active');
    if (hooks.length > 0) this.#webex.admin.disableWebhook(hooks[Math.floor(chosen * hooks.length)]);
    return hooks.length > 0;
  }

  /** Where the rooms and messages that are made from now on are kept; it stands in their ids. */
  moveTo(region) {
    this.#webex.admin.setRegion({ region });
  }

  /** A file of the desk, by its address. */
  content(address) {
    return this.call(INTEGRATION, 'GET', `/contents/${address.split('/').at(-1)}`);
  }

  /** All rooms with what was posted in them, by the reference in their title: `{id, messages}[]` each. */
  allRooms() {
    return grouped(this.#webex.snapshot().rooms, referenceOf);
  }

  /** Webhooks by the conversation they are for. */
  webhooks() {
    const ofConversations = this.#webex.admin.listWebhooks().filter(({ resource }) => resource === 'messages');
    return grouped(ofConversations, (hook) => hook.targetUrl.split('/').at(-1));
  }

  async #roomsOf(agent) {
    return (await this.call(agent, 'GET', '/rooms?max=1000&sortBy=created')).items;
  }
}

function grouped(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

/** What of a conversation's id stands in its room's title. */
export function referenceIn(conversation) {
  return conversation.replace(/[^A-Za-z0-9]/g, '').slice(0, 6);
}

/** A room's title ends with what tells it from all others. */
function referenceOf({ title }) {
  return title.split(' · ').at(-1);
}
