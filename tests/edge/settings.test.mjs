// The settings of the sites: saved as versions, checked, published, and gone by.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { changed, DEFAULT_SETTINGS, startWorld, until, Visitor } from '../harness.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MINUTE = 60_000;

let world;
before(async () => {
  world = await startWorld();
});
after(() => world?.close());
beforeEach(() => world.control('POST', '/reset'));

const named = (name) => changed((document) => (document.name = name));
const publicOf = (site) => world.call('GET', `/v1/sites/${site}`);
const save = (site, document, more) => world.admin('PUT', `${site}/settings`, { document, saved_by: 'Anna', ...more });

test('before anything is saved: the built-in document for `default`, nothing for others', async () => {
  const { status, body } = await world.admin('GET', 'default/settings');
  assert.deepEqual([status, body], [200, { version: 0, saved_by: 'built-in', saved_at: 0, document: DEFAULT_SETTINGS }]);
  assert.deepEqual((await world.admin('GET', 'default/settings/versions')).body, []);
  for (const path of ['nowhere/settings', 'nowhere/settings/versions', 'nowhere/settings/versions/0']) {
    const answer = await world.admin('GET', path);
    assert.deepEqual([answer.status, answer.body.code], [404, 'unknown_site'], path);
  }
});

test('every version is kept: what, who, when', async () => {
  const began = Date.now();
  assert.deepEqual((await save('history', named('One'))).body, { version: 1 });
  assert.deepEqual((await save('history', named('Two'), { saved_by: 'Ben' })).body, { version: 2 });
  const { body: newest } = await world.admin('GET', 'history/settings');
  assert.deepEqual([newest.version, newest.saved_by, newest.document.name], [2, 'Ben', 'Two']);
  assert.ok(began <= newest.saved_at && newest.saved_at <= Date.now());
  const { body: list } = await world.admin('GET', 'history/settings/versions');
  assert.deepEqual(list.map(({ version, saved_by }) => [version, saved_by]), [[2, 'Ben'], [1, 'Anna']]);
  assert.ok(list.every((one) => !one.document && one.saved_at >= began));
  assert.deepEqual((await world.admin('GET', 'history/settings/versions/1')).body.document, named('One'));
  for (const number of ['3', '0', '-1', 'x']) {
    const answer = await world.admin('GET', `history/settings/versions/${number}`);
    assert.deepEqual([answer.status, answer.body.code], [404, 'unknown_version'], number);
  }
});

test('a document is kept as it was written', async () => {
  const text = JSON.stringify(named('Spaced'), null, 3);
  await world.admin('PUT', 'verbatim/settings', `{"saved_by":"Anna","document":${text}}`);
  const answer = await fetch(`${world.url}/v1/sites/verbatim/settings`, { headers: { authorization: `Bearer ${world.vars.ADMIN_TOKEN}` } });
  assert.ok((await answer.text()).includes(text));
});

test('of two changes made from one version the second is told', async () => {
  assert.equal((await save('race', named('One'), { base: 0 })).status, 200);
  const both = await Promise.all([save('race', named('Two'), { base: 1 }), save('race', named('Three'), { base: 1 })]);
  assert.deepEqual(both.map(({ status }) => status).sort(), [200, 409]);
  assert.equal(both.find(({ status }) => status === 409).body.code, 'version_conflict');
  assert.equal((await world.admin('GET', 'race/settings')).body.version, 2);
});

