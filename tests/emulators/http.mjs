/**
 * @typedef {object} Reply
 * @property {number} status
 * @property {Record<string, string>} [headers]
 * @property {object | string | Buffer} [body] an object is sent as JSON
 */

/** Reads a whole request body. */
export async function readBody(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Writes a {@link Reply}. */
export function send(response, { status, headers = {}, body }) {
  const isJson = body !== undefined && typeof body !== 'string' && !Buffer.isBuffer(body);
  const bytes = Buffer.from(isJson ? JSON.stringify(body) : (body ?? ''));
  const type = isJson ? { 'Content-Type': 'application/json;charset=UTF-8' } : {};
  // What comes in chunks does not say how long it is.
  const length = status === 204 || headers['Transfer-Encoding'] ? {} : { 'Content-Length': bytes.length };
  response.writeHead(status, { ...type, ...length, ...headers });
  response.end(bytes);
}

/**
 * Finds the handler for a call in a table of `['GET /rooms/:id', handler]`.
 * @returns {{handler?: Function, params: Record<string, string>, known: boolean}}
 *   `known` tells a wrong method from a wrong path.
 */
export function findRoute(routes, method, path) {
  let known = false;
  for (const [pattern, handler] of routes) {
    const [routeMethod, routePath] = pattern.split(' ');
    const params = matchPath(routePath, path);
    if (!params) continue;
    known = true;
    if (routeMethod === method) return { handler, params, known };
  }
  return { params: {}, known };
}

function matchPath(pattern, path) {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const params = {};
  for (const [index, part] of wanted.entries()) {
    if (part.startsWith(':')) params[part.slice(1)] = given[index];
    else if (part !== given[index]) return undefined;
  }
  return params;
}

/** The token of an `Authorization: Bearer …` header. */
export function bearerToken(headers) {
  return /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1];
}
