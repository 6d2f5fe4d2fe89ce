import { WebexError } from './errors.mjs';

/**
 * The fields of a request body: JSON, form or multipart. Uploaded files are in `uploads`.
 * @returns {{fields: Record<string, unknown>, uploads: {name: string, type: string, bytes: Buffer}[]}}
 */
export function readFields(call) {
  const contentType = call.headers['content-type'] ?? '';
  const kind = contentType.split(';')[0].trim().toLowerCase();
  if (kind === 'application/json') return { fields: readJson(call.body), uploads: [] };
  if (kind === 'application/x-www-form-urlencoded') {
    return { fields: Object.fromEntries(new URLSearchParams(call.body.toString())), uploads: [] };
  }
  if (kind === 'multipart/form-data') return readMultipart(call.body, contentType);
  throw new WebexError(415, `Content type '${contentType}' not supported`);
}

function readJson(bytes) {
  let value;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    throw new WebexError(400);
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new WebexError(400);
  return value;
}

function readMultipart(bytes, contentType) {
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (!boundary) throw new WebexError(400);
  const fields = {};
  const uploads = [];
  for (const part of splitParts(bytes, boundary)) {
    const name = /[; ]name="([^"]*)"/i.exec(part.head)?.[1];
    const fileName = /filename="([^"]*)"/i.exec(part.head)?.[1];
    if (fileName !== undefined) {
      const type = /^content-type:\s*(.+)$/im.exec(part.head)?.[1].trim() ?? 'application/octet-stream';
      uploads.push({ name: fileName, type, bytes: part.content });
    } else if (name !== undefined) {
      fields[name] = part.content.toString();
    }
  }
  return { fields, uploads };
}

function splitParts(bytes, boundary) {
  const parts = [];
  const delimiter = Buffer.from(`--${boundary}`);
  let start = bytes.indexOf(delimiter);
  while (start >= 0) {
    const from = start + delimiter.length;
    const end = bytes.indexOf(Buffer.from(`\r\n--${boundary}`), from);
    if (end < 0) break;
    const headEnd = bytes.indexOf('\r\n\r\n', from);
    if (headEnd < 0 || headEnd > end) throw new WebexError(400);
    parts.push({ head: bytes.toString('utf8', from, headEnd), content: bytes.subarray(headEnd + 4, end) });
    start = end + 2;
  }
  return parts;
}