const sound = 'expected `silence` longer than `warning`, and `lost` at least 90';
const wrong = [
  [(d) => (d.name = ' '), 'name', 'expected a name'],
  [(d) => delete d.zone, 'zone', 'expected a value, found none'],
  [(d) => (d.zone = 'Europe/Atlantis'), 'zone', 'expected a zone of the time-zone database, like Europe/Warsaw'],
  [(d) => (d.zone = 'Europe Warsaw'), 'zone', 'expected a time zone like Europe/Warsaw'],
  [(d) => (d.look.accent = 'blue'), 'look.accent', 'expected a colour like #0b5fff'],
  [(d) => (d.look.colour = '#000000'), 'look.colour', 'unknown field `colour`, expected `accent` or `theme`'],
  [(d) => delete d.texts.welcome, 'texts.welcome', 'expected a value, found none'],
  [(d) => (d.topics = []), 'topics', 'expected at least one topic'],
  [(d) => (d.topics[0].id = 'Sales'), 'topics[0].id', 'expected 1 to 32 lowercase letters, digits and hyphens'],
  [(d) => (d.topics[1].id = 'sales'), 'topics[1].id', 'expected a name that no other topic has'],
  [(d) => (d.topics[0].participants[1] = 'ben'), 'topics[0].participants[1]', 'expected an e-mail address like anna@example.com'],
  [(d) => (d.topics[2].participants = []), 'topics[2].participants', 'expected at least one address'],
  [(d) => (d.topics[0].room = 'club'), 'topics[0].room', 'unknown variant `club`, expected one of `personal`, `group`, `mixed`'],
  [(d) => (d.topics[0].form = 'none'), 'topics[0].form', 'expected the key of one of `forms`'],
  [(d) => (d.topics[2].timeouts = { silence: 9, warning: 9, lost: 9 }), 'topics[2].timeouts', sound],
  [(d) => (d.timeouts.lost = 89), 'timeouts', sound],
  [(d) => (d.timeouts.lost = '2 minutes'), 'timeouts.lost', 'invalid type: string "2 minutes", expected u32'],
  [(d) => (d.hours = { week: { mon: ['9-17'] } }), 'hours.week.mon[0]', 'expected hours like 09:00-17:30; 00:00-24:00 is all day'],
  [(d) => (d.hours = { week: { monday: [] } }), 'hours.week.monday', /^unknown field `monday`, expected one of `mon`, /],
  [(d) => (d.hours = { week: {}, holidays: ['02-30'] }), 'hours.holidays[0]', 'expected a date like 2026-12-24, or 12-24 for every year'],
  [(d) => (d.hours = { week: {}, special: { '2026-13-01': [] } }), 'hours.special.2026-13-01', 'expected a date like 2026-12-24'],
  [(d) => (d.forms.contact.fields[2].pattern = '('), 'forms.contact.fields[2].pattern', 'expected a JavaScript regular expression (flag u)'],
  [(d) => (d.forms.contact.fields[2].pattern = '(?=a)a'), 'forms.contact.fields[2].pattern', 'expected a regular expression that is matched without back-tracking: look-around is not supported'],
  [(d) => (d.forms.contact.fields[2].pattern = '(a)\\1'), 'forms.contact.fields[2].pattern', 'expected a regular expression that is matched without back-tracking: backreferences are not supported'],
  [(d) => (d.forms.contact.fields[2].pattern = '\\p{Lu}+'), 'forms.contact.fields[2].pattern', 'expected a regular expression that is matched without back-tracking: Unicode character classes are not supported'],
  [(d) => (d.forms.contact.fields[0].requierd = true), 'forms.contact.fields[0].requierd', /^unknown field `requierd`/],
  [(d) => (d.desk.replies = { marked: 'a' }), 'desk.replies.marked', 'expected 1 to 8 characters without letters, digits, spaces and slashes'],
  [(d) => (d.desk.kind = 'fax'), 'desk.kind', 'expected a desk that this worker has a connector for'],
  [(d) => (d.topics[0].desk = { kind: 'fax', mask: 'Us' }), 'topics[0].desk.kind', 'expected a desk that this worker has a connector for'],
  [(d) => (d.bot.kind = 'oracle'), 'bot', 'expected a `kind` that this worker has a connector for, and `at` as that one writes it'],
  [(d) => (d.bot.at = 'projects/../agent'), 'bot', 'expected a `kind` that this worker has a connector for, and `at` as that one writes it'],
  [(d) => (d.topics[1].bot_settings = { ...d.bot, at: '' }), 'topics[1].bot_settings', 'expected a `kind` that this worker has a connector for, and `at` as that one writes it'],
  [(d) => (d.origins = ['example.com']), 'origins[0]', 'expected an origin like https://www.example.com or https://*.example.com, or *'],
  [(d) => (d.retention_days = 185), 'retention_days', 'expected days: more than 0, at most 184'],
  [(d) => (d.topics[0].desk = { mask: 'Us', ended_rooms: { delete: 185 } }), 'topics[0].desk.ended_rooms.delete', 'expected days: more than 0, at most 184'],
  [(d) => (d.desk.ended_rooms = { leave: 0 }), 'desk.ended_rooms.leave', 'expected days: more than 0, at most 184'],
  [(d) => (d.messages_per_minute = 0), 'messages_per_minute', 'invalid value: integer `0`, expected a nonzero u32'],
];

