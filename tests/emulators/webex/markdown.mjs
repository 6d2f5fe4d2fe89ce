const INLINE = new RegExp(
  [
    /\\(?<escaped>[!-/:-@[-`{-~])/,
    /`(?<code>[^`]+)`/,
    /<@(?<mention>all|personId:[^|>]+|personEmail:[^|>]+)(?:\|(?<name>[^>]*))?>/,
    /\[(?<label>(?:\\.|[^\]\\])+)\]\((?<href>(?:https?:\/\/|mailto:)[^\s)]+)\)/,
    /\*\*(?=\S)(?<bold>(?:\\.|[^\\])+?)\*\*/,
    /(?<!\w)__(?=\S)(?<boldToo>(?:\\.|[^\\])+?)__(?!\w)/,
    /\*(?=[^\s*])(?<italic>(?:\\.|[^\\*])+?)\*/,
    /(?<!\w)_(?=[^\s_])(?<italicToo>(?:\\.|[^\\_])+?)_(?!\w)/,
    /(?<break> {2,}\n)/,
    /&(?<entity>lt|gt|amp|quot|#39);/,
  ]
    .map((part) => part.source)
    .join('|'),
  'gs',
);

const ENTITIES = { lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'" };

const HTML_ESCAPES = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;', "'": '&#39;' };

/** Text made safe to stand in HTML. */
function escapeHtml(text) {
  return text.replace(/[<>&"']/g, (sign) => HTML_ESCAPES[sign]);
}

/**
 * Renders the subset of Markdown that the vendor documents. Raw HTML is shown, not obeyed.
 *
 * @param {string} markdown
 * @param {(kind: 'personId' | 'personEmail', value: string) => object | undefined} findMember
 * @returns {{html: string, text: string, people: string[], groups: string[]}} also who is mentioned
 */
export function renderMarkdown(markdown, findMember) {
  const mentioned = { findMember, people: new Set(), groups: new Set() };
  const blocks = splitBlocks(markdown).map((block) => renderBlock(block, mentioned));
  return {
    html: blocks.map((block) => block.html).join(''),
    text: blocks.map((block) => block.text).join('\n'),
    people: [...mentioned.people],
    groups: [...mentioned.groups],
  };
}

const LINE_KINDS = [
  ['ul', /^\s{0,3}[-*+]\s+(.*)$/],
  ['ol', /^\s{0,3}\d+[.)]\s+(.*)$/],
  ['blockquote', /^\s{0,3}>\s?(.*)$/],
  ['heading', /^#{1,6}\s+(.*)$/],
  ['p', /^(.*)$/s],
];

function splitBlocks(markdown) {
  const blocks = [];
  let open;
  for (const line of markdown.replace(/\r\n?/g, '\n').split('\n')) {
    const isFence = line.startsWith('```');
    if (open?.kind === 'pre') {
      if (isFence) open = undefined;
      else open.lines.push(line);
    } else if (line.trim() === '') {
      open = undefined;
    } else {
      const [kind, pattern] = isFence ? ['pre'] : LINE_KINDS.find(([, one]) => one.test(line));
      if (open?.kind !== kind || kind === 'heading' || isFence) {
        open = { kind, lines: [] };
        blocks.push(open);
      }
      if (!isFence) open.lines.push(pattern.exec(line)[1]);
    }
  }
  return blocks;
}

function renderBlock({ kind, lines }, mentioned) {
  if (kind === 'pre') {
    const code = lines.join('\n');
    return { html: `<pre><code>${escapeHtml(code)}</code></pre>`, text: code };
  }
  if (kind === 'ul' || kind === 'ol') {
    const items = lines.map((line) => renderInline(line, mentioned));
    const html = items.map((item) => `<li>${item.html}</li>`).join('');
    const mark = (index) => (kind === 'ul' ? '-' : `${index + 1}.`);
    return {
      html: `<${kind}>${html}</${kind}>`,
      text: items.map((item, index) => `${mark(index)} ${item.text}`).join('\n'),
    };
  }
  const { html, text } = renderInline(lines.join('\n').trimEnd(), mentioned);
  const tag = kind === 'heading' ? 'h3' : kind;
  return { html: `<${tag}>${html}</${tag}>`, text };
}

function renderInline(markdown, mentioned) {
  const pieces = [];
  let from = 0;
  for (const match of markdown.matchAll(INLINE)) {
    pieces.push(plain(markdown.slice(from, match.index)), renderSpan(match, mentioned));
    from = match.index + match[0].length;
  }
  pieces.push(plain(markdown.slice(from)));
  return {
    html: pieces.map((piece) => piece.html).join(''),
    text: pieces.map((piece) => piece.text).join(''),
  };
}

function renderSpan({ groups }, mentioned) {
  const { escaped, code, mention, name, label, href, entity } = groups;
  const bold = groups.bold ?? groups.boldToo;
  const italic = groups.italic ?? groups.italicToo;
  if (escaped !== undefined) return plain(escaped);
  if (code !== undefined) return wrap('code', plain(code));
  if (mention !== undefined) return renderMention(mention, name, mentioned);
  if (label !== undefined) {
    const inner = renderInline(label, mentioned);
    return { html: `<a href="${escapeHtml(href)}" rel="nofollow">${inner.html}</a>`, text: inner.text };
  }
  if (bold !== undefined) return wrap('strong', renderInline(bold, mentioned));
  if (italic !== undefined) return wrap('em', renderInline(italic, mentioned));
  if (entity !== undefined) return plain(ENTITIES[entity]);
  return { html: '<br/>', text: '\n' };
}

function renderMention(mention, name, mentioned) {
  if (mention === 'all') {
    mentioned.groups.add('all');
    const html = '<spark-mention data-object-type="groupMention" data-group-type="all">All</spark-mention>';
    return { html, text: 'All' };
  }
  const [kind, value] = mention.split(/:(.*)/s);
  const person = mentioned.findMember(kind, value);
  if (!person) return plain(name ?? value);
  mentioned.people.add(person.id);
  const shown = name || person.displayName;
  const html = `<spark-mention data-object-type="person" data-object-id="${person.id}">${escapeHtml(shown)}</spark-mention>`;
  return { html, text: shown };
}

function wrap(tag, { html, text }) {
  return { html: `<${tag}>${html}</${tag}>`, text };
}

function plain(text) {
  return { html: escapeHtml(text), text };
}
