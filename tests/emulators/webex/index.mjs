import { findRoute } from '../http.mjs';
import { actionRoutes } from './actions.mjs';
import { Admin } from './admin.mjs';
import { Deliveries } from './delivery.mjs';
import { personById } from './directory.mjs';
import { WebexError, newTrackingId } from './errors.mjs';
import { Limits } from './limits.mjs';
import { membershipRoutes } from './memberships.mjs';
import { messageRoutes } from './messages.mjs';
import { Tokens } from './oauth.mjs';
import { peopleRoutes } from './people.mjs';
import { roomRoutes } from './rooms.mjs';
import { WebexState } from './state.mjs';
import { Unreadable } from './unreadable.mjs';
import { publish, webhookRoutes } from './webhooks.mjs';

const ROUTES = [
  ...peopleRoutes,
  ...roomRoutes,
  ...membershipRoutes,
  ...messageRoutes,
  ...webhookRoutes,
  ...actionRoutes,
];

/** The emulated Webex API. */
export class Webex {
  admin;
  tokens;
  deliveries;
  limits;
  unreadable = new Unreadable();
  #state;
  #webhooks = new Map();
  #publicUrl;
  #publish = (occurrence) => publish(this.#webhooks, this.deliveries, occurrence);

  /** @param {() => string} publicUrl where `/v1` is reached from outside */
  constructor(clock, publicUrl) {
    this.tokens = new Tokens(clock);
    this.deliveries = new Deliveries(clock);
    this.limits = new Limits(clock);
    this.#state = new WebexState(clock);
    this.#publicUrl = publicUrl;
    this.admin = new Admin(this.#state, this.#webhooks, this.#publish);
  }

  reset() {
    this.tokens.reset();
    this.deliveries.reset();
    this.limits.set(0);
    this.unreadable.reset();
    this.#state.reset();
    this.#webhooks.clear();
  }

  /** Who makes this call, for the log of requests. */
  nameCaller(headers) {
    return this.tokens.callerOf(headers)?.email;
  }

  /**
   * @param {{method: string, path: string, query: URLSearchParams, url: string, headers: object, body: Buffer}} request
   *   with the path as it stands behind `/v1`
   * @returns {Promise<import('../http.mjs').Reply>}
   */
  async handle(request) {
    const reply = await this.#answer(request).catch((error) => {
      if (error instanceof WebexError) return error.toReply();
      throw error;
    });
    return { ...reply, headers: { trackingid: newTrackingId(), ...reply.headers } };
  }

  async #answer(request) {
    // Some clients end a path with a slash: `/people/?id=…`.
    const path = request.path.replace(/\/$/, '');
    if (request.method === 'POST' && path === '/access_token') return this.tokens.refresh(request);
    const caller = this.tokens.callerOf(request.headers);
    if (!caller) throw new WebexError(401);
    const { handler, params, known } = findRoute(ROUTES, request.method, path);
    if (!handler) throw new WebexError(known ? 405 : 404);
    this.limits.count(caller, path);
    const reply = await handler({
      ...request,
      params,
      caller,
      state: this.#state,
      webhooks: this.#webhooks,
      publicUrl: this.#publicUrl,
      publish: this.#publish,
    });
    return this.unreadable.apply(reply);
  }

  /** Everything that is kept, for tests to look at. */
  snapshot() {
    const rooms = [...this.#state.rooms.values()].map((room) => this.#showRoom(room));
    return { rooms, webhooks: this.admin.listWebhooks(), deliveries: this.deliveries.counts };
  }

  #showRoom(room) {
    const members = this.#state.membersOf(room.id).map(({ personId }) => personById(personId).email);
    const messages = this.#state.messagesOf(room.id).map((message) => ({
      id: message.id,
      parentId: message.parentId,
      author: personById(message.personId).email,
      text: message.text,
      markdown: message.markdown,
      html: message.html,
      files: message.files,
      attachments: message.attachments,
      created: message.created,
      updated: message.updated,
    }));
    return { id: room.id, title: room.title, type: room.type, created: room.created, members, messages };
  }
}