test('a bad document is refused with the place and what is expected there, and changes nothing', async () => {
  await save('strict', named('Good'));
  for (const [change, field, expected] of wrong) {
    const { status, body } = await save('strict', changed(change));
    assert.deepEqual([status, body.code, body.settings?.map((error) => error.field)], [422, 'bad_settings', [field]]);
    if (expected instanceof RegExp) assert.match(body.settings[0].expected, expected);
    else assert.equal(body.settings[0].expected, expected);
  }
  const { body } = await save('strict', changed((d) => ((d.name = ''), (d.topics = []))), { saved_by: '' });
  assert.deepEqual(body.settings.map((error) => error.field), ['name', 'topics', 'saved_by']);
  for (const document of [5, [], 'text', null]) {
    assert.equal((await save('strict', document)).body.settings?.length ?? 0, 1, JSON.stringify(document));
  }
  const { body: kept } = await world.admin('GET', 'strict/settings');
  assert.deepEqual([kept.version, kept.document.name], [1, 'Good']);
});

test('bad calls of the admin API have a status and a stable code', async () => {
  const document = named('x');
  const cases = [
    ['PUT', 'default/settings', '{', 400, 'bad_body'],
    ['PUT', 'default/settings', { document }, 400, 'bad_body'],
    ['PUT', 'default/settings', { document, saved_by: 'Anna', bases: 1 }, 400, 'bad_body'],
    ['PUT', 'Shop_1/settings', { document, saved_by: 'Anna' }, 422, 'bad_site'],
    ['DELETE', 'default/settings', undefined, 405, 'method_not_allowed'],
    ['PUT', 'default/settings/versions/1', {}, 405, 'method_not_allowed'],
    ['GET', 'default/settings/nothing', undefined, 404, 'not_found'],
  ];
  for (const [method, path, body, status, code] of cases) {
    const answer = await world.admin(method, path, body);
    assert.deepEqual([answer.status, answer.body.code], [status, code], `${method} ${path}`);
  }
});

test('a document may have 128 KB, other bodies 16', async () => {
  const long = (length) => changed((d) => (d.texts.closed = 'x'.repeat(length)));
  assert.equal((await save('long', long(100_000))).status, 200);
  const answer = await save('long', long(131_072));
  assert.deepEqual([answer.status, answer.body.code], [413, 'body_too_large']);
  assert.equal((await world.admin('GET', 'long/settings')).body.version, 1);
});

test('without the admin token nothing is read or changed', async () => {
  const { ADMIN_TOKEN } = world.vars;
  const flipped = ADMIN_TOKEN.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
  for (const authorization of ['', 'Bearer ', ADMIN_TOKEN, `Basic ${ADMIN_TOKEN}`, `Bearer ${ADMIN_TOKEN}0`, `Bearer ${flipped}`]) {
    for (const [method, path] of [['GET', 'default/settings'], ['PUT', 'default/settings'], ['GET', 'default/settings/versions/1'], ['DELETE', 'x/settings/y']]) {
      const body = method === 'PUT' ? { document: named('stolen'), saved_by: 'Eve' } : undefined;
      const answer = await world.admin(method, path, body, { authorization });
      assert.deepEqual([answer.status, answer.body.code], [401, 'bad_token'], `${method} ${path} ${authorization}`);
    }
  }
  assert.equal((await world.admin('GET', 'default/settings')).body.version, 0);
});

test('what is saved reaches visitors, and stays after a restart', async () => {
  assert.equal((await publicOf('shop')).body.code, 'unknown_site');
  const missing = await fetch(`${world.url}/frame?site=shop`);
  assert.deepEqual([missing.status, (await missing.text()).includes('<script')], [404, false]);
  assert.equal((await publicOf('default')).body.name, 'Edgechat demo');
  await world.push(named('The shop'), 'shop');
  await world.push(named('The default'));
  const seen = async (site) => {
    const frame = await fetch(`${world.url}/frame${site === 'default' ? '' : `?site=${site}`}`);
    const title = /<title>(.*)<\/title>/.exec(await frame.text())[1];
    return [title, (await publicOf(site)).body.name];
  };
  assert.deepEqual(await seen('shop'), ['The shop', 'The shop']);
  assert.deepEqual(await seen('default'), ['The default', 'The default']);
  await world.restartWorker();
  assert.deepEqual(await seen('shop'), ['The shop', 'The shop']);
  assert.deepEqual(await seen('default'), ['The default', 'The default']);
  assert.equal((await world.admin('GET', 'shop/settings')).body.version, 1);
});

