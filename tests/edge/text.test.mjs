// What an agent writes, in any script, as markdown and as plain text: it arrives once, in order, as it was written.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { patient, startWorld, until, Visitor } from '../harness.mjs';

let world;
before(async () => {
  world = await startWorld({ settings: patient });
});
after(() => world?.close());
beforeEach(() => world.control('POST', '/reset'));

const COMBINING = '\u0301';
/** Every direction mark there is, and what takes no room. */
const BIDI = ['\u061c', '\u200e', '\u200f', ...'\u202a\u202b\u202c\u202d\u202e', ...'\u2066\u2067\u2068\u2069'];
const NO_WIDTH = ['\u200b', '\u200c', '\u200d', '\u2060', '\u00ad', '\u034f', '\u180e', '\ufe0f', '\ufeff'];

const BEGINNINGS = [
  // Emoji: plain, with a skin, with a selector, keycaps, families, flags, tags.
  ...['👍', '😀', '🎉', '🙏', '❤️', '☎️', '✅', '©', '™', '👍🏽', '🧑🏿‍💻', '👩‍❤️‍💋‍👨', '👨‍👩‍👧‍👦', '🏳️‍🌈', '🏴‍☠️', '🐈‍⬛', '1️⃣', '#️⃣', '🇵🇱', '🇺🇦'],
  ...['🇯🇵🇰🇷', '🏴󠁧󠁢󠁳󠁣󠁴󠁿', '🇵', '‍', '🏽', '🫨', '𓀀', '𝕳𝖊𝖑𝖑𝖔', '𝟙', '🀄'],
  // Languages.
  ...['Świetnie', 'żółw', 'Łódź', 'ąćęłńóśźż', 'Ünïcödé', 'ß', 'ŉ', 'ǅ', 'İstanbul', 'ırmak', 'Œuvre', '¿Qué?', '¡Hola!', 'þorn', 'Ελληνικά', 'Привет', 'Їжак'],
  ...['مرحبا', 'سلام', 'ﷺ', 'لا', 'שלום', 'עִבְרִית', 'אב', 'ܫܠܡܐ', 'ދިވެހި', '你好', '漢字', '㍿', '𠮷野家', 'こんにちは', 'ｶﾅ', '안녕', '한', 'สวัสดี', 'กำ', 'ที่นี่'],
  ...['नमस्ते', 'क्षि', 'தமிழ்', 'বাংলা', 'ગુજરાતી', 'മലയാളം', 'සිංහල', 'ខ្មែរ', 'မြန်မာ', 'བོད', 'ᠮᠣᠩᠭᠣᠯ', 'አማርኛ', 'ქართული', 'հայերեն', 'ᏣᎳᎩ', 'ᐃᓄᒃᑎᑐᑦ', 'ꦧꦱ', '𞤀𞤣𞤤𞤢𞤥'],
  // Marks on a letter, on nothing, and too many of them.
  ...[`e${COMBINING}`, COMBINING, `a${COMBINING.repeat(100)}`, 'Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢', '⃣', '゙', '่', 'َ', '\u0fd5', '\u302a'],
  ...BIDI.map((mark) => `${mark}abc`),
  ...['\u202eevil', '\u202e', 'a\u202eb\u202cc', '\u2067אב\u2069', '\u2066', 'א1ب2'],
  ...NO_WIDTH.map((sign) => `${sign}abc`),
  ...['a\u200bb', 'ab\u200d', '\u200b\u200b\u200b'],
  // What begins like markup and is none.
  ...['<', '<<', '< b', '<3', '<>', '</', '</>', '</ p', '</3', '<!', '<!-', '<!--', '<!-- a', '-->', '<!doctype', '<![CDATA[', ']]>', '<?', '<?xml', '<%', '<\u0301b>', '<ü>', '<👍>'],
  ...['<b', '<b>bold</b>', '<a href=', '<a href="x', "<a href='", '<p class="', '<br', '<br/>', '</p>', '<script>', '</script>', '<style>', '<textarea>', '<title>', '<plaintext>', '<svg/onload=x>', '<img src=x onerror=alert(1)>'],
  ...['&', '&&', '& ', '&;', '&#', '&#;', '&#x', '&#x;', '&#xZ', '&#x1F44D', '&#0;', '&#xD800;', '&#1114112;', '&#x110000;', '&#99999999999999999999;', '&unknown;', '&am', '&amp', '&ampx;', '&copy', '&notit;', '&nbsp', '&NotEqualTilde;', '&\u0301lt;', '&👍;'],
  // What some layer might stumble on.
  ...['\0', 'a\0b', '\u0001', '\u007f', '\u0085', '\u009f', '\ufffd', '\ufffe', '\uffff', '\u{10ffff}', '\ue000', '\ud800', '\udc00x', '\udc00\ud800', '"', "'", '\\\\', '{{NAME}}', '${x}', '%s', '%00', '\u2028x', '\u2029x', '\u3000x', '\u00a0x', 'x\ty'],
];

