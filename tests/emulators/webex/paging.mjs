import { WebexError } from './errors.mjs';

/**
 * One page of a list, with a `Link` header when more follows.
 *
 * The cursor has a parameter of its own, because the Python SDK puts its first `before` and `max` back on the next URL.
 *
 * @param {object} call
 * @param {object[]} items all of them, in order
 * @param {{defaultMax?: number, limit?: number, view?: Function, extra?: object}} options
 * @returns {import('../http.mjs').Reply}
 */
export function pageReply(call, items, { defaultMax = 100, limit = 1000, view = (item) => item, extra = {} } = {}) {
  const max = Math.min(readMax(call.query, defaultMax), limit);
  const start = startAfter(items, call.query.get('cursor'));
  const page = items.slice(start, start + max);
  const headers = {};
  if (start + max < items.length) {
    const next = new URL(call.url);
    next.searchParams.set('max', max);
    next.searchParams.set('cursor', page.at(-1).id);
    headers.Link = `<${next}>; rel="next"`;
  }
  return { status: 200, headers, body: { ...extra, items: page.map(view) } };
}

function startAfter(items, cursor) {
  if (!cursor) return 0;
  const index = items.findIndex((item) => item.id === cursor);
  if (index < 0) throw new WebexError(400, 'invalid cursor');
  return index + 1;
}

function readMax(query, defaultMax) {
  const given = query.get('max');
  if (given === null) return defaultMax;
  const max = Number(given);
  if (!Number.isInteger(max) || max < 1) throw new WebexError(400, 'max must be greater than 0');
  return max;
}