test('the public settings may be read from any page for 30 seconds, and hold no address', async () => {
  const answer = await fetch(`${world.url}/v1/sites/default`);
  const header = (name) => answer.headers.get(name);
  assert.deepEqual([header('access-control-allow-origin'), header('cache-control')], ['*', 'max-age=30']);
  const text = await answer.text();
  assert.ok(!text.includes('@') && Math.abs(JSON.parse(text).now - Date.now()) < MINUTE);
  assert.deepEqual(JSON.parse(text).topics.map((topic) => topic.id), ['sales', 'support', 'person']);
});

test('two sites are strangers: one start key is two conversations, and tokens do not cross', async () => {
  for (const site of ['one', 'two']) {
    await world.push(changed((d) => (d.topics[2].label = `Anna of ${site}`)), site);
  }
  const key = randomBytes(18).toString('base64url');
  const [home, one, two] = [undefined, 'one', 'two'].map(() => new Visitor(world, key));
  assert.equal((await home.start('person')).status, 200);
  assert.equal((await one.start('person', {}, { site: 'one' })).status, 200);
  assert.equal((await two.start('person', {}, { site: 'two' })).status, 200);
  const ids = [home, one, two].map((visitor) => visitor.session.conversation);
  assert.equal(new Set(ids).size, 3);
  assert.equal((await one.poll({ after: 0 }, two.session.token)).status, 401);
  assert.equal((await one.poll({ after: 0 })).status, 200);
  assert.deepEqual((await new Visitor(world, key).start('person', {}, { site: 'one' })).body, one.session);
  const titles = await until(async () => {
    const rooms = await world.rooms();
    const complete = rooms.length === 3 && rooms.every((room) => room.lines.length === 1);
    return complete && rooms.map((room) => room.title.split(' · ')[0]).sort();
  });
  assert.deepEqual(titles, ['Anna of one', 'Anna of two', 'Talk to Anna']);
  for (const site of ['three', 'ONE', '']) {
    const answer = await new Visitor(world).start('person', {}, { site });
    assert.deepEqual([answer.status, answer.body.code], [404, 'unknown_site'], site);
  }
});

test('the desk and the bot are chosen by the settings, and a topic may have others', async () => {
  const document = changed((d) => {
    Object.assign(d.desk, { kind: 'webex' });
    Object.assign(d.bot, { kind: 'dialogflow', at: 'projects/edgechat-demo/agent' });
    const own = { desk: { mask: 'Billing' }, participants: ['anna@example.com'] };
    d.topics.push({ id: 'billing', label: 'Billing', ...own });
    d.topics.push({ id: 'other', label: 'Other bot', bot: 'first', ...own, bot_settings: { ...d.bot, at: 'projects/of-somebody/locations/europe-west2/agent' } });
  });
  await world.push(document, 'chosen');
  const visit = (topic) => world.visitSettled(topic, {}, { site: 'chosen' });

  const asked = await visit('support');
  await asked.hears('bot: Greetings! How can I assist?');
  const billed = await world.visit('billing', {}, { site: 'chosen' });
  await world.letIn();
  await world.agentSays('Hello');
  await billed.hears('Billing: Hello');
  // The same desk, named by the one topic and not by the other.
  await world.agentSays('/transfer support');
  await billed.hears('* transferred');

  const failed = await visit('other');
  await failed.hears('* bot_failed');
  const sessions = await world.calls('/v2/projects/of-somebody/locations/europe-west2/agent/sessions/');
  assert.ok(sessions.length > 0, (await world.calls('/dialogflow')).join());
});

/** The hours on the wall clock of a zone from one time to another, as special days. */
function special(zone, spans) {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' });
  const days = {};
  for (const [from, until] of spans) {
    const [date, begin] = format.format(from).split(' ');
    const [, end] = format.format(until).split(' ');
    (days[date] ??= []).push(`${begin}-${end}`);
  }
  return { week: {}, special: days };
}

/** Hours from and until so many minutes from now, each in whole minutes of the clock. */
const around = (zone, spans, now = Date.now()) =>
  special(
    zone,
    spans.map((span) => span.map((minutes) => now + minutes * MINUTE)),
  );
const openNow = (zone) => around(zone, [[-10, 10]]);
const closedNow = (zone, now) =>
  around(
    zone,
    [
      [-20, -10],
      [10, 20],
    ],
    now,
  );
const withHours = (zone, hours, more) => changed((d) => Object.assign(d, { zone, hours, ...more }));

