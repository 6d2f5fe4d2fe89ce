import { readFields } from './body.mjs';
import { personById } from './directory.mjs';
import { WebexError } from './errors.mjs';
import { membershipEvent, roomEvent } from './events.mjs';
import { pageReply } from './paging.mjs';

const SORTED_BY = {
  id: (one, other) => one.id.localeCompare(other.id),
  created: (one, other) => other.created.localeCompare(one.created),
  lastactivity: (one, other) => other.lastActivity.localeCompare(one.lastActivity),
};

/** Routes of `/rooms`. */
export const roomRoutes = [
  ['POST /rooms', createRoom],
  ['GET /rooms', listRooms],
  ['GET /rooms/:id', ({ state, caller, params }) => roomReply(state, caller, state.roomFor(caller, params.id))],
  ['PUT /rooms/:id', updateRoom],
  ['DELETE /rooms/:id', deleteRoom],
];

function createRoom(call) {
  const { state, caller } = call;
  const { fields } = readFields(call);
  const wanted = roomFields(fields);
  const room = state.addRoom({ type: 'group', ...wanted }, caller);
  const membership = state.addMember(room, caller, room.isLocked);
  call.publish(roomEvent(state, 'created', caller, room));
  call.publish(membershipEvent(state, 'created', caller, membership));
  return roomReply(state, caller, room);
}

function listRooms(call) {
  const { state, caller, query } = call;
  const compare = SORTED_BY[query.get('sortBy') ?? 'id'];
  if (!compare) throw new WebexError(400, `invalid value for sortBy: ${query.get('sortBy')}`);
  const isWanted = (room) => (query.get('type') ?? room.type) === room.type && !query.has('teamId');
  // Newest first also within one millisecond.
  const rooms = state.roomsOf(caller).filter(isWanted).reverse().sort(compare);
  return pageReply(call, rooms, { view: (room) => roomView(state, caller, room) });
}

function updateRoom(call) {
  const { state, caller, params } = call;
  const room = state.roomFor(caller, params.id);
  if (room.type === 'direct') throw new WebexError(400, 'Unable to update a direct room.');
  if (room.isLocked && !state.membership(room.id, caller.id).isModerator) throw new WebexError(403);
  const { fields } = readFields(call);
  const wasLocked = room.isLocked;
  Object.assign(room, roomFields({ ...room, title: undefined, ...fields }));
  const creator = state.membership(room.id, room.creatorId);
  if (room.isLocked && !wasLocked && creator) creator.isModerator = true;
  if (room.description === ' ') delete room.description;
  call.publish(roomEvent(state, 'updated', caller, room));
  return roomReply(state, caller, room);
}

function deleteRoom(call) {
  const { state, caller, params } = call;
  const room = state.roomFor(caller, params.id);
  const membership = state.membership(room.id, caller.id);
  // Nobody moderates a room that is not locked, not even its creator.
  const mayDelete = membership.isModerator;
  const leaving = mayDelete ? state.membersOf(room.id) : [membership];
  const events = leaving.map((one) => membershipEvent(state, 'deleted', caller, one));
  if (mayDelete) state.removeRoom(room);
  else state.removeMember(membership);
  events.forEach(call.publish);
  return { status: 204 };
}

function roomFields(fields) {
  const { title, description } = fields;
  const { isLocked = false, isPublic = false, isAnnouncementOnly = false, isReadOnly = false } = fields;
  if (typeof title !== 'string' || title.trim() === '') throw new WebexError(400, 'Title cannot be empty.');
  if (isPublic && !description) throw new WebexError(400, 'description is required for a public room.');
  if (isAnnouncementOnly && !isLocked) throw new WebexError(400, 'A room in announcement mode must be locked.');
  return { title, description, isLocked, isPublic, isAnnouncementOnly, isReadOnly };
}

function roomReply(state, caller, room) {
  return { status: 200, body: roomView(state, caller, room) };
}

function roomView(state, caller, room) {
  return { ...room, title: state.roomTitle(room, caller), ownerId: personById(room.creatorId).orgId };
}
