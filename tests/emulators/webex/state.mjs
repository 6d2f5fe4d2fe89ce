import { randomUUID } from 'node:crypto';
import { personById } from './directory.mjs';
import { WebexError } from './errors.mjs';
import { canonicalId, encodeId, innerId } from './ids.mjs';

/** Items by id, and those of one room without a look at all others: a list must cost no more as other rooms grow. */
class ByRoom extends Map {
  #rooms = new Map();

  set(id, item) {
    if (!this.#rooms.has(item.roomId)) this.#rooms.set(item.roomId, new Map());
    this.#rooms.get(item.roomId).set(id, item);
    return super.set(id, item);
  }

  delete(id) {
    this.#rooms.get(this.get(id)?.roomId)?.delete(id);
    return super.delete(id);
  }

  clear() {
    this.#rooms.clear();
    super.clear();
  }

  of(roomId) {
    return [...(this.#rooms.get(roomId)?.values() ?? [])];
  }
}

/** What is kept: rooms, who is in them, and what was said. */
export class WebexState {
  rooms = new Map();
  memberships = new ByRoom();
  messages = new ByRoom();
  contents = new Map();
  actions = new Map();
  statuses = new Map();
  /** Of the rooms and messages that are made. */
  region = 'us';

  constructor(clock) {
    this.clock = clock;
  }

  reset() {
    const { rooms, memberships, messages, contents, actions, statuses } = this;
    for (const kept of [rooms, memberships, messages, contents, actions, statuses]) kept.clear();
    this.region = 'us';
  }

  /** A person's presence. */
  statusOf(person) {
    return this.statuses.get(person.id) ?? 'active';
  }

  addRoom(fields, creator) {
    const now = this.clock.iso();
    const room = {
      id: encodeId('ROOM', randomUUID(), this.region),
      isLocked: false,
      isAnnouncementOnly: false,
      isReadOnly: false,
      isPublic: false,
      ...fields,
      creatorId: creator.id,
      created: now,
      lastActivity: now,
    };
    this.rooms.set(room.id, room);
    return room;
  }

  /** Something was said in the room: it goes to the end of the map, which is in order of activity. */
  touch(room) {
    room.lastActivity = this.clock.iso();
    this.rooms.delete(room.id);
    this.rooms.set(room.id, room);
  }

  removeRoom(room) {
    this.rooms.delete(room.id);
    for (const kept of [this.memberships, this.messages, this.contents, this.actions]) {
      for (const [id, item] of kept) if (item.roomId === room.id) kept.delete(id);
    }
  }

  addMember(room, person, isModerator = false) {
    const membership = {
      id: encodeId('MEMBERSHIP', `${innerId(person.id)}:${innerId(room.id)}`),
      roomId: room.id,
      personId: person.id,
      isModerator,
      isRoomHidden: false,
      created: this.clock.iso(),
    };
    this.memberships.set(membership.id, membership);
    return membership;
  }

  /** Takes a person out; a room that nobody is left in is gone. */
  removeMember(membership) {
    this.memberships.delete(membership.id);
    if (this.membersOf(membership.roomId).length === 0) this.removeRoom(this.rooms.get(membership.roomId));
  }

  membersOf(roomId) {
    return this.memberships.of(roomId);
  }

  membership(roomId, personId) {
    return this.membersOf(roomId).find((one) => one.personId === personId);
  }

  roomsOf(person) {
    return [...this.rooms.values()].filter((room) => this.membership(room.id, person.id));
  }

  directRoom(one, other) {
    const isTheirs = (room) => room.type === 'direct' && this.membership(room.id, other.id);
    return this.roomsOf(one).find(isTheirs);
  }

  /** The room, if the caller is in it; a room of others looks like no room. */
  roomFor(caller, givenId) {
    const room = this.rooms.get(canonicalId('ROOM', givenId));
    if (!room || !this.membership(room.id, caller.id)) {
      throw new WebexError(404, 'Could not find a room with provided ID.');
    }
    return room;
  }

  messagesOf(roomId) {
    return this.messages.of(roomId);
  }

  /** Whether this member may read the message: in a group room a bot sees its own and those that mention it. */
  canRead(person, message) {
    if (!this.membership(message.roomId, person.id)) return false;
    if (person.type !== 'bot' || message.roomType === 'direct' || message.personId === person.id) return true;
    return mentions(message, person);
  }

  messageFor(caller, givenId) {
    const message = this.messages.get(canonicalId('MESSAGE', givenId));
    if (!message || !this.canRead(caller, message)) {
      throw new WebexError(404, 'Message not found.');
    }
    return message;
  }

  /** The title as this person sees it: a direct room is named after the other one. */
  roomTitle(room, viewer) {
    if (room.type === 'group') return room.title;
    const other = this.membersOf(room.id).find((one) => one.personId !== viewer.id);
    return other ? personById(other.personId).displayName : 'Empty Title';
  }
}

export function mentions(message, person) {
  return message.mentionedPeople?.includes(person.id) ?? false;
}