for (const [site, zone] of [
  ['warsaw', 'Europe/Warsaw'],
  ['paulo', 'America/Sao_Paulo'],
  ['howe', 'Australia/Lord_Howe'],
  ['kathmandu', 'Asia/Kathmandu'],
]) {
  test(`hours go by the wall clock of ${zone}: open is taken, closed is refused with nothing done`, async () => {
    const visitor = new Visitor(world);
    await world.push(withHours(zone, openNow(zone)), site);
    assert.equal((await visitor.start('person', {}, { site })).status, 200);
    await until(async () => (await world.room())?.lines.length === 1);
    const now = Date.now();
    await world.push(withHours(zone, closedNow(zone, now)), site);
    await world.control('DELETE', '/requests');

    const late = new Visitor(world);
    const answer = await late.start('person', {}, { site });
    assert.deepEqual([answer.status, answer.body.code, answer.body.message], [409, 'closed', 'Nobody answers at this hour.']);
    assert.equal((await late.start('support', {}, { site })).body.code, 'closed');
    // The conversations of the tests before this one may still be asking for their rooms.
    assert.deepEqual([await world.calls('POST /webex/v1/rooms'), await world.calls('/dialogflow')], [[], []]);
    assert.equal((await world.rooms()).length, 1);

    const { topics } = (await publicOf(site)).body;
    const [next] = topics[2].open;
    const from = Math.floor(now / MINUTE) * MINUTE + 10 * MINUTE;
    assert.deepEqual(next, { from, until: from + 10 * MINUTE });

    const again = await new Visitor(world, visitor.key).start('person', {}, { site });
    assert.deepEqual([again.status, again.body], [200, visitor.session], 'a repeat of what was started in time');
  });
}

test('a topic with hours of its own, and a bot that answers when people do not', async () => {
  const zone = 'Asia/Kathmandu';
  const document = withHours(zone, closedNow(zone), { when_closed: 'bot' });
  document.topics.push({ ...document.topics[2], id: 'night', hours: openNow(zone) });
  await world.push(document, 'night');
  const start = async (topic) => (await new Visitor(world).start(topic, {}, { site: 'night' })).body.code ?? 'started';
  assert.equal(await start('person'), 'closed');
  assert.equal(await start('night'), 'started');
  assert.equal(await start('support'), 'started');
});

test('a message that is left is checked, at any hour', async () => {
  const zone = 'Europe/Warsaw';
  await world.push(withHours(zone, closedNow(zone)), 'letters');
  const answers = { name: 'Jane', email: 'jane@example.org' };
  const leave = (message, answers, topic = 'person') => new Visitor(world).start(topic, answers, { site: 'letters', message });
  for (const text of ['', ' \n', 'x'.repeat(4_001)]) {
    const answer = await leave(text, answers);
    assert.deepEqual([answer.status, answer.body.code], [422, 'bad_message']);
  }
  const { status, body } = await leave('Call me', { name: 'Jane' });
  assert.deepEqual([status, body.code, body.fields], [422, 'bad_answers', [{ field: 'email', problem: 'missing' }]]);
  assert.equal((await leave('Call me', answers)).status, 200);
});

test('a pattern that would keep a back-tracking engine busy for years answers at once', async () => {
  await world.push(changed((d) => (d.forms.contact.fields[2].pattern = '^(\\w+\\s?)*$')), 'patterns');
  const start = (order) => new Visitor(world).start('sales', { name: 'Jane', email: 'jane@example.org', order }, { site: 'patterns' });
  const began = performance.now();
  for (const [order, problem] of [
    [`${'a'.repeat(255)}!`, 'mismatch'],
    [`${'a '.repeat(127)}!`, 'mismatch'],
    [`${'a'.repeat(3_999)}!`, { too_long: { max: 256 } }],
  ]) {
    const { status, body } = await start(order);
    assert.deepEqual([status, body.code, body.fields], [422, 'bad_answers', [{ field: 'order', problem }]]);
  }
  assert.equal((await start('AB 12345')).status, 200);
  assert.equal((await start('x\nAB-12345\n!')).status, 422, 'the whole answer must match');
  assert.ok(performance.now() - began < 5_000);
});

