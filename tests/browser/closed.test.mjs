// Outside the open hours.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { DEFAULT_SETTINGS, until } from '../harness.mjs';
import { browser, closeChat, entry, log, open, openChat, pageWith, panelOf, playEdge, problemsOf, startSite, useBrowser, withSettings, world } from './browser.mjs';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The site opens at a full minute that is far enough for the worker to be up, and near enough to wait for. */
const opening = Math.ceil((Date.now() + 90_000) / MINUTE) * MINUTE;
const clock = (at) => new Date(at).toISOString().slice(11, 16);
/** An instant as this browser writes it. */
const written = (panel, at, options, timeZone) =>
  panel.evaluate(([at, options]) => new Intl.DateTimeFormat([], options).format(at), [at, { timeZone, ...options }]);
const CLOCK = { hour: 'numeric', minute: '2-digit' };
const edgeNow = (panel) => panel.evaluate(() => JSON.parse(document.getElementById('settings').textContent).now);
useBrowser({
  settings(document) {
    document.zone = 'UTC';
    document.hours = { week: {}, special: { [new Date(opening).toISOString().slice(0, 10)]: [`${clock(opening)}-${clock(opening + HOUR)}`] } };
  },
});

let context;
let page;
beforeEach(async () => {
  context = await browser.newContext({ timezoneId: 'UTC', locale: 'en-GB' });
  page = await context.newPage();
});
afterEach(() => context.close());

async function visit() {
  await page.goto(`${world.url}/?`);
  return openChat(page);
}

test('closed now; opens while one looks, and a chat starts', async () => {
  const panel = await visit();
  await panel.getByText('Nobody is here right now.').waitFor();
  // After midnight, if it is that late.
  await panel.getByText(new RegExp(`^Opens (tomorrow )?at ${await written(panel, opening, CLOCK, 'UTC')}`)).waitFor();
  await panel.getByRole('button', { name: 'Sales' }).getByText('Leave a message').waitFor();
  await panel.getByText('Hello. What can we help you with?').waitFor({ timeout: 240_000 });
  assert.ok(Date.now() >= opening - 1_000, 'not before its time');
  assert.equal(await panel.getByText(/^Opens /).filter({ visible: true }).count(), 0);
  await panel.getByRole('button', { name: 'Talk to Anna' }).click();
  await panel.getByRole('textbox', { name: 'Write a message' }).waitFor();
});

test('the visitor reads when it opens in their own zone', async () => {
  await withSettings(context, open([DAY, DAY + HOUR]));
  const panel = await visit();
  await panel.getByText(`Opens tomorrow at ${await written(panel, (await edgeNow(panel)) + DAY, CLOCK, 'UTC')}`).waitFor();
  const far = await browser.newContext({ timezoneId: 'Asia/Kolkata', locale: 'en-GB' });
  await withSettings(far, open([3 * DAY, 3 * DAY + HOUR]));
  page = await far.newPage();
  const there = await visit();
  const opens = (await edgeNow(there)) + 3 * DAY;
  const [weekday, time] = [await written(there, opens, { weekday: 'long' }, 'Asia/Kolkata'), await written(there, opens, CLOCK, 'Asia/Kolkata')];
  await there.getByText(`Opens ${weekday} at ${time}`).waitFor();
  await far.close();
});

test('each closed topic says when it opens, beside one that is open; a bot answers at all hours', async () => {
  await withSettings(context, (settings) => {
    open([2 * HOUR, 3 * HOUR])(settings);
    settings.when_closed = 'bot';
    delete settings.topics[1].open;
  });
  const panel = await visit();
  await panel.getByText('Automatic answers').waitFor();
  assert.match(await panel.locator('[data-topic=sales]').innerText(), /Automatic answers\nOpens (tomorrow )?at/);
  assert.equal(await panel.locator('[data-topic=support]').innerText(), 'Support');
  assert.match(await panel.locator('[data-topic=person]').innerText(), /Leave a message\nOpens/);
  assert.deepEqual(await problemsOf(panel), []);
  await panel.locator('[data-topic=sales]').click();
  await panel.getByRole('button', { name: 'Start chat' }).waitFor();
});

