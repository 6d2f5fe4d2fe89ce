const AGENTS = {
  anna: { name: 'Anna Nowak', email: 'anna@example.com', token: 'agent-anna' },
  ben: { name: 'Ben Okafor', email: 'ben@example.com', token: 'agent-ben' },
  carl: { name: 'Carl Weber', email: 'carl@example.com', token: 'agent-carl' },
};
const POLL_MS = 1000;

const part = (id) => document.getElementById(id);
const clockTime = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

const view = { agent: AGENTS.anna, rooms: [], roomId: undefined };
const members = new Map();
const nameOf = new Map();
const drafts = new Map();
const seen = new Map();
const drawn = new Map();

class Refused extends Error {}

async function webex(path, options = {}) {
  const headers = { ...options.headers, Authorization: `Bearer ${view.agent.token}` };
  const response = await fetch(path.startsWith('http') ? path : `/webex/v1${path}`, { ...options, headers });
  if (!response.ok) throw new Refused((await response.json()).message);
  return response;
}

async function list(path) {
  return (await (await webex(path)).json()).items;
}

async function refresh() {
  const { agent, roomId } = view;
  const rooms = await list('/rooms?sortBy=created');
  await Promise.all(rooms.map(readMembers));
  const isListed = rooms.some((room) => room.id === roomId);
  const messages = isListed ? await list(`/messages?roomId=${roomId}&max=200`) : [];
  // The reader may have chosen another room or agent meanwhile.
  if (agent !== view.agent || roomId !== view.roomId) return;
  view.rooms = rooms;
  drawRooms();
  drawRoom(messages.reverse());
}

/** Members are read again only when something happened in the room. */
async function readMembers(room) {
  const key = `${room.id} ${room.lastActivity}`;
  if (members.get(room.id)?.key === key && room.id !== view.roomId) return;
  const people = await list(`/memberships?roomId=${room.id}`);
  members.set(room.id, { key, names: people.map((one) => one.personDisplayName).join(', ') });
  for (const one of people) nameOf.set(one.personEmail, one.personDisplayName);
}

/** Draws only what changed, so that focus, selection and scroll stay. */
function changed(what, value) {
  const now = JSON.stringify(value);
  if (drawn.get(what) === now) return false;
  drawn.set(what, now);
  return true;
}

function drawRooms() {
  const { agent, rooms, roomId } = view;
  const current = rooms.find((room) => room.id === roomId);
  if (current) seen.set(roomId, current.lastActivity);
  const rows = rooms.map((room) => ({
    id: room.id,
    title: room.title,
    time: clockTime.format(new Date(room.created)),
    people: members.get(room.id).names,
    isUnread: seen.get(room.id) !== room.lastActivity,
    isCurrent: room.id === roomId,
  }));
  if (!changed('rooms', [agent.name, rows])) return;
  const focused = document.activeElement?.dataset?.room;
  part('rooms').replaceChildren(...rows.map(roomRow));
  part('rooms').querySelector(`[data-room="${focused}"]`)?.focus();
  part('no-rooms').hidden = rows.length > 0;
  part('only-own').textContent = `Only rooms that ${agent.name} is a member of are listed.`;
}

function roomRow(room) {
  const button = element('button', room.isUnread ? 'unread' : '');
  button.type = 'button';
  button.dataset.room = room.id;
  button.setAttribute('aria-current', room.isCurrent);
  const top = element('span', 'top');
  const title = element('span', 'title', room.title);
  title.dir = 'auto';
  top.append(title, element('span', 'quiet', room.time));
  button.append(top, element('span', 'quiet', room.people));
  button.addEventListener('click', () => {
    location.hash = room.id;
  });
  const row = element('li');
  row.append(button);
  return row;
}

function drawRoom(messages) {
  const { agent, rooms, roomId } = view;
  const room = rooms.find((one) => one.id === roomId);
  part('room').hidden = !room;
  part('choose').hidden = Boolean(room) || rooms.length === 0;
  part('desk').classList.toggle('reading', Boolean(room));
  part('choose').textContent =
    roomId && !room ? `${agent.name} is not a member of this room.` : 'Choose a room to read and answer.';
  if (!room) return;
  if (!changed('room', [agent.name, room.id, room.title, members.get(room.id).names, messages])) return;
  part('room-title').textContent = room.title;
  part('room-members').textContent = members.get(room.id).names;
  const log = part('log');
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  part('messages').replaceChildren(...messages.map((message, index) => messageRow(message, messages[index - 1])));
  if (isAtEnd) log.scrollTop = log.scrollHeight;
}

function messageRow(message, before) {
  const isFirst = before?.personId !== message.personId;
  const isOwn = message.personEmail === view.agent.email;
  const row = element('li', `message ${isFirst ? 'first' : ''} ${isOwn ? 'own' : ''}`);
  const time = clockTime.format(new Date(message.created));
  row.title = message.updated ? `${time}, edited` : time;
  if (isFirst) row.append(element('span', 'by quiet', `${nameOf.get(message.personEmail) ?? message.personEmail} · ${time}`));
  const bubble = element('div', 'bubble', message.text ?? '');
  bubble.dir = 'auto';
  // The server derives `html` from Markdown and escapes everything that somebody wrote.
  if (message.html) bubble.innerHTML = message.html;
  bubble.append(...(message.files ?? []).map(fileButton));
  row.append(bubble);
  return row;
}

function fileButton(url) {
  const button = element('button', 'file', 'Download file');
  button.type = 'button';
  button.addEventListener('click', () => attempt(() => download(url)));
  return button;
}

async function download(url) {
  const response = await webex(url);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await response.blob());
  link.download = /filename="([^"]*)"/.exec(response.headers.get('Content-Disposition'))?.[1] ?? 'file';
  link.click();
  URL.revokeObjectURL(link.href);
}

/** The address names the room, so that the browser's own way back works. */
function choose(roomId) {
  drafts.set(view.roomId, part('draft').value);
  view.roomId = roomId;
  part('draft').value = drafts.get(roomId) ?? '';
  attempt(async () => {
    await refresh();
    part('log').scrollTop = part('log').scrollHeight;
    if (roomId) part('draft').focus();
  });
}

async function post() {
  const draft = part('draft');
  const text = draft.value.trim();
  if (!text) return;
  draft.value = '';
  try {
    await webex('/messages', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ roomId: view.roomId, text }),
    });
  } catch (error) {
    draft.value = text;
    throw error;
  }
  await refresh();
  part('log').scrollTop = part('log').scrollHeight;
}

/** Runs a step and says on top of the page when it did not work. */
async function attempt(step) {
  const trouble = part('trouble');
  try {
    await step();
    trouble.hidden = true;
  } catch (error) {
    trouble.textContent =
      error instanceof Refused ? error.message : 'The emulator cannot be reached. Trying again every second.';
    trouble.hidden = false;
  }
}

function roomInAddress() {
  return location.hash.slice(1) || undefined;
}

function element(tag, className = '', text = '') {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

for (const input of document.querySelectorAll('[name=agent]')) {
  input.addEventListener('change', () => {
    view.agent = AGENTS[input.value];
    attempt(refresh);
  });
}
part('back').addEventListener('click', () => {
  location.hash = '';
});
addEventListener('hashchange', () => choose(roomInAddress()));
part('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  attempt(post);
});
part('draft').addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  attempt(post);
});

// Firefox keeps the chosen radio button over a reload.
view.agent = AGENTS[document.querySelector('[name=agent]:checked').value];
choose(roomInAddress());
for (;;) {
  await attempt(refresh);
  await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}