/** A lone half of a pair is no character: what is stored has a sign for it. */
const whole = (text) => text.replace(/(?:[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff])+/g, '\ufffd');

/** What the visitor has of agents' lines, as plain text. */
const heard = (visitor) =>
  visitor.entries.flatMap(({ said }) => (said.agent ? [said.agent.body.map((span) => span.text).join('')] : []));

test('200 beginnings in every script, as markdown and as plain text', async (t) => {
  assert.ok(BEGINNINGS.length >= 200, `${BEGINNINGS.length}`);
  const parts = [];
  for (const field of ['markdown', 'text']) {
    const half = Math.ceil(BEGINNINGS.length / 2);
    parts.push([field, BEGINNINGS.slice(0, half)], [field, BEGINNINGS.slice(half)]);
  }
  const talks = [];
  for (const [field, beginnings] of parts) {
    const visitor = await world.visitSettled('person');
    talks.push({ field, beginnings, visitor, roomId: (await world.room()).id });
  }
  const began = performance.now();
  await Promise.all(
    talks.map(async ({ field, beginnings, visitor, roomId }) => {
      const expected = [];
      for (const [index, beginning] of beginnings.entries()) {
        const posted = await world.agentSays(undefined, { roomId, [field]: `${beginning} ${index}` });
        assert.equal(Boolean(posted.html), field === 'markdown');
        expected.push(whole(posted.text).trimEnd());
      }
      await until(() => heard(visitor).length >= expected.length, 30_000, () => `${field}, after ${JSON.stringify(heard(visitor).at(-1))}: ${world.output.slice(-500)}`);
      // Nothing is said twice, also not later.
      await world.agentSays(undefined, { roomId, text: 'the end' });
      await until(() => heard(visitor).includes('the end'));
      assert.deepEqual(heard(visitor), [...expected, 'the end']);
    }),
  );
  t.diagnostic(`${BEGINNINGS.length} beginnings twice in ${Math.round(performance.now() - began)} ms`);
  assert.ok(!world.output.includes('RuntimeError'), world.output.slice(-1_000));
});

/** Markup as a client might send it, not as Webex escapes it, and what of it is shown. */
const MARKUP = [
  ['👍', '👍'],
  ['Świetnie', 'Świetnie'],
  ['<p>👍🏽 Świetnie</p>', '👍🏽 Świetnie'],
  ['\u202e<b>שלום</b>', '\u202eשלום'],
  ['1 < 2 & 3 <3', '1 < 2 & 3 <3'],
  ['<p>open <b>bold <i>both', 'open bold both'],
  ['a<!-- never ends', 'a'],
  ['a<', 'a<'],
  ['a&', 'a&'],
  ['&#x &unknown; &#xd800; &#1114112; &amp;amp; &hearts;&NotEqualTilde;', '&#x &unknown; \ufffd \ufffd &amp; ♥≂̸'],
  ['<a href="https://example.com/?a=1&amp;b=ż">ł</a>', 'ł'],
  ['<a href=https://e.example a a=1 a=2 href=x>t</a x=y>!', 't!'],
  ['<p\0 a=\0>x\0y</p\0>', 'x\0y'],
  ['<ü>ü</ü>', '<ü>ü'],
  ['<p>one</p><p>two<br>three</p>', 'one\ntwo\nthree'],
];

