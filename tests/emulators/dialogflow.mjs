import { randomUUID } from 'node:crypto';
import { matchIntent } from './dialogflow-agent.mjs';
import { googleError } from './google-error.mjs';

const PROJECT = 'edgechat-demo';
const MAX_TEXT = 256;
const CONTEXT_TURNS = 2;
const SESSION_MS = 20 * 60 * 1000;

const AGENT = /^\/projects\/(?<project>[^/]+)(\/locations\/[^/]+)?\/agent/;
const USER = /(\/environments\/[^/]+\/users\/(?<user>[^/]+))?/;
const SESSION = new RegExp(`${AGENT.source}${USER.source}\\/sessions\\/(?<id>[^/:]*)`);

/** Dialogflow ES: one project, one small agent. */
export class Dialogflow {
  #clock;
  #google;
  #sessions = new Map();

  constructor(clock, google) {
    this.#clock = clock;
    this.#google = google;
  }

  reset() {
    this.#sessions.clear();
  }

  /**
   * @param {{method: string, path: string, headers: object, body: Buffer}} request with the path behind `/v2`
   * @returns {import('./http.mjs').Reply}
   */
  handle({ method, path, headers, body }) {
    if (!this.#google.accepts(headers)) return googleError(401);
    const decoded = decodeURIComponent(path);
    const match = SESSION.exec(decoded);
    if (!match) return googleError(404);
    const { project, user, id } = match.groups;
    if (project !== PROJECT) {
      return googleError(404, `No DesignTimeAgent found for project '${project}'.`);
    }
    if (!isShortId(id) || (user !== undefined && !isShortId(user))) {
      return googleError(400, 'Session and user ids must have 1 to 36 characters.');
    }
    const name = match[0].slice(1);
    const call = `${method} ${decoded.slice(match[0].length)}`;
    if (call === 'POST :detectIntent') return this.#detect(name, project, body);
    if (call === 'DELETE /contexts') {
      this.#sessions.delete(name);
      return { status: 200, body: {} };
    }
    return googleError(404);
  }

  #detect(name, project, body) {
    let request;
    try {
      request = JSON.parse(body.toString());
    } catch {
      return googleError(400, 'Invalid JSON payload received.');
    }
    const input = readInput(request);
    if (input.refusal) return googleError(400, input.refusal);

    const params = field(request, 'queryParams');
    const contexts = this.#contextsOf(name, field(params, 'resetContexts') === true);
    for (const given of field(params, 'contexts') ?? []) {
      contexts.set(String(given.name).split('/').at(-1), field(given, 'lifespanCount') ?? CONTEXT_TURNS);
    }
    const intent = matchIntent(input, (context) => contexts.has(context));
    age(contexts);
    if (intent.opens) contexts.set(intent.opens, CONTEXT_TURNS);
    return { status: 200, body: answer(name, project, input, intent, contexts) };
  }

  /** The session's contexts and the turns they have left; all gone 20 minutes after the last request. */
  #contextsOf(name, isReset) {
    const now = this.#clock.now();
    const kept = this.#sessions.get(name);
    const isFresh = kept && !isReset && now - kept.usedAt < SESSION_MS;
    const contexts = isFresh ? kept.contexts : new Map();
    this.#sessions.set(name, { contexts, usedAt: now });
    return contexts;
  }
}

function readInput(request) {
  const query = field(request, 'queryInput');
  const spoken = field(query, 'text');
  const event = field(query, 'event');
  if (!spoken === !event) return { refusal: 'Exactly one kind of query input must be set.' };
  const language = field(spoken ?? event, 'languageCode');
  if (!language) return { refusal: "Input 'language_code' not set." };
  if (event) return event.name ? { event: event.name, language } : { refusal: "Input 'event' has no name." };
  if (typeof spoken.text !== 'string' || spoken.text === '') return { refusal: 'Input text not set.' };
  if ([...spoken.text].length > MAX_TEXT) return { refusal: `Input text exceeds ${MAX_TEXT} characters.` };
  return { text: spoken.text, language };
}

/** Fields with a default value are left out, as proto JSON does. */
function answer(session, project, input, intent, contexts) {
  const firstText = intent.messages.find((message) => message.text)?.text.text[0];
  const outputContexts = [...contexts].map(([name, lifespanCount]) => ({
    name: `${session}/contexts/${name}`,
    lifespanCount,
  }));
  return {
    responseId: `${randomUUID()}-2bd1a1f0`,
    queryResult: {
      queryText: input.text ?? input.event,
      languageCode: input.language,
      action: intent.action,
      allRequiredParamsPresent: true,
      fulfillmentText: firstText,
      fulfillmentMessages: intent.messages,
      outputContexts: outputContexts.length > 0 ? outputContexts : undefined,
      intent: {
        name: `projects/${project}/agent/intents/${intent.id}`,
        displayName: intent.name,
        ...intent.flags,
      },
      intentDetectionConfidence: 1,
    },
  };
}

function age(contexts) {
  for (const [name, turns] of contexts) {
    if (turns > 1) contexts.set(name, turns - 1);
    else contexts.delete(name);
  }
}

/** A field in either of the spellings that proto JSON allows. */
function field(object, name) {
  return object?.[name] ?? object?.[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
}

function isShortId(id) {
  return id.length >= 1 && id.length <= 36;
}
