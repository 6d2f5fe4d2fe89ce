// The worker as it is, with each object's storage watched: `GET /counted` tells the rows that were written since the last
// time, and by which statements. `PUT /kv/broken` lets KV fail from then on, `PUT /kv/whole` no more.
// Tests start it in place of the worker (`startWorld({ main })`).
import Worker, { ConversationDo as Conversation, CredentialsDo, SiteDo as Site } from 'the-worker';

/** Statements by a cursor that knows the rows; alarms and values by a number. */
let written = [];

/** The object, except for these methods and properties. */
function watched(object, changes) {
  return new Proxy(object, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (changes[name]) return changes[name](value, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const statement = (exec, sql) => (query, ...values) => {
  const cursor = exec.call(sql, query, ...values);
  written.push({ query, cursor });
  return cursor;
};
const oneRow = (name) => (method, target) => (...args) => {
  written.push({ query: name, cursor: { rowsWritten: 1 } });
  return method.apply(target, args);
};
const storage = (real) => watched(real, { sql: (sql) => watched(sql, { exec: statement }), setAlarm: oneRow('setAlarm'), put: oneRow('put') });
const state = (real) => watched(real, { storage });

export class ConversationDo extends Conversation {
  constructor(real, env) {
    super(state(real), env);
  }
}

export class SiteDo extends Site {
  constructor(real, env) {
    super(state(real), env);
  }
}

export { CredentialsDo };

let isBroken = false;
const failing = (real) =>
  watched(real, {
    get: (get) => (...args) => (isBroken ? Promise.reject(new Error('KV GET failed: 503 Service Unavailable')) : get.apply(real, args)),
  });

export default {
  fetch(request, env, context) {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith('/kv/')) {
      isBroken = pathname === '/kv/broken';
      return Response.json({ isBroken });
    }
    if (pathname !== '/counted') return new Worker(context, { ...env, SETTINGS: failing(env.SETTINGS) }).fetch(request);
    const rows = written.map(({ query, cursor }) => ({ query, rows: cursor.rowsWritten })).filter(({ rows }) => rows > 0);
    written = [];
    return Response.json(rows);
  },
};
