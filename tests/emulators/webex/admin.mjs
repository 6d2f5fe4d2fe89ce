import { STATUSES, personByEmail } from './directory.mjs';

/** What happens to Webex without a call of its API: by its people's clients, by an admin, by itself. */
export class Admin {
  #state;

  constructor(state) {
    this.#state = state;
  }

  setStatus({ email, status }) {
    if (!STATUSES.includes(status)) throw new RangeError(`status must be one of ${STATUSES.join(', ')}`);
    this.#state.statuses.set(known(personByEmail(email), 'person', email).id, status);
  }
}

function known(found, kind, name) {
  if (!found) throw new RangeError(`no ${kind} ${name}`);
  return found;
}
