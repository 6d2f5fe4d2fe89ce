import { randomUUID } from 'node:crypto';
import { readFields } from './body.mjs';
import { personById } from './directory.mjs';
import { WebexError } from './errors.mjs';
import { membershipEvent, messageEvent, roomEvent } from './events.mjs';
import { canonicalId, encodeId } from './ids.mjs';
import { findPerson } from './memberships.mjs';
import { readCards, readFile, readWords } from './message-content.mjs';
import { pageReply } from './paging.mjs';
import { mentions } from './state.mjs';

const MAX_EDITS = 10;

/** Routes of `/messages` and `/contents`. */
export const messageRoutes = [
  ['POST /messages', createMessage],
  ['GET /messages', listMessages],
  ['GET /messages/direct', listDirectMessages],
  ['GET /messages/:id', ({ state, caller, params }) => messageReply(state.messageFor(caller, params.id))],
  ['PUT /messages/:id', editMessage],
  ['DELETE /messages/:id', deleteMessage],
  ['GET /contents/:id', getContent],
  ['HEAD /contents/:id', getContent],
];

async function createMessage(call) {
  const { state, caller } = call;
  const { fields, uploads } = readFields(call);
  const { toPersonId, toPersonEmail } = fields;
  const destination = readDestination(state, caller, fields);
  const attachments = readCards(fields.attachments);
  const hasFile = uploads.length > 0 || fields.files?.length > 0;
  if (!fields.text && !fields.markdown && !hasFile && !attachments) {
    throw new WebexError(400, 'Both text and file cannot be empty.');
  }
  // Checked before the direct room is made, so that a refused message leaves nothing behind.
  const words = readWords(state, destination.room?.id, fields);
  const parentId = readParent(state, destination.room?.id, fields.parentId);
  const file = await readFile(fields.files, uploads);
  const room = destination.room ?? openDirectRoom(call, destination.person);

  const uuid = randomUUID();
  const message = {
    id: encodeId('MESSAGE', uuid, state.region),
    parentId,
    roomId: room.id,
    roomType: room.type,
    toPersonId,
    toPersonEmail,
    ...words,
    files: file && [keepFile(call, room, uuid, file)],
    personId: caller.id,
    attachments,
    created: state.clock.iso(),
    edits: 0,
  };
  state.messages.set(message.id, message);
  state.touch(room);
  call.publish(messageEvent(state, 'created', caller, message));
  return messageReply(message);
}

function readDestination(state, caller, { roomId, toPersonId, toPersonEmail }) {
  if ([roomId, toPersonId, toPersonEmail].filter(Boolean).length !== 1) {
    throw new WebexError(
      400,
      'Exactly one of the destination fields must not be empty (roomId, toPersonEmail, toPersonId)',
    );
  }
  if (roomId) return { room: state.roomFor(caller, roomId) };
  const person = findPerson(toPersonId, toPersonEmail);
  if (person === caller) throw new WebexError(400, 'Unable to send a message to oneself.');
  return { room: state.directRoom(caller, person), person };
}

function openDirectRoom({ state, caller, publish }, person) {
  const room = state.addRoom({ type: 'direct' }, caller);
  const members = [state.addMember(room, caller), state.addMember(room, person)];
  publish(roomEvent(state, 'created', caller, room));
  for (const membership of members) publish(membershipEvent(state, 'created', caller, membership));
  return room;
}

function readParent(state, roomId, givenId) {
  if (!givenId) return undefined;
  const parent = state.messages.get(canonicalId('MESSAGE', givenId));
  if (!parent || parent.roomId !== roomId || parent.parentId) {
    throw new WebexError(400, 'parentId must be a top-level message of the same room.');
  }
  return parent.id;
}

function keepFile({ state, publicUrl }, room, uuid, file) {
  const id = encodeId('CONTENT', `${uuid}/0`);
  state.contents.set(id, { ...file, roomId: room.id, messageId: encodeId('MESSAGE', uuid, state.region) });
  return `${publicUrl()}/contents/${id}`;
}

function listMessages(call) {
  const { state, caller, query } = call;
  if (!query.get('roomId')) throw new WebexError(400, "Required String parameter 'roomId' is not present");
  const room = state.roomFor(caller, query.get('roomId'));
  const onlyMentions = query.has('mentionedPeople');
  if (onlyMentions) checkMentioned(caller, query.get('mentionedPeople'));
  if (caller.type === 'bot' && room.type === 'group' && !onlyMentions) {
    throw new WebexError(403, 'A bot can only list messages that mention it: set mentionedPeople=me.');
  }
  const parentId = query.has('parentId') ? canonicalId('MESSAGE', query.get('parentId')) : undefined;
  const isWanted = (message) =>
    (!onlyMentions || mentions(message, caller)) && (!query.has('parentId') || message.parentId === parentId);
  const messages = earlier(state, room, query).filter(isWanted).reverse();
  return pageReply(call, messages, { defaultMax: 50, limit: onlyMentions ? 100 : 1000, view: messageView });
}

