import { personById } from './directory.mjs';
import { mentions } from './state.mjs';

/**
 * @typedef {object} WebexEvent something that webhooks may report
 * @property {'messages' | 'memberships' | 'rooms' | 'attachmentActions'} resource
 * @property {'created' | 'updated' | 'deleted'} event
 * @property {string} actorId
 * @property {object} data what is sent: never a text
 * @property {object} facts what filters look at
 * @property {(person: object) => boolean} isSeenBy fixed when it happened: who is removed still hears of it
 */

/** A message's event. A deleted one is reported by its ids only. */
export function messageEvent(state, event, actor, message) {
  const { id, roomId, roomType, personId, mentionedPeople, files, attachments, parentId, created } = message;
  const personEmail = personById(personId).email;
  const data =
    event === 'deleted'
      ? { id, roomId, personId }
      : { id, roomId, roomType, parentId, personId, personEmail, mentionedPeople, files, created };
  const facts = {
    roomId,
    roomType,
    personId,
    personEmail,
    mentionedPeople: mentionedPeople ?? [],
    hasFiles: files !== undefined,
    hasAttachments: attachments !== undefined,
  };
  return { resource: 'messages', event, actorId: actor.id, data, facts, isSeenBy: seenBy(state, message) };
}

export function membershipEvent(state, event, actor, membership) {
  const data = membershipView(state, membership);
  const isSeenBy = membersNow(state, membership.roomId);
  return { resource: 'memberships', event, actorId: actor.id, data, facts: data, isSeenBy };
}

/** A room's event; its title is not told. */
export function roomEvent(state, event, actor, room) {
  const { title, description, ...data } = room;
  const isSeenBy = membersNow(state, room.id);
  return { resource: 'rooms', event, actorId: actor.id, data, facts: { ...data, roomId: room.id }, isSeenBy };
}

/** An answered card; the inputs are not told. */
export function actionEvent(state, actor, { inputs, ...data }, message) {
  const isSeenBy = (person) => state.canRead(person, message);
  return { resource: 'attachmentActions', event: 'created', actorId: actor.id, data, facts: data, isSeenBy };
}

export function membershipView(state, membership) {
  const { email, displayName, orgId } = personById(membership.personId);
  return {
    ...membership,
    roomType: state.rooms.get(membership.roomId).type,
    personEmail: email,
    personDisplayName: displayName,
    personOrgId: orgId,
    isMonitor: membership.isModerator,
  };
}

function membersNow(state, roomId) {
  const ids = new Set(state.membersOf(roomId).map((one) => one.personId));
  return (person) => ids.has(person.id);
}

/** A bot hears of a group room's message only when it is mentioned: of its own messages it does not. */
function seenBy(state, message) {
  const isMember = membersNow(state, message.roomId);
  const isOpenToBots = message.roomType === 'direct';
  return (person) => isMember(person) && (person.type !== 'bot' || isOpenToBots || mentions(message, person));
}
