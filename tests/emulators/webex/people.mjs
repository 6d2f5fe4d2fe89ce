import { PEOPLE, personByEmail, personById, personView } from './directory.mjs';
import { WebexError } from './errors.mjs';
import { canonicalId } from './ids.mjs';
import { pageReply } from './paging.mjs';

/** Routes of `/people`. */
export const peopleRoutes = [
  ['GET /people', listPeople],
  ['GET /people/me', ({ caller }) => ({ status: 200, body: personView(caller) })],
  ['GET /people/:id', getPerson],
];

function listPeople(call) {
  const { query } = call;
  if (query.has('id')) return listById(call, query.get('id').split(','));
  if (query.has('email')) {
    const person = personByEmail(query.get('email'));
    return pageReply(call, person ? [person] : [], { view: personView, extra: { notFoundIds: null } });
  }
  if (!query.has('displayName')) throw new WebexError(400, 'Email or displayName should be specified.');
  const start = query.get('displayName').toLowerCase();
  const found = PEOPLE.filter((person) => person.displayName.toLowerCase().startsWith(start));
  return pageReply(call, found, { view: personView, extra: { notFoundIds: null } });
}

function listById(call, ids) {
  const found = ids.map((id) => personById(canonicalId('PEOPLE', id)));
  const missing = ids.filter((_, index) => !found[index]);
  const view = (person) => ({ ...personView(person), status: undefined });
  return pageReply(call, found.filter(Boolean), { view, extra: { notFoundIds: missing.length ? missing : null } });
}

function getPerson({ params }) {
  const person = personById(canonicalId('PEOPLE', params.id));
  if (!person) throw new WebexError(404, 'Person not found.');
  return { status: 200, body: personView(person) };
}
