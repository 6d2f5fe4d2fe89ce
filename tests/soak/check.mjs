// Compares what visitors and agents wrote with what stands in the rooms and in the transcripts.
import { tagIn } from './texts.mjs';

/**
 * @typedef {object} Difference
 * @property {'lost' | 'doubled' | 'out of order' | 'altered' | 'leaked' | 'left over' | 'odd'} kind
 * @property {string} what
 * @property {string} [roomId]
 * @property {string} [text] as it was posted
 * @property {string} [messageId] the desk's
 * @property {object} [hook]
 */

const OWN = 'live-chat@example.com';
const BOT = 'live-chat@webex.bot';
const CARD = 'Customer geolocation: ';
/** How a line of the system begins in a room, and the bot's where its own account cannot post. */
const NOTICE = '— ';
const BOT_BY_OTHERS = /^(Bot|Assistant): /;

/** One conversation at its end. @returns {Difference[]} */
export function compare(conversation, { rooms, hooks, entries }) {
  if (rooms.length !== 1) {
    return [{ kind: rooms.length > 1 ? 'doubled' : 'lost', what: `${rooms.length} rooms`, roomId: rooms[0]?.id }];
  }
  const [{ id: roomId, messages }] = rooms;
  const posts = messages.filter(({ author }) => author === OWN || author === BOT).map(readPost);
  const found = [
    ...once('card', posts.filter(({ kind }) => kind === 'card'), 1),
    ...ended(posts, hooks),
    ...written(conversation, entries),
    ...inRoom(entries, posts),
    ...heard(conversation, entries),
    ...live(conversation.visitor, entries),
  ];
  return found.map((difference) => ({ roomId, ...difference }));
}

function readPost({ id, text, author, files, created }) {
  const kind = text.startsWith(CARD) ? 'card' : text.startsWith(NOTICE) ? 'notice' : 'line';
  const plain = author === OWN ? text.replace(BOT_BY_OTHERS, '') : text;
  return { id, kind, created, text: plain.trim(), file: files?.[0] };
}

function once(name, posts, wanted) {
  if (posts.length === wanted) return [];
  return [{ kind: posts.length > wanted ? 'doubled' : 'lost', what: `${posts.length} × ${name}`, text: posts.at(-1)?.text }];
}

/** Each notice is told once; the last one is the end, after which no webhook is left. */
function ended(posts, hooks) {
  const notices = posts.filter(({ kind }) => kind === 'notice');
  const found = repeated(notices.map(({ text }) => text)).map((text) => ({ kind: 'doubled', what: 'a notice', text }));
  if (!notices.some(({ text }) => /ended the chat|chat is closed/.test(text))) found.push({ kind: 'lost', what: 'the notice of the end' });
  for (const hook of hooks) found.push({ kind: 'left over', what: `a webhook after the end, of ${hook.created}`, hook });
  return found;
}

/** What the visitor wrote against what is stored, in the order it was written. */
function written({ said, files, visitor }, entries) {
  const stored = entries.flatMap(({ said: one }) => one.visitor ?? []);
  const ids = stored.map(({ id }) => id);
  const found = visitor.refused.map(({ id, code }) => odd(`${id} was refused: ${JSON.stringify(code)}`));
  for (const { id, text, at } of said) {
    const entry = stored.find((one) => one.id === id);
    if (!entry) found.push({ kind: 'lost', what: `the visitor's ${id} is not stored`, text, at });
    else if (entry.text !== text) found.push({ kind: 'altered', what: `the visitor's ${id}: ${entry.text}`, text });
  }
  for (const { id, name } of files) {
    const entry = stored.find((one) => one.id === id);
    if (!entry) found.push({ kind: 'lost', what: `the visitor's file ${name} is not stored`, text: name });
  }
  found.push(...repeated(ids).map((id) => ({ kind: 'doubled', what: `the visitor's ${id} in the transcript` })));
  const order = said.map(({ id }) => id).filter((id) => ids.includes(id));
  if (!isSame(order, [...new Set(ids)].filter((id) => order.includes(id)))) {
    found.push({ kind: 'out of order', what: `the visitor wrote ${order}, and ${ids} is stored` });
  }
  return found;
}

