import { newSeed } from './chance.mjs';
import { findRoute } from './http.mjs';
import { RELEASE_ORDERS } from './webex/delivery.mjs';

const ROUTES = [
  ['POST /reset', reset],
  ['POST /faults', ({ faults }, fault) => faults.plan(fault)],
  ['GET /faults', ({ faults }) => faults.unmet],
  ['DELETE /faults', ({ faults }) => faults.clear()],
  ['POST /deliveries', planDeliveries],
  ['POST /deliveries/release', releaseDeliveries],
  ['POST /deliveries/replay', ({ webex }, { id }) => webex.deliveries.replay(id)],
  ['POST /clock', advanceClock],
  ['POST /limits', ({ webex }, { per_minute, of }) => webex.limits.set(count(per_minute, 'per_minute'), of)],
  ['POST /region', ({ webex }, given) => webex.admin.setRegion(given)],
  ['POST /unreadable', markUnreadable],
  ['POST /tokens/revoke', revokeTokens],
  ['POST /tokens/withdraw', ({ webex }, { of }) => webex.tokens.withdraw(of)],
  ['POST /people/status', ({ webex }, given) => webex.admin.setStatus(given)],
  ['GET /webhooks', ({ webex }) => webex.admin.listWebhooks()],
  ['POST /webhooks/disable', ({ webex }, given) => webex.admin.disableWebhook(given)],
  ['POST /webhooks/drop', ({ webex }, { id, times }) => webex.admin.dropDeliveries({ id, times: count(times, 'times') })],
  ['POST /rooms/delete', ({ webex }, given) => webex.admin.deleteRoom(given)],
  ['POST /rooms/age', ({ webex }, { id, by_ms }) => webex.admin.ageRoom({ id, by_ms: count(by_ms, 'by_ms') })],
  ['POST /rooms/moderator', ({ webex }, given) => webex.admin.setModerator(given)],
  ['POST /rooms/remove', ({ webex }, given) => webex.admin.removeMember(given)],
  ['POST /contents/scan', scanContent],
  ['GET /requests', ({ log }) => log.entries],
  ['DELETE /requests', ({ log }) => log.clear()],
  ['GET /state', ({ webex }) => webex.snapshot()],
];

/**
 * Answers a call under `/control`.
 * @param {object} parts the emulators, as the server holds them
 * @returns {Promise<import('./http.mjs').Reply>}
 */
export async function handleControl(parts, { method, path, body }) {
  const { handler, known } = findRoute(ROUTES, method, path);
  if (!handler) return { status: known ? 405 : 404, body: { error: `no control call ${method} ${path}` } };
  try {
    const given = body.length > 0 ? JSON.parse(body.toString()) : {};
    return { status: 200, body: (await handler(parts, given)) ?? {} };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) {
      return { status: 400, body: { error: error.message } };
    }
    throw error;
  }
}

function reset({ clock, webex, google, dialogflow, faults, log }) {
  clock.reset();
  for (const part of [webex, google, dialogflow]) part.reset();
  faults.clear();
  log.clear();
}

function planDeliveries({ webex }, { drop, duplicate, hold, parallel, chance, seed }) {
  const changes = {};
  if (drop !== undefined) changes.drop = count(drop, 'drop');
  if (duplicate !== undefined) changes.duplicate = count(duplicate, 'duplicate');
  if (hold !== undefined) changes.hold = hold === true;
  if (parallel !== undefined) changes.parallel = parallel === true;
  webex.deliveries.plan(changes);
  if (chance !== undefined) webex.deliveries.disturb({ chance, seed });
}

/** The seed of a shuffled order is in the answer, to be given another time. */
async function releaseDeliveries({ webex }, { order = 'same', seed = newSeed(), parallel }) {
  if (!RELEASE_ORDERS.includes(order)) throw new RangeError(`order must be one of ${RELEASE_ORDERS.join(', ')}`);
  const released = await webex.deliveries.release(order, { seed: count(seed, 'seed'), parallel: parallel === true });
  return order === 'shuffle' ? { released, seed } : { released };
}

/** The answers that come show this field of the item encrypted, with an error beside it. */
function markUnreadable({ webex }, { id, field, times = 1 }) {
  if (typeof id !== 'string' || typeof field !== 'string') throw new RangeError('id and field are needed');
  webex.unreadable.mark(id, field, count(times, 'times'));
}

function advanceClock({ clock }, { advance_ms }) {
  clock.advance(count(advance_ms, 'advance_ms'));
  return { now: clock.iso() };
}

/** Webex tokens unless told otherwise: `{"google": true}` revokes Google's too. */
function revokeTokens({ webex, google }, given) {
  webex.tokens.revokeIssued();
  if (given.google === true) google.reset();
}

/** `scanning` hides the file for some calls, `infected` and `unscannable` for good, `clean` shows it again. */
function scanContent({ webex }, { file, scan, times = 1 }) {
  webex.admin.scanContent({ file, scan, times: count(times, 'times') });
}

function count(value, name) {
  if (!Number.isInteger(value) || value < 0) throw new RangeError(`${name} must be a whole number from 0`);
  return value;
}
