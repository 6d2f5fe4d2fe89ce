// What a page includes. Draws the launcher, and loads the panel into a frame once the visitor shows intent.
// Styles are set through the CSSOM only, so that a page needs no `style-src` for it.
(() => {
  const script = document.currentScript;
  if (!script || window.Edgechat) return;

  const edge = new URL(script.src).origin;
  const given = script.dataset.accent || '';
  const accent = /^#[\da-f]{6}$/i.test(given) ? given : '#0b5fff';
  const key = 'edgechat';

  /** Black or white, whichever stands out more. */
  const onAccent = () => {
    const light = [1, 3, 5]
      .map((at) => parseInt(accent.slice(at, at + 2), 16) / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2] > 0.179 ? '#000' : '#fff';
  };

  const styles = `
button, iframe { all: unset; position: fixed; inset-inline-end: 20px; box-sizing: border-box }
button {
  inset-block-end: 20px; width: 56px; height: 56px; border-radius: 50%; cursor: pointer;
  background: ${accent}; color: ${onAccent()};
  box-shadow: 0 4px 16px #0000003d; -webkit-tap-highlight-color: transparent; touch-action: manipulation;
  transition: transform .16s;
}
button:hover { transform: scale(1.05) }
button:focus-visible { outline: 3px solid ${accent}; outline-offset: 3px; box-shadow: 0 0 0 3px #fff, 0 0 0 8px #000 }
svg { position: absolute; inset: 14px; fill: none; stroke: currentColor; stroke-width: 1.75;
  stroke-linecap: round; stroke-linejoin: round; transition: opacity .16s, transform .16s }
svg + svg, .open svg { opacity: 0; transform: scale(.6) }
.open svg + svg { opacity: 1; transform: none }
span {
  position: absolute; inset-block-start: -4px; inset-inline-end: -4px; min-width: 22px; box-sizing: border-box;
  padding: 0 6px; border-radius: 11px; background: #c81e1e; color: #fff; font: 600 12px/22px system-ui, sans-serif;
  text-align: center;
}
span:empty, .open span { display: none }
iframe {
  inset-block-end: 88px; width: 384px; height: min(640px, 100vh - 104px); height: min(640px, 100dvh - 104px);
  max-width: calc(100vw - 40px); border-radius: 16px; background: Canvas; color-scheme: light dark;
  box-shadow: 0 8px 40px #00000038, 0 0 0 1px #80808033;
  visibility: hidden; opacity: 0; transform: translateY(12px);
  transition: opacity .16s, transform .16s, visibility 0s .16s;
}
.open + iframe { visibility: visible; opacity: 1; transform: none; transition-delay: 0s }
@media (max-width: 479.9px) {
  iframe { inset: var(--top, 0) 0 auto; width: 100%; max-width: none; height: var(--height, 100vh); border-radius: 0 }
  @supports (height: 100dvh) { iframe { height: var(--height, 100dvh) } }
  .open.ready { visibility: hidden }
  .open { z-index: 1 }
}
@media (prefers-reduced-motion) { button, svg, iframe { transition: none } }
@media (forced-colors: active) {
  button { border: 2px solid ButtonText; background: ButtonFace; color: ButtonText }
  button:focus-visible { outline-color: Highlight }
  iframe { border: 1px solid ButtonText }
}`;

  /** Built by hand: `innerHTML` is refused on pages that require trusted types. */
  const icon = (path) => {
    const make = (name, attributes, ...children) => {
      const element = document.createElementNS('http://www.w3.org/2000/svg', name);
      for (const attribute in attributes) element.setAttribute(attribute, attributes[attribute]);
      element.append(...children);
      return element;
    };
    return make('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true' }, make('path', { d: path }));
  };

  const host = document.createElement('edgechat-launcher');
  host.style.cssText = 'all:initial!important;position:fixed!important;z-index:2147483647!important';
  const root = host.attachShadow({ mode: 'closed' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(styles);
  root.adoptedStyleSheets = [sheet];
  const button = document.createElement('button');
  const badge = document.createElement('span');
  button.type = 'button';
  button.setAttribute('aria-haspopup', 'dialog');
  button.append(
    icon('M12 3.5c-5 0-9 3.4-9 7.7 0 2.3 1.2 4.3 3 5.7l-.7 3.6 4-2c.9.2 1.8.3 2.7.3 5 0 9-3.4 9-7.6S17 3.5 12 3.5Z'),
    icon('M6 6l12 12M18 6L6 18'),
    badge,
  );
  root.append(button);

  let frame;
  let ready = false;
  let open = false;
  let unread = 0;
  let memory = {};
  /** The conversation of this tab's panel; another tab may have begun another one since. */
  let mine;
  const idOf = (kept) => /"(?:conversation|key)":"([^"]+)/.exec(kept)?.[1];
  const read = () => {
    try {
      memory = JSON.parse(localStorage.getItem(key)) || {};
    } catch {}
    return memory;
  };
  const write = (change) => {
    // Another tab may have written since.
    memory = { ...read(), open, ...change };
    try {
      if (memory.kept || memory.draft) localStorage.setItem(key, JSON.stringify(memory));
      else localStorage.removeItem(key);
    } catch {}
  };

  const post = (message) => ready && frame.contentWindow.postMessage(message, edge);
  const hello = () => {
    mine = idOf(memory.kept);
    post({
      [key]: 'hello',
      kept: memory.kept || null,
      draft: memory.draft || '',
      open,
      page: location.href,
      referrer: document.referrer,
    });
  };

  const draw = () => {
    const news = unread ? `, ${unread} new message${unread > 1 ? 's' : ''}` : '';
    button.className = `${open ? 'open' : ''} ${ready ? 'ready' : ''}`;
    button.setAttribute('aria-expanded', open);
    button.setAttribute('aria-label', open ? 'Close chat' : 'Open chat' + news);
    badge.textContent = unread > 9 ? '9+' : unread || '';
  };

  /** Full screen on a phone: the frame ends where the keyboard begins. */
  const fit = () => {
    const { height, offsetTop, scale } = visualViewport;
    if (!frame || scale > 1) return;
    frame.style.setProperty('--height', height + 'px');
    frame.style.setProperty('--top', offsetTop + 'px');
  };

  const load = () => {
    if (frame) return;
    frame = document.createElement('iframe');
    frame.title = 'Chat';
    frame.src = edge + '/frame' + (memory.kept ? '#chat' : '');
    root.append(frame);
  };

  const show = (wanted, focus = true) => {
    if (wanted === open) return;
    open = wanted;
    if (open) {
      load();
      fit();
      unread = 0;
    }
    if (memory.kept) write();
    draw();
    post({ [key]: open ? 'opened' : 'closed' });
    // The panel moves the focus on to where one can type, if the frame has it.
    if (open) focus && frame.focus();
    else if (document.activeElement === host) button.focus();
  };

  const listen = (message) => {
    const { data, origin, source } = message;
    if (!frame || source !== frame.contentWindow || origin !== edge || !data) return;
    switch (data[key]) {
      case 'ready':
        ready = true;
        // Loading took the focus away that it was given on opening.
        if (open && document.activeElement === host) frame.focus();
        hello();
        break;
      case 'keep': {
        const there = idOf(read().kept);
        const next = idOf(data.kept);
        if (!there || there === mine || there === next) write({ kept: data.kept });
        mine = next;
        break;
      }
      case 'draft':
        write({ draft: data.draft });
        break;
      case 'close':
        show(false);
        break;
      case 'unread':
        unread = open ? 0 : data.count;
    }
    draw();
  };

  /** Another tab of this site began a conversation: join it. */
  const joined = (event) => {
    if (event.key !== key || memory.kept || !read().kept) return;
    load();
    hello();
  };

  const resume = () => {
    if (!host.isConnected || !read().kept) return;
    load();
    if (memory.open) show(true, false);
  };

  button.onclick = () => show(!open);
  button.onkeydown = (event) => {
    if (event.key === 'Escape') show(false);
  };
  button.onpointerenter = button.onfocus = button.ontouchstart = load;
  addEventListener('message', listen);
  addEventListener('storage', joined);
  visualViewport.addEventListener('resize', fit);
  visualViewport.addEventListener('scroll', fit);

  window.Edgechat = {
    open: () => show(true),
    close: () => show(false),
    destroy() {
      removeEventListener('message', listen);
      removeEventListener('storage', joined);
      visualViewport.removeEventListener('resize', fit);
      visualViewport.removeEventListener('scroll', fit);
      host.remove();
      delete window.Edgechat;
    },
  };

  read();
  draw();
  (document.body || document.documentElement).append(host);
  const idle = () => (window.requestIdleCallback || setTimeout)(resume);
  if (document.readyState === 'complete') idle();
  else addEventListener('load', idle);
})();
