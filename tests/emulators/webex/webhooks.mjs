import { randomUUID } from 'node:crypto';
import { readFields } from './body.mjs';
import { personById } from './directory.mjs';
import { WebexError } from './errors.mjs';
import { canonicalId, encodeId, innerId } from './ids.mjs';
import { pageReply } from './paging.mjs';

const APP_ID = encodeId('APPLICATION', `C${'0ffee'.repeat(12)}0ff0`);

/** What can be watched: its events, and the fields a filter may name. */
const RESOURCES = {
  messages: {
    events: ['created', 'updated', 'deleted'],
    filters: ['roomId', 'roomType', 'personId', 'personEmail', 'mentionedPeople', 'hasFiles', 'hasAttachments'],
  },
  memberships: {
    events: ['created', 'updated', 'deleted'],
    filters: ['roomId', 'personId', 'personEmail', 'isModerator'],
  },
  rooms: { events: ['created', 'updated', 'migrated'], filters: ['type', 'isLocked'] },
  attachmentActions: { events: ['created'], filters: ['messageId', 'personId', 'roomId'] },
};

/** What the `all` resource stands for. */
const FIREHOSE = ['messages', 'memberships', 'rooms'];

/** Routes of `/webhooks`. */
export const webhookRoutes = [
  ['POST /webhooks', createWebhook],
  ['GET /webhooks', listWebhooks],
  ['GET /webhooks/:id', ({ webhooks, caller, params }) => reply(ownWebhook(webhooks, caller, params.id, 404))],
  ['PUT /webhooks/:id', updateWebhook],
  ['DELETE /webhooks/:id', deleteWebhook],
];

function createWebhook(call) {
  const { state, webhooks, caller } = call;
  const { fields } = readFields(call);
  const { name, targetUrl, resource, event, filter, secret, ownedBy = 'creator' } = fields;
  checkTarget(fields);
  if (resource !== 'all' && !RESOURCES[resource]) throw new WebexError(400, `invalid value for resource: ${resource}`);
  const events = resource === 'all' ? [] : RESOURCES[resource].events;
  if (event !== 'all' && !events.includes(event)) throw new WebexError(400, `invalid value for event: ${event}`);
  checkFilter(state, caller, resource, filter);
  const webhook = {
    id: encodeId('WEBHOOK', randomUUID()),
    name,
    targetUrl,
    resource,
    event,
    filter: filter || undefined,
    secret: secret || undefined,
    orgId: caller.orgId,
    createdBy: caller.id,
    appId: APP_ID,
    ownedBy,
    status: 'active',
    created: state.clock.iso(),
    failures: [],
    drops: 0,
  };
  webhooks.set(webhook.id, webhook);
  return reply(webhook);
}

function checkTarget({ name, targetUrl }) {
  if (!name) throw new WebexError(400, 'name cannot be empty');
  if (!targetUrl) throw new WebexError(400, 'targetUrl cannot be null');
  if (!/^https?:$/.test(URL.canParse(targetUrl) ? new URL(targetUrl).protocol : '')) {
    throw new WebexError(400, 'invalid value for targetUrl');
  }
}

function checkFilter(state, caller, resource, filter) {
  for (const [name, value] of new URLSearchParams(filter ?? '')) {
    const isKnown = RESOURCES[resource]?.filters.includes(name);
    const isVisible = name !== 'roomId' || state.membership(canonicalId('ROOM', value), caller.id);
    if (!isKnown || !isVisible) throw new WebexError(400, `invalid value for filter: ${name}`);
  }
}

function listWebhooks(call) {
  const { webhooks, caller } = call;
  const own = [...webhooks.values()].filter((webhook) => webhook.createdBy === caller.id);
  return pageReply(call, own, { limit: 100, view: webhookView });
}

function updateWebhook(call) {
  const { state, webhooks, caller, params } = call;
  const webhook = ownWebhook(webhooks, caller, params.id, 404);
  const { fields } = readFields(call);
  checkTarget(fields);
  if (fields.status !== undefined && fields.status !== 'active') {
    throw new WebexError(400, 'invalid value for status');
  }
  webhook.name = fields.name;
  webhook.targetUrl = fields.targetUrl;
  webhook.secret = fields.secret ?? webhook.secret;
  if (fields.status === 'active' && webhook.status === 'inactive') {
    webhook.status = 'active';
    webhook.failures = [];
    webhook.revivedAt = state.clock.now();
  }
  return reply(webhook);
}

function deleteWebhook({ webhooks, caller, params }) {
  const webhook = ownWebhook(webhooks, caller, params.id, 400);
  webhooks.delete(webhook.id);
  // Deliveries that still wait in a queue look at this.
  webhook.status = 'inactive';
  return { status: 204 };
}

/** The vendor answers an unknown webhook with 404, but with 400 when it is to be deleted. */
function ownWebhook(webhooks, caller, givenId, missingStatus) {
  const webhook = webhooks.get(canonicalId('WEBHOOK', givenId));
  if (webhook?.createdBy !== caller.id) throw new WebexError(missingStatus, 'Webhook not found.');
  return webhook;
}

/**
 * Hands an event to every webhook that watches for it and whose creator may know of it.
 * @param {import('./events.mjs').WebexEvent} occurrence
 */
export function publish(webhooks, deliveries, occurrence) {
  for (const webhook of webhooks.values()) {
    if (webhook.status !== 'active') continue;
    if (!watches(webhook, occurrence) || !passesFilter(webhook, occurrence.facts)) continue;
    if (!occurrence.isSeenBy(personById(webhook.createdBy))) continue;
    deliveries.schedule(webhook, envelope(webhook, occurrence));
  }
}

function watches(webhook, { resource, event }) {
  const isResource = webhook.resource === resource || (webhook.resource === 'all' && FIREHOSE.includes(resource));
  return isResource && (webhook.event === event || webhook.event === 'all');
}

function passesFilter({ filter, createdBy }, facts) {
  return [...new URLSearchParams(filter ?? '')].every(([name, value]) => {
    const wanted = value.split(',').map((one) => (one === 'me' ? createdBy : one));
    const actual = [facts[name]].flat().map(String);
    return wanted.some((one) => actual.some((other) => one === other || one === bareId(other)));
  });
}

function bareId(id) {
  return innerId(id) || undefined;
}

function envelope(webhook, { resource, event, actorId, data }) {
  const { secret, ...shown } = webhookView(webhook);
  return { ...shown, resource, event, actorId, data };
}

function reply(webhook) {
  return { status: 200, body: webhookView(webhook) };
}

function webhookView({ failures, revivedAt, drops, ...webhook }) {
  return webhook;
}
