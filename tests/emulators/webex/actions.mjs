import { randomUUID } from 'node:crypto';
import { readFields } from './body.mjs';
import { WebexError } from './errors.mjs';
import { actionEvent } from './events.mjs';
import { canonicalId, encodeId } from './ids.mjs';

/** Routes of `/attachment/actions`: a card that somebody filled in. */
export const actionRoutes = [
  ['POST /attachment/actions', createAction],
  ['GET /attachment/actions/:id', getAction],
];

function createAction(call) {
  const { state, caller } = call;
  const { fields } = readFields(call);
  if (fields.type !== 'submit') throw new WebexError(400, 'type must be submit');
  const message = state.messageFor(caller, fields.messageId);
  if (!message.attachments) throw refusal('MessageId should point to an activity with cards');
  if (message.personId === caller.id) throw refusal('Author of a card cannot submit a cardAction on that card');
  const action = {
    id: encodeId('ATTACHMENT_ACTION', randomUUID()),
    type: 'submit',
    messageId: message.id,
    inputs: fields.inputs ?? {},
    personId: caller.id,
    roomId: message.roomId,
    created: state.clock.iso(),
  };
  state.actions.set(action.id, action);
  call.publish(actionEvent(state, caller, action, message));
  return { status: 200, body: action };
}

function getAction({ state, caller, params }) {
  const action = state.actions.get(canonicalId('ATTACHMENT_ACTION', params.id));
  const message = action && state.messages.get(action.messageId);
  if (!message || !state.canRead(caller, message)) throw new WebexError(404, 'Attachment action not found.');
  return { status: 200, body: action };
}

function refusal(reason) {
  return new WebexError(400, `Unable to post attachment action: "${reason}"`);
}