test('markup that nobody escaped: its text arrives, and the conversation goes on', async () => {
  const visitor = await world.visitSettled('person');
  const { id: roomId } = await world.room();
  const expected = [];
  for (const [html, text] of MARKUP) {
    await world.control('POST', '/deliveries', { hold: true });
    const posted = await world.agentSays(undefined, { roomId, text: 'as text' });
    await world.fault({ route: 'GET /webex/v1/messages', status: 200, body: { items: [{ ...posted, html }] } });
    await world.control('POST', '/deliveries/release', {});
    expected.push(text);
    await until(() => heard(visitor).length >= expected.length, 10_000, () => `${html}: ${world.output.slice(-500)}`);
    assert.equal(heard(visitor).at(-1), text, html);
  }
  assert.deepEqual(heard(visitor), expected);
});

test('the longest form and message and long addresses are one start; agents see addresses without their fragment', async () => {
  const visitor = new Visitor(world);
  const long = `https://shop.example/${'ż'.repeat(5_000)}`;
  const message = '👍'.repeat(4_000);
  const answers = { name: '𝕳'.repeat(80), email: 'jane@example.org', order: '' };
  const more = { message, page: `${long}#token=secret`, referrer: 'https://search.example/?q=%F0#token=secret' };
  assert.equal((await visitor.start('person', answers, more)).status, 200);
  const lines = await until(async () => {
    const lines = (await world.room())?.lines ?? [];
    return lines.join('').match(/👍/gu)?.length === 4_000 && lines;
  });
  const [, page] = /\nPage: (.*)\n/.exec(lines[0]);
  assert.ok(long.startsWith(page) && page.length > 40 && Buffer.byteLength(page) <= 1_024, page);
  assert.match(lines[0], /\nReferrer: https:\/\/search\.example\/\?q=%F0\n/);
  assert.ok(!lines.join('').includes('secret'));
});

test('what Webex cannot decrypt now is waited for, in a list and by itself, and no ciphertext reaches the visitor', async () => {
  const visitor = await world.visitSettled();
  await world.control('POST', '/deliveries', { hold: true });
  const { id } = await world.agentSays('the words');
  await world.agentSays('more words');
  await world.control('POST', '/unreadable', { id, field: 'text', times: 3 });
  await world.control('POST', '/deliveries/release', { order: 'same' });
  await visitor.hears('Anna Nowak: more words');
  assert.deepEqual(visitor.lines.slice(1), ['Anna Nowak: the words', 'Anna Nowak: more words']);
  assert.ok((await world.calls(`GET /webex/v1/messages/${id}`)).length > 1, 'it was read by itself, and again');
});

test('what a visitor writes, in every script: in the room and in the transcript as it was written', { timeout: 120_000 }, async () => {
  const visitor = await world.visitSettled();
  // Half a character is none where the panel runs.
  const texts = BEGINNINGS.filter((text) => text.isWellFormed()).map((text) => `${text} ok`);
  for (let from = 0; from < texts.length; from += 20) {
    for (const text of texts.slice(from, from + 20)) visitor.say(text);
    const all = Math.min(from + 20, texts.length);
    await until(() => visitor.state.delivered === all, 20_000, () => JSON.stringify(visitor.frames.at(-1)));
  }
  assert.deepEqual(visitor.lines, texts.map((text) => `visitor: ${text}`));
  const lines = (await world.room()).lines.filter((line) => line.startsWith('live-chat: ')).slice(1);
  assert.deepEqual(lines, texts.map((text) => `live-chat: ${text}`));
});