/** Runs `cargo xtask settings …`, built already: its exit code, and what it said. */
function xtask(...args) {
  const program = process.env.EDGECHAT_XTASK ?? join(ROOT, 'target/debug/xtask');
  const env = { ...process.env, EDGECHAT_URL: world.url, EDGECHAT_ADMIN_TOKEN: world.vars.ADMIN_TOKEN, USER: 'Olga', ...xtask.env };
  return new Promise((resolve) => {
    execFile(program, ['settings', ...args], { cwd: world.folder, env }, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr });
    });
  });
}

test('cargo xtask settings: check, push, show', async () => {
  const write = (name, document) => writeFileSync(join(world.folder, name), JSON.stringify(document, null, 2));
  write('good.json', named('By hand'));
  write('bad.json', changed((d) => ((d.name = ''), (d.zone = 'Europe/Atlantis'), (d.topics[1].form = 'none'))));
  write('odd.json', changed((d) => (d.topics[0].participants[1] = 'ben')));

  const good = await xtask('check', 'good.json');
  assert.deepEqual(good, { code: 0, stdout: 'good.json is good: 3 topics, 1 form, hours in Europe/Warsaw.\n', stderr: '' });
  const bad = await xtask('check', 'bad.json');
  assert.equal(bad.code, 1);
  assert.deepEqual(bad.stdout.trim().split('\n'), [
    'bad.json: name: expected a name',
    'bad.json: zone: expected a zone of the time-zone database, like Europe/Warsaw',
    'bad.json: topics[1].form: expected the key of one of `forms`',
  ]);
  assert.equal((await xtask('check', 'odd.json')).stdout, 'odd.json: topics[0].participants[1]: expected an e-mail address like anna@example.com\n');
  assert.match((await xtask('check', 'none.json')).stderr, /^Cannot read none\.json/);

  assert.deepEqual(await xtask('push', 'good.json', '--site', 'hand'), { code: 0, stdout: 'Version 1 of hand is saved.\n', stderr: '' });
  assert.equal((await xtask('push', 'bad.json', '--site', 'hand')).code, 1);
  await xtask('push', 'good.json', '--site', 'hand', '--by', 'Piotr', '--url', `${world.url}/`);
  const shown = await xtask('show', '--site', 'hand');
  assert.match(shown.stderr, /^Version 2 of hand, saved by Piotr at 20\d\d-.* UTC\n$/);
  assert.equal(shown.stdout.trim(), readFileSync(join(world.folder, 'good.json'), 'utf8'));
  assert.match((await xtask('show', '--site', 'hand', '--version', '1')).stderr, /^Version 1 of hand, saved by Olga at /);
  assert.equal((await publicOf('hand')).body.name, 'By hand');
});

test('cargo xtask settings: a plain sentence for each failure', async () => {
  writeFileSync(join(world.folder, 'good.json'), JSON.stringify(named('By hand')));
  const says = async (sentence, ...args) => {
    const { code, stdout, stderr } = await xtask(...args);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, sentence);
    assert.ok(!stderr.includes(world.vars.ADMIN_TOKEN));
  };
  await says(/^There is no site of this name\.\n$/, 'show', '--site', 'nowhere');
  await says(/^The site's settings have no version of this number\.\n$/, 'show', '--version', '99');
  await says(/^http:\/\/127\.0\.0\.1:1 cannot be reached/, 'show', '--url', 'http://127.0.0.1:1');
  await says(/^A site's name has 1 to 32 /, 'push', 'good.json', '--site', 'No');
  await says(/^The address answers 404, but not as an Edgechat worker does\.\n$/, 'show', '--url', `${world.emulators.url}`);
  xtask.env = { EDGECHAT_ADMIN_TOKEN: 'x'.repeat(32) };
  await says(/^The worker does not take this admin token\.\n$/, 'push', 'good.json');
  delete xtask.env;
});

test('a document that breaks a rule which is newer than it is logged, and its site goes on', async () => {
  await world.stopWorker();
  await world.publish(changed((d) => ((d.name = 'Old'), (d.forms.contact.fields[2].pattern = '(?=a)a'))));
  await world.startWorker();
  assert.equal((await publicOf('default')).body.name, 'Old');
  await until(() => world.output.includes('used all the same: forms.contact.fields[2].pattern'));
  assert.equal((await new Visitor(world).start('person')).status, 200);
});

test('a published copy that cannot be read is logged, and the demo does not stand in for it', async () => {
  await world.stopWorker();
  await world.publish({ name: 'Broken' });
  await world.startWorker();
  assert.equal((await publicOf('default')).body.code, 'internal');
  await until(() => world.output.includes('published settings of default'));
});