/** What is stored of visitor and bot against what was posted of it, in the same order. */
function inRoom(entries, posts) {
  const wanted = entries.flatMap(({ at, said }) => {
    const text = postOf(said);
    return text === undefined ? [] : [{ at, text }];
  });
  const texts = wanted.map(({ text }) => text);
  const actual = posts.filter(({ kind }) => kind === 'line').map(({ text }) => text);
  const found = [];
  const left = [...actual];
  for (const { text, at: since } of wanted) {
    const at = left.indexOf(text);
    if (at < 0) found.push({ kind: 'lost', what: 'not in the room', text, at: since });
    else left.splice(at, 1);
  }
  for (const text of left) {
    const kind = texts.includes(text) ? 'doubled' : 'odd';
    found.push({ kind, what: kind === 'odd' ? 'in the room, not in the transcript' : 'in the room', text });
  }
  if (found.length === 0 && !isSame(texts, actual)) {
    const at = texts.findIndex((text, index) => text !== actual[index]);
    found.push({ kind: 'out of order', what: `in the room from the ${at + 1}. line on`, text: actual[at] });
  }
  return found;
}

function postOf({ visitor, bot }) {
  if (visitor) return (visitor.files?.[0]?.name ?? visitor.text).trim();
  return bot && [plain(bot.body), ...(bot.replies ?? []).map((reply) => `• ${reply}`)].join('\n').trim();
}

/** What agents wrote against what the visitor reads. */
function heard({ answers, notes }, entries) {
  const shown = inReadingOrder(entries).flatMap(({ at, said }) => (said.agent ? { at, ...said.agent } : []));
  const tags = shown.map(({ body }) => tagIn(plain(body)));
  // Words may go ahead of the files, which then come without them.
  const late = shown.filter(({ body, files }) => body.length === 0 && files).flatMap(({ files }) => files);
  const found = [];
  for (const { tag, id, shown: text, created, file } of answers) {
    const at = tags.indexOf(tag);
    if (at < 0) {
      found.push({ kind: 'lost', what: `an agent's ${tag} is not shown`, messageId: id, text });
      continue;
    }
    const { body, at: time, files = [] } = shown[at];
    if (plain(body) !== text) found.push({ kind: 'altered', what: `an agent's ${tag}: ${plain(body)}`, messageId: id, text });
    if (time !== Date.parse(created)) found.push({ kind: 'altered', what: `the time of ${tag}`, messageId: id, text });
    const names = [...files, ...late.filter(({ name }) => name === file?.name)].map(({ name }) => name);
    if (!isSame(names, file ? [file.name] : [])) {
      found.push({ kind: 'altered', what: `files of ${tag}: ${JSON.stringify(names)}`, messageId: id, text });
    }
  }
  const known = new Map(answers.map(({ tag, id }) => [tag, id]));
  for (const tag of repeated(tags.filter(Boolean))) {
    found.push({ kind: 'doubled', what: `an agent's ${tag} is shown again`, messageId: known.get(tag) });
  }
  for (const { body } of shown.filter((one) => one.body.length > 0)) {
    if (notes.some((note) => plain(body).includes(tagIn(note)))) found.push({ kind: 'leaked', what: plain(body) });
    else if (!known.has(tagIn(plain(body)))) found.push(odd(`shown, but no agent wrote it: ${plain(body)}`));
  }
  return found;
}

/** Within a run of agents' messages the time they were sent decides, as in the panel (`client/transcript.rs`). */
function inReadingOrder(entries) {
  const order = [];
  for (const entry of entries) {
    let at = order.length;
    if (entry.said.agent) while (at > 0 && order[at - 1].said.agent && order[at - 1].at > entry.at) at -= 1;
    order.splice(at, 0, entry);
  }
  return order;
}

/** Agents' messages that are read after a later one, because something else was said before they were found. */
export function foundLate(entries) {
  let [latest, count] = [0, 0];
  for (const { at, said } of inReadingOrder(entries)) {
    if (!said.agent) continue;
    if (at < latest) count += 1;
    latest = Math.max(latest, at);
  }
  return count;
}

/** How often both sides were told that something could not be passed on. */
export function toldLost(entries) {
  return entries.filter(({ said }) => said.notice === 'not_shown' || said.notice?.not_delivered).length;
}

/** What came over the visitor's connections is what is stored. */
function live(visitor, entries) {
  const found = [];
  if (JSON.stringify(visitor.entries) !== JSON.stringify(entries)) {
    found.push(odd(`the visitor was shown ${visitor.entries.length} entries of ${entries.length}, or others`));
  }
  if (visitor.wentBack) found.push(odd(`storage forgot what was told: ${JSON.stringify(visitor.wentBack)}`));
  return found;
}

/** As an agent's client and a saved transcript have it: a link's target behind its text. */
function plain(body) {
  return body.map(({ text, href }) => (href && href !== text ? `${text} (${href})` : text)).join('');
}

function odd(what) {
  return { kind: 'odd', what };
}

function repeated(items) {
  return [...new Set(items.filter((item, index) => items.indexOf(item) !== index))];
}

function isSame(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}
