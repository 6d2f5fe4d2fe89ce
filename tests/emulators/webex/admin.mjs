import { ADMIN, STATUSES, personByEmail, personById } from './directory.mjs';
import { membershipEvent } from './events.mjs';
import { canonicalId } from './ids.mjs';

const SCANS = ['clean', 'scanning', 'infected', 'unscannable'];

/** What happens to Webex without a call of its API: by its people's clients, by an admin, by itself. */
export class Admin {
  #state;
  #webhooks;
  #publish;

  constructor(state, webhooks, publish) {
    this.#state = state;
    this.#webhooks = webhooks;
    this.#publish = publish;
  }

  setStatus({ email, status }) {
    if (!STATUSES.includes(status)) throw new RangeError(`status must be one of ${STATUSES.join(', ')}`);
    this.#state.statuses.set(known(personByEmail(email), 'person', email).id, status);
  }

  /** Every webhook with its status and the number of its latest failures. */
  listWebhooks() {
    return [...this.#webhooks.values()].map(({ failures, createdBy, ...webhook }) => ({
      ...webhook,
      createdBy: personById(createdBy).email,
      failures: failures.length,
    }));
  }

  /** As after too many failures: the webhook stays inactive until its owner revives it. */
  disableWebhook({ id }) {
    this.#webhook(id).status = 'inactive';
  }

  /** The webhook's next deliveries are lost on the way, and are no failures. */
  dropDeliveries({ id, times }) {
    this.#webhook(id).drops = times;
  }

  /** The region of the rooms and messages that are made from now on, as it stands in their ids. */
  setRegion({ region }) {
    if (!/^[\w:.-]+$/.test(region)) throw new RangeError('region must look like "us" or "urn:TEAM:eu-central-1_k"');
    this.#state.region = region;
  }

  deleteRoom({ id }) {
    const room = this.#room(id);
    const events = this.#state.membersOf(room.id).map((one) => membershipEvent(this.#state, 'deleted', ADMIN, one));
    this.#state.removeRoom(room);
    events.forEach(this.#publish);
  }

  /** What was written in the room was written so much longer ago. */
  ageRoom({ id, by_ms }) {
    const { id: roomId } = this.#room(id);
    for (const message of this.#state.messages.values()) {
      if (message.roomId === roomId) message.created = new Date(Date.parse(message.created) - by_ms).toISOString();
    }
  }

  /** The room's only moderator is this member from now on. */
  setModerator({ id, email }) {
    for (const one of this.#state.membersOf(this.#room(id).id)) one.isModerator = one.personId === personByEmail(email)?.id;
  }

  removeMember({ id, email }) {
    const membership = this.#state.membership(this.#room(id).id, personByEmail(email)?.id);
    const event = membershipEvent(this.#state, 'deleted', ADMIN, known(membership, 'member', email));
    this.#state.removeMember(membership);
    this.#publish(event);
  }

  /** @param {{file: string, scan: string, times: number}} what `file` is the address that stands in `files` */
  scanContent({ file, scan, times }) {
    if (!SCANS.includes(scan)) throw new RangeError(`scan must be one of ${SCANS.join(', ')}`);
    const id = canonicalId('CONTENT', String(file).split('/').at(-1));
    const content = known(this.#state.contents.get(id), 'file', file);
    content.scan = scan;
    content.scansLeft = scan === 'scanning' ? times : 0;
  }

  #webhook(id) {
    return known(this.#webhooks.get(canonicalId('WEBHOOK', id)), 'webhook', id);
  }

  #room(id) {
    return known(this.#state.rooms.get(canonicalId('ROOM', id)), 'room', id);
  }
}

function known(found, kind, name) {
  if (!found) throw new RangeError(`no ${kind} ${name}`);
  return found;
}
