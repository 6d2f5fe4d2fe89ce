import { PEOPLE, personByEmail, personById, personView } from './directory.mjs';
import { WebexError } from './errors.mjs';
import { canonicalId } from './ids.mjs';
import { pageReply } from './paging.mjs';

/** Routes of `/people`. */
export const peopleRoutes = [
  ['GET /people', listPeople],
  ['GET /people/me', ({ state, caller }) => personReply(state, caller, caller)],
  ['GET /people/:id', getPerson],
];

function listPeople(call) {
  const { state, caller, query } = call;
  if (query.has('id')) return listById(call, query.get('id').split(','));
  const view = (person) => visiblePerson(state, caller, person);
  // Only people of the caller's own organisation are looked up.
  const colleagues = PEOPLE.filter((person) => person.orgId === caller.orgId);
  if (query.has('email')) {
    const found = colleagues.filter((person) => person === personByEmail(query.get('email')));
    return pageReply(call, found, { view, extra: { notFoundIds: null } });
  }
  if (!query.has('displayName')) throw new WebexError(400, 'Email or displayName should be specified.');
  const start = query.get('displayName').toLowerCase();
  const found = colleagues.filter((person) => person.displayName.toLowerCase().startsWith(start));
  return pageReply(call, found, { view, extra: { notFoundIds: null } });
}

function listById(call, ids) {
  const found = ids.map((id) => personById(canonicalId('PEOPLE', id)));
  const missing = ids.filter((_, index) => !found[index]);
  // Presence is left out here.
  const view = (person) => personView(person);
  return pageReply(call, found.filter(Boolean), { view, extra: { notFoundIds: missing.length ? missing : null } });
}

function getPerson({ state, caller, params }) {
  const person = personById(canonicalId('PEOPLE', params.id));
  if (!person) throw new WebexError(404, 'Person not found.');
  return personReply(state, caller, person);
}

function personReply(state, caller, person) {
  return { status: 200, body: visiblePerson(state, caller, person) };
}

/** Another organisation's people have no status that the caller may see. */
function visiblePerson(state, caller, person) {
  return personView(person, person.orgId === caller.orgId ? state.statusOf(person) : undefined);
}