test('where the owner hides the chat, the panel says only when it opens', async () => {
  await withSettings(context, (settings) => {
    open([2 * DAY, 3 * DAY])(settings);
    Object.assign(settings, { when_closed: 'hide', closed: 'We are closed for the fair.' });
  });
  const panel = await visit();
  await panel.getByText('We are closed for the fair.').waitFor();
  await panel.getByText(/^Opens \w+day at/).waitFor();
  assert.equal(await panel.getByRole('button').filter({ visible: true }).count(), 1, 'only to close it');
});

const MESSAGE_LEFT = { phase: { closed: { by: 'message_left', at: Date.now() } } };
const left = (text) => entry(1, { visitor: { id: 'message-1', text } });

test('a message is left: checked, kept while the edge is away, and followed until the team has it', async () => {
  await withSettings(context, open());
  const edge = await playEdge(context, MESSAGE_LEFT, [left('Call me, I have a question.')]);
  let fails = true;
  await context.route(/\/v1\/conversations$/, (route) => (fails ? route.fulfill({ status: 503 }) : route.fallback()));
  let panel = await visit();
  await panel.getByRole('button', { name: 'Sales' }).click();
  await panel.getByRole('button', { name: 'Send message' }).click();
  assert.equal(await panel.getByText('Fill this in.').count(), 3);
  await panel.getByLabel('Your name').fill('Jane Doe');
  await panel.getByLabel('E-mail').fill('jane@example.org');
  await panel.getByLabel('Your message').fill('Call me, I have a question.');
  assert.deepEqual(await problemsOf(panel), []);
  await panel.getByRole('button', { name: 'Send message' }).click();
  await panel.getByText('Your message is being sent.').waitFor();
  await log(panel).getByText('Sending').waitFor({ state: 'attached' });
  await page.reload();
  panel = await panelOf(page);
  await log(panel).getByText('Call me, I have a question.').waitFor();
  fails = false;
  await panel.getByText('We have your message and are passing it to the team.').waitFor();
  const [start] = edge.starts;
  assert.deepEqual(
    [start.topic, start.message, start.answers.name, start.answers.email],
    ['sales', 'Call me, I have a question.', 'Jane Doe', 'jane@example.org'],
  );
  edge.tell({ delivered: { through: 1 } });
  await panel.getByText('We have your message. The team will answer you.').waitFor();
  await log(panel).getByText('With the team').waitFor({ state: 'attached' });
  assert.equal(await panel.getByText('How was this chat?').filter({ visible: true }).count(), 0);
  await panel.getByRole('button', { name: 'Start a new chat' }).click();
  await panel.getByRole('button', { name: 'Sales' }).waitFor();
});

test('a left message reaches the team', async () => {
  await withSettings(context, open());
  const panel = await visit();
  await panel.getByRole('button', { name: 'Talk to Anna' }).click();
  await panel.getByLabel('Your name').fill('Jane Doe');
  await panel.getByLabel('E-mail').fill('jane@example.org');
  await panel.getByLabel('Your message').fill('Do you deliver on Mondays?');
  await panel.getByRole('button', { name: 'Send message' }).click();
  await panel.getByText('We have your message. The team will answer you.').waitFor();
  const { lines } = await world.room();
  assert.ok(lines.some((line) => line.includes('Do you deliver on Mondays?') && line.includes('jane@example.org')), lines.join('\n'));
  await page.reload();
  await log(await panelOf(page)).getByText('Do you deliver on Mondays?').waitFor();
});

