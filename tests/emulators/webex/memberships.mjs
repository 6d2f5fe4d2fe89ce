import { readFields } from './body.mjs';
import { personByEmail, personById } from './directory.mjs';
import { WebexError } from './errors.mjs';
import { membershipEvent, membershipView } from './events.mjs';
import { canonicalId } from './ids.mjs';
import { pageReply } from './paging.mjs';

const REFUSED_DOMAIN = '@refused.example.com';

/** Routes of `/memberships`. */
export const membershipRoutes = [
  ['POST /memberships', createMembership],
  ['GET /memberships', listMemberships],
  ['GET /memberships/:id', getMembership],
  ['PUT /memberships/:id', updateMembership],
  ['DELETE /memberships/:id', deleteMembership],
];

/** The person that an id or an e-mail names, or the vendor's refusal. */
export function findPerson(personId, email) {
  if (personId !== undefined) {
    const id = canonicalId('PEOPLE', personId);
    if (!id) throw new WebexError(400, 'Expect base64 ID or UUID.');
    const person = personById(id);
    if (!person) throw new WebexError(404, 'Person not found.');
    return person;
  }
  if (String(email).endsWith(REFUSED_DOMAIN)) throw new WebexError(403);
  const person = personByEmail(email);
  if (!person) throw new WebexError(404, `${email} not found.`);
  return person;
}

function createMembership(call) {
  const { state, caller } = call;
  const { fields } = readFields(call);
  const { roomId, personId, personEmail, isModerator = false } = fields;
  if (!roomId) throw new WebexError(400, 'roomId cannot be null');
  if (!personId && !personEmail) throw new WebexError(400, 'Must specify either personId or personEmail.');
  const room = state.rooms.get(canonicalId('ROOM', roomId));
  const own = room && state.membership(room.id, caller.id);
  // The live service was seen to answer 502 here, where every other call answers 404.
  if (!own) throw new WebexError(502, 'Add participant failed.');
  if (room.type === 'direct') throw new WebexError(400, 'Unable to add a participant to a direct room.');
  if (room.isLocked && !own.isModerator) throw new WebexError(403);
  const person = findPerson(personId, personEmail);
  if (state.membership(room.id, person.id)) throw new WebexError(409, 'Person is already in the room.');
  const membership = state.addMember(room, person, isModerator === true);
  call.publish(membershipEvent(state, 'created', caller, membership));
  return { status: 200, body: membershipView(state, membership) };
}

function listMemberships(call) {
  const { state, caller, query } = call;
  const view = (membership) => membershipView(state, membership);
  if (!query.has('roomId')) {
    if (query.has('personId') || query.has('personEmail')) throw new WebexError(400, 'roomId cannot be null');
    const own = [...state.memberships.values()].filter((one) => one.personId === caller.id);
    return pageReply(call, own, { view });
  }
  const room = state.roomFor(caller, query.get('roomId'));
  const wantedId = query.has('personId') ? canonicalId('PEOPLE', query.get('personId')) : undefined;
  const wantedEmail = query.get('personEmail')?.toLowerCase();
  const isWanted = ({ personId }) =>
    (!query.has('personId') || personId === wantedId) &&
    (!query.has('personEmail') || personById(personId).email === wantedEmail);
  return pageReply(call, state.membersOf(room.id).filter(isWanted), { view });
}

function getMembership({ state, caller, params }) {
  return { status: 200, body: membershipView(state, visibleMembership(state, caller, params.id)) };
}

function updateMembership(call) {
  const { state, caller, params } = call;
  const membership = visibleMembership(state, caller, params.id);
  const { fields } = readFields(call);
  if (typeof fields.isModerator !== 'boolean') throw new WebexError(400, 'isModerator cannot be null');
  const room = state.rooms.get(membership.roomId);
  if (room.isLocked && !state.membership(room.id, caller.id).isModerator) throw new WebexError(403);
  membership.isModerator = fields.isModerator;
  membership.isRoomHidden = fields.isRoomHidden ?? membership.isRoomHidden;
  call.publish(membershipEvent(state, 'updated', caller, membership));
  return { status: 200, body: membershipView(state, membership) };
}

function deleteMembership(call) {
  const { state, caller, params } = call;
  const membership = state.memberships.get(canonicalId('MEMBERSHIP', params.id));
  if (!membership) throw new WebexError(400, 'Failed to leave room.');
  const own = state.membership(membership.roomId, caller.id);
  if (!own) throw new WebexError(404, 'User is not a participant of the room.');
  const { isLocked } = state.rooms.get(membership.roomId);
  if (own !== membership && isLocked && !own.isModerator) throw new WebexError(403);
  const event = membershipEvent(state, 'deleted', caller, membership);
  state.removeMember(membership);
  call.publish(event);
  return { status: 204 };
}

function visibleMembership(state, caller, givenId) {
  const membership = state.memberships.get(canonicalId('MEMBERSHIP', givenId));
  if (!membership || !state.membership(membership.roomId, caller.id)) {
    throw new WebexError(404, 'Failed to get membership');
  }
  return membership;
}
