import { personByEmail, personById } from './directory.mjs';
import { WebexError } from './errors.mjs';
import { canonicalId } from './ids.mjs';
import { renderMarkdown } from './markdown.mjs';

const MAX_BYTES = 7439;
const CARD = 'application/vnd.microsoft.card.adaptive';
const NEWEST_CARD_VERSION = 1.3;

/**
 * What a message says, from the fields of a request: `text`, `markdown`, `html`, who is mentioned.
 * @throws {WebexError} 400 when a text is too long
 */
export function readWords(state, roomId, { text, markdown }) {
  checkLength('text', text);
  checkLength('markdown', markdown);
  if (!markdown) return { text };
  const findMember = (kind, value) => {
    const person = kind === 'personEmail' ? personByEmail(value) : personById(canonicalId('PEOPLE', value));
    return person && state.membership(roomId, person.id) ? person : undefined;
  };
  const rendered = renderMarkdown(markdown, findMember);
  return {
    text: text || rendered.text,
    markdown,
    html: rendered.html,
    mentionedPeople: rendered.people.length ? rendered.people : undefined,
    mentionedGroups: rendered.groups.length ? rendered.groups : undefined,
  };
}

function checkLength(name, value) {
  if (value === undefined || value === null) return;
  if (typeof value !== 'string') throw new WebexError(400);
  if (Buffer.byteLength(value) > MAX_BYTES) {
    throw new WebexError(400, `Message length is limited to ${MAX_BYTES} bytes: ${name} is too long.`);
  }
}

/** The one card of a message, checked. */
export function readCards(attachments) {
  if (attachments === undefined || attachments === null) return undefined;
  if (!Array.isArray(attachments)) throw new WebexError(400);
  if (attachments.length === 0) return undefined;
  if (attachments.length > 1) throw new WebexError(400, 'Only one attachment can be included with a message.');
  const [{ contentType, content }] = attachments;
  if (contentType !== CARD) throw new WebexError(400, `Attachment content type '${contentType}' is not supported.`);
  if (content?.type !== 'AdaptiveCard' || !(Number(content.version) <= NEWEST_CARD_VERSION)) {
    throw new WebexError(400, 'Unable to parse the adaptive card.');
  }
  return attachments;
}

/**
 * The one file of a message: uploaded, or fetched from where the request points.
 * @returns {Promise<{name: string, type: string, bytes: Buffer} | undefined>}
 */
export async function readFile(files, uploads) {
  const urls = [files ?? []].flat();
  if (urls.length + uploads.length > 1) throw new WebexError(400, 'Only one file can be included with a message.');
  if (uploads.length === 1) return uploads[0];
  if (urls.length === 0) return undefined;
  return fetchFile(urls[0]);
}

async function fetchFile(address) {
  try {
    const url = new URL(address);
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    if (!response.ok) throw new Error(`answered ${response.status}`);
    return {
      name: decodeURIComponent(url.pathname.split('/').at(-1)) || 'file',
      type: response.headers.get('content-type') ?? 'application/octet-stream',
      bytes: Buffer.from(await response.arrayBuffer()),
    };
  } catch {
    throw new WebexError(400, `Unable to retrieve content: ${address}`);
  }
}
