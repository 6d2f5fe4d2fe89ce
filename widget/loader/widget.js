// What a page includes. Draws the launcher, and loads the panel into a frame once the visitor shows intent.
// The build puts `widget.css` in the place of STYLES; styles are set through the CSSOM only, so that a page needs no `style-src` for it.
(() => {
  const script = document.currentScript;
  if (!script || window.Edgechat) return;

  const edge = new URL(script.src).origin;
  const given = script.dataset.accent || '';
  const accent = /^#[\da-f]{6}$/i.test(given) ? given : '#0b5fff';
  const key = 'edgechat';
  const { site } = script.dataset;
  const store = site ? `${key}:${site}` : key;

  /** Black or white, whichever stands out more. */
  const onAccent = () => {
    const light = [1, 3, 5]
      .map((at) => parseInt(accent.slice(at, at + 2), 16) / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2] > 0.179 ? '#000' : '#fff';
  };

  /** Built by hand: `innerHTML` is refused on pages that require trusted types. */
  const icon = (path) => {
    const make = (name, attribute, value) => {
      const element = document.createElementNS('http://www.w3.org/2000/svg', name);
      element.setAttribute(attribute, value);
      return element;
    };
    const svg = make('svg', 'viewBox', '0 0 24 24');
    svg.ariaHidden = true;
    svg.append(make('path', 'd', path));
    return svg;
  };

  const host = document.createElement('edgechat-launcher');
  host.style.cssText = `all:initial!important;position:fixed!important;z-index:2147483647!important;--accent:${accent};--on-accent:${onAccent()}`;
  const root = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLES);
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
  /** Whether nobody answers at this hour, as far as it was asked for. */
  let closed = 'hours' in script.dataset;
  /** What stands in front of the page's title. */
  let mark = '';
  /** The conversation of this tab's panel; another tab may have begun another one since. */
  let mine;
  const idOf = (kept) => /"(?:conversation|key)":"([^"]+)/.exec(kept)?.[1];
  const read = () => {
    try {
      memory = JSON.parse(localStorage.getItem(store)) || {};
    } catch {}
    return memory;
  };
  const write = (change) => {
    // Another tab may have written since.
    memory = { ...read(), open, ...change };
    try {
      if (memory.kept || memory.draft || memory.muted) localStorage.setItem(store, JSON.stringify(memory));
      else localStorage.removeItem(store);
    } catch {}
  };

  const post = (message) => ready && frame.contentWindow.postMessage(message, edge);
  const hello = () => {
    mine = idOf(memory.kept);
    post({
      ...memory,
      [key]: 'hello',
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
    button.style.display = closed && !open && !memory.kept ? 'none' : '';
    badge.textContent = unread > 9 ? '9+' : unread || '';
    const before = mark;
    mark = unread ? `(${unread}) ` : '';
    // The page may have set another title since.
    const { title } = document;
    if (mark !== before) document.title = mark + (title.startsWith(before) ? title.slice(before.length) : title);
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
    frame.allow = 'autoplay';
    frame.src = edge + '/frame' + (site ? '?site=' + site : '') + (memory.kept ? '#chat' : '');
    root.append(frame);
  };

  const show = (wanted, focus = true) => {
    if (wanted === open) return;
    open = wanted;
    if (open) {
      load();
      fit();
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
    const { [key]: kind, ...change } = data;
    switch (kind) {
      case 'ready':
        ready = true;
        // Loading took the focus away that it was given on opening.
        if (open && document.activeElement === host) frame.focus();
        hello();
        break;
      case 'keep': {
        const there = idOf(read().kept);
        const next = idOf(data.kept);
        if (!there || there === mine || there === next) write(change);
        mine = next;
        break;
      }
      case 'save':
        write(change);
        break;
      case 'close':
        show(false);
        break;
      case 'unread':
        unread = data.count;
    }
    draw();
  };

  /** Another tab of this site began a conversation: join it. */
  const joined = (event) => {
    if (event.key !== store || memory.kept || !read().kept) return;
    load();
    hello();
  };

  const resume = () => {
    if (!host.isConnected || !read().kept) return;
    load();
    if (memory.open) show(true, false);
  };

  /** Draws the launcher anew at each boundary of the hours, by the edge's clock. */
  const watchHours = async () => {
    let hours;
    try {
      hours = await (await fetch(`${edge}/v1/sites/${site || 'default'}`)).json();
    } catch {}
    const began = performance.now();
    const flip = () => {
      const now = hours.now + performance.now() - began;
      let next = now + 1e9;
      closed = hours.topics.every(
        ({ open }) =>
          open &&
          !open.some(({ from, until }) => {
            if (until > now) next = Math.min(next, from > now ? from : until);
            return from <= now && now < until;
          }),
      );
      draw();
      setTimeout(flip, next - now);
    };
    closed = false;
    hours ? flip() : draw();
  };

  button.onclick = () => show(!open);
  button.onkeydown = (event) => {
    if (event.key === 'Escape') show(false);
  };
  button.onpointerenter = button.onfocus = button.ontouchstart = load;
  const gone = new AbortController();
  addEventListener('message', listen, gone);
  addEventListener('storage', joined, gone);
  visualViewport.addEventListener('resize', fit, gone);
  visualViewport.addEventListener('scroll', fit, gone);

  window.Edgechat = {
    open: () => show(true),
    close: () => show(false),
    destroy() {
      gone.abort();
      unread = 0;
      draw();
      host.remove();
      delete window.Edgechat;
    },
  };

  read();
  draw();
  if (closed) watchHours();
  (document.body || document.documentElement).append(host);
  const idle = () => (window.requestIdleCallback || setTimeout)(resume);
  if (document.readyState === 'complete') idle();
  else addEventListener('load', idle);
})();