test('a start refused at closing time becomes a message, with all that was typed', async () => {
  await withSettings(context, open([-HOUR, HOUR]));
  const panel = await visit();
  await panel.getByRole('button', { name: 'Sales' }).click();
  await panel.getByLabel('Your name').fill('Jane Doe');
  await panel.getByLabel('E-mail').fill('jane@example.org');
  await world.push({ ...DEFAULT_SETTINGS, hours: { week: {} } });
  await panel.getByRole('button', { name: 'Start chat' }).click();
  await panel.getByText('The team has just gone. What you wrote is kept.').waitFor();
  assert.equal(await panel.getByLabel('Your name').inputValue(), 'Jane Doe');
  await panel.getByLabel('Your message').waitFor();
});

test('a visitor for whom nobody comes ends the chat with a message on the same topic', async () => {
  await withSettings(context, open([-HOUR, HOUR]));
  const edge = await playEdge(context, { phase: 'waiting', leave_message: true });
  let panel = await visit();
  await panel.getByRole('button', { name: 'Sales' }).click();
  await panel.getByLabel('Your name').fill('Jane Doe');
  await panel.getByLabel('E-mail').fill('jane@example.org');
  await panel.getByRole('button', { name: 'Start chat' }).click();
  await panel.getByText('You can wait, or leave a message.').waitFor();
  assert.deepEqual(await problemsOf(panel), []);
  await page.reload();
  panel = await panelOf(page);
  await panel.getByRole('button', { name: 'Leave a message' }).click();
  await until(() => edge.frames.includes('end'));
  edge.tell({ state: { ...edge.state, leave_message: false, phase: { closed: { by: 'visitor', at: Date.now() } } } });
  await panel.getByRole('heading', { name: 'Sales' }).waitFor();
  assert.equal(await panel.getByLabel('E-mail').inputValue(), 'jane@example.org');
  await panel.getByLabel('Your message').fill('Still there?');
  await panel.getByRole('button', { name: 'Send message' }).click();
  await until(() => edge.starts.length === 2);
  assert.equal(edge.starts[1].message, 'Still there?');
});

test('a page that has stood for long is opened by the hours of now', async () => {
  await page.clock.install();
  let settings;
  await withSettings(context, (given) => (settings = structuredClone(given)) && open([-HOUR, DAY])(given));
  let asked = 0;
  await context.route(/\/v1\/sites\/default$/, (route) => {
    asked += 1;
    open([DAY, 2 * DAY])(settings);
    return route.fulfill({ json: settings });
  });
  const panel = await visit();
  await panel.getByText('Hello. What can we help you with?').waitFor();
  await closeChat(page, panel);
  await openChat(page);
  assert.equal(asked, 0, 'the hours are new');
  await closeChat(page, panel);
  await page.clock.fastForward('15:00');
  await openChat(page);
  await panel.getByText('Nobody is here right now.').waitFor();
  assert.equal(asked, 1);
});

test('a launcher with data-hours shows itself in the hours alone', async () => {
  const now = 1_000_000_000_000;
  const hours = (...topics) => ({ now, topics: topics.map((intervals) => ({ open: intervals.map(([from, until]) => ({ from: now + from, until: now + until })) })) });
  let answer = { json: hours([[6_000, 9_000]], [[8_000, 11_000]]) };
  await context.route(/\/v1\/sites\/shop$/, (route) => route.fulfill({ headers: { 'access-control-allow-origin': '*' }, ...answer }));
  const site = await startSite({ html: pageWith(world.url).replace(' async', ' data-site="shop" data-hours async') });
  const isShown = () =>
    page.evaluate(() => document.elementFromPoint(document.documentElement.clientWidth - 48, innerHeight - 48)?.localName === 'edgechat-launcher');
  const began = Date.now();
  await page.goto(site.url);
  await page.waitForFunction(() => window.Edgechat);
  assert.equal(await isShown(), false);
  await until(isShown);
  assert.ok(Date.now() - began >= 6_000);
  await until(async () => !(await isShown()));
  assert.ok(Date.now() - began >= 11_000);

  answer = { status: 500 };
  await page.reload();
  await until(isShown);
  const frame = context.waitForEvent('request', (request) => request.url().includes('/frame'));
  await page.evaluate(() => window.Edgechat.open());
  assert.equal(new URL((await frame).url()).search, '?site=shop');
  site.close();
});
