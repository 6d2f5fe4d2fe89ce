// What visitors and agents write: in several scripts, each text once only, known again by the tag in it.

const PHRASES = [
  'where is my order?',
  'Świetnie, zażółć gęślą jaźń',
  'هل يمكنك مساعدتي؟ شكرا',
  'שלום, מה שלומך?',
  '請問什麼時候營業？ありがとう',
  '안녕하세요 도와주세요',
  'Спасибо, всё понятно',
  'नमस्ते, धन्यवाद',
  '👍🏽 👩‍👩‍👧 🎉',
  'e\u0301te\u0301 Z\u0351\u036b\u0343algo',
  'It’s 5 < 6 & 7 > 6, "quoted" & \'so\' &amp; on',
];

/** A visitor's text goes into the room as it is, whatever it looks like. */
const ODD = ['**not bold** <b>neither</b>', '/close is no command here', '<@all> &lt;script&gt;', 'one\ntwo\n\nthree'];

const TAG = /\b[av]\d+x\d+z/;

/** Which text this is, if it is one of ours. */
export function tagIn(text) {
  return TAG.exec(text)?.[0];
}

export function visitorText(chance, tag) {
  const phrase = chance.one([...PHRASES, ...ODD]);
  if (chance.happens(0.03)) return `${tag} ${'a long story, '.repeat(chance.whole(50, 200))}${phrase}`;
  return chance.happens(0.5) ? `${phrase} ${tag}` : `${tag} ${phrase}`;
}

/**
 * What an agent writes, and how the visitor is to read it.
 * @returns {{text?: string, markdown?: string, shown: string}}
 */
export function agentText(chance, tag, { hard }) {
  const phrase = chance.one(PHRASES);
  const kinds = hard && chance.happens(0.5) ? HARD : [...PLAIN, ...EASY];
  return chance.one(kinds)(tag, phrase);
}

/** An agent's note to the others, which the visitor must never see. */
export function noteText(tag) {
  return `/note ${tag} stays among us`;
}

const PLAIN = [
  (tag, phrase) => same('text', `${phrase} ${tag}`),
  (tag, phrase) => same('text', `${tag}: ${phrase}`),
  (tag) => same('text', `Look at https://shop.example/orders?id=7&tag=${tag} please`),
];

// In these, what follows a tag begins in ASCII.
const EASY = [
  (tag, phrase) => said(`Hello **${tag}** and ${escaped(phrase)}`, `Hello ${tag} and ${phrase}`),
  (tag, phrase) => said(`Steps ${tag}:\n\n- one ${escaped(phrase)}\n- two`, `Steps ${tag}:\n• one ${phrase}\n• two`),
  (tag, phrase) => {
    const address = `https://shop.example/help?tag=${tag}`;
    return said(`See [the page](${address}) or ${escaped(phrase)}`, `See the page (${address}) or ${phrase}`);
  },
  (tag, phrase) => said(`First ${tag}\n\nSecond: *${'so'}*, ${escaped(phrase)}`, `First ${tag}\nSecond: so, ${phrase}`),
  (tag, phrase) => said(`Type \`make ${tag}\` (${escaped(phrase)})`, `Type make ${tag} (${phrase})`),
];

// In these it does not.
const HARD = [
  (tag, phrase) => said(`👍 ${tag} ${escaped(phrase)}`, `👍 ${tag} ${phrase}`),
  (tag, phrase) => said(`**Świetnie** ${tag}\n\n- żółw\n- ${escaped(phrase)}`, `Świetnie ${tag}\n• żółw\n• ${phrase}`),
  (tag) => said(`[日本語](https://shop.example/${tag})。これです`, `日本語 (https://shop.example/${tag})。これです`),
  (tag, phrase) => said(`*${tag}*é ${escaped(phrase)}`, `${tag}é ${phrase}`),
];

function same(field, text) {
  return { [field]: text, shown: text };
}

function said(markdown, shown) {
  return { markdown, shown };
}

/** So that the desk's markdown takes it as it is. */
function escaped(text) {
  return text.replace(/[\\`*_[\]<>&]/g, '\\$&');
}