function checkMentioned(caller, given) {
  if (given === 'me' || canonicalId('PEOPLE', given) === caller.id) return;
  throw new WebexError(400, 'mentionedPeople must be me or the id of the caller.');
}

function earlier(state, room, query) {
  let messages = state.messagesOf(room.id);
  if (query.has('before')) {
    const before = Date.parse(query.get('before'));
    if (Number.isNaN(before)) throw new WebexError(400, 'invalid value for before');
    messages = messages.filter((message) => Date.parse(message.created) < before);
  }
  if (query.has('beforeMessage')) {
    const id = canonicalId('MESSAGE', query.get('beforeMessage'));
    const index = messages.findIndex((message) => message.id === id);
    if (index < 0) throw new WebexError(404, 'Message not found.');
    messages = messages.slice(0, index);
  }
  return messages;
}

function listDirectMessages(call) {
  const { state, caller, query } = call;
  const personId = query.get('personId') ?? undefined;
  if (!personId && !query.has('personEmail')) {
    throw new WebexError(400, 'Must specify either personId or personEmail.');
  }
  const room = state.directRoom(caller, findPerson(personId, query.get('personEmail')));
  if (!room) throw new WebexError(404, 'Could not find a room with provided ID.');
  return pageReply(call, state.messagesOf(room.id).reverse(), { defaultMax: 50, view: messageView });
}

function editMessage(call) {
  const { state, caller, params } = call;
  const message = state.messageFor(caller, params.id);
  const { fields } = readFields(call);
  const room = state.roomFor(caller, fields.roomId);
  if (message.roomId !== room.id) throw new WebexError(400, 'The message is not in this room.');
  if (message.personId !== caller.id) throw new WebexError(403);
  if (message.files || message.attachments) {
    throw new WebexError(400, 'A message with files or attachments cannot be edited.');
  }
  if (message.edits >= MAX_EDITS) throw new WebexError(400, `A message can be edited ${MAX_EDITS} times at most.`);
  if (!fields.text && !fields.markdown) throw new WebexError(400, 'Both text and file cannot be empty.');
  const cleared = { markdown: undefined, html: undefined, mentionedPeople: undefined, mentionedGroups: undefined };
  Object.assign(message, cleared, readWords(state, room.id, fields));
  message.edits += 1;
  message.updated = state.clock.iso();
  call.publish(messageEvent(state, 'updated', caller, message));
  return messageReply(message);
}

function deleteMessage(call) {
  const { state, caller, params } = call;
  const message = state.messageFor(caller, params.id);
  const { isModerator } = state.membership(message.roomId, caller.id);
  if (message.personId !== caller.id && !isModerator) throw new WebexError(403);
  const event = messageEvent(state, 'deleted', caller, message);
  state.messages.delete(message.id);
  call.publish(event);
  return { status: 204 };
}

function getContent({ state, caller, params, query }) {
  const content = state.contents.get(canonicalId('CONTENT', params.id));
  const message = content && state.messages.get(content.messageId);
  if (!message || !state.canRead(caller, message)) throw new WebexError(404, 'The content could not be found.');
  checkScan(content, query);
  return {
    status: 200,
    headers: {
      'Content-Type': content.type,
      'Content-Disposition': disposition(content.name),
      'Cache-Control': 'no-cache',
    },
    body: content.bytes,
  };
}

/** A header holds ASCII only: another name stands in it as RFC 6266 has it. */
function disposition(name) {
  const plain = name.replace(/["\r\n\\]|[^ -~]/g, '_');
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
  return `attachment; filename="${plain}"${/^[ -~]*$/.test(name) ? '' : `; filename*=UTF-8''${encoded}`}`;
}

/** What the malware scan of a file keeps from the caller. */
function checkScan(content, query) {
  if (content.scansLeft > 0) {
    content.scansLeft -= 1;
    throw new WebexError(423, undefined, undefined, { 'Retry-After': '1' });
  }
  if (content.scan === 'infected') throw new WebexError(410);
  if (content.scan === 'unscannable' && query.get('allow') !== 'unscannable') throw new WebexError(428);
}

function messageReply(message) {
  return { status: 200, body: messageView(message) };
}

function messageView({ edits, ...message }) {
  return { ...message, personEmail: personById(message.personId).email };
}
