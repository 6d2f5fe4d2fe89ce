// A real browser, and pages of another origin that embed the chat.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { after, before, beforeEach } from 'node:test';
import { chromium } from 'playwright-core';
import { readBody } from '../emulators/http.mjs';
import { startWorld, until } from '../harness.mjs';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
FLAGS.push('--disable-component-update', '--disable-sync');

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

function startBrowser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
}

/** Set once the tests of the file run. */
export let world;
export let browser;

/**
 * A world and a browser for all tests of a file; every test finds the vendors as new.
 * @param {object} [options] as for `startWorld`
 */
export function useBrowser(options) {
  before(async () => {
    [world, browser] = await Promise.all([startWorld(options), startBrowser()]);
  });
  after(async () => {
    await browser?.close();
    await world?.close();
  });
  beforeEach(() => world.control('POST', '/reset'));
}

/** What is wrong with what the panel shows: for people with disabilities, or because it is too wide. */
export async function problemsOf(panel) {
  // What still fades in has no contrast yet. An animation whose element goes away in the meantime is refused: it is over, too.
  await panel.evaluate(() => Promise.allSettled(document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime < Infinity).map((one) => one.finished)));
  await panel.evaluate(AXE);
  const { violations } = await panel.evaluate(() => window.axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }));
  const problems = violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
  const overflow = await panel.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  return overflow ? [...problems, `${overflow} px too wide`] : problems;
}

/**
 * A site owner's server: one page, with the headers and the HTML that a test wants.
 * `breaches` is what browsers post to it of breaches of the page's policy, if that says `report-uri /`.
 * @returns {Promise<{url: string, breaches: string[], close: () => void}>}
 */
export async function startSite({ headers = {}, html }) {
  const breaches = [];
  const server = createServer(async (request, response) => {
    if (request.method === 'POST') breaches.push(String(await readBody(request)));
    response.writeHead(request.url === '/favicon.ico' ? 404 : 200, { 'content-type': 'text/html', ...headers });
    response.end(html);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A test that fails before it closes the site must not keep the run from ending.
  server.unref();
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${server.address().port}/`, breaches, close };
}

/** The page that the README tells a site owner to make. */
export const pageWith = (edge, more = '') =>
  `<!doctype html><html lang="en"><head><title>Shop</title>${more}<script src="${edge}/widget.js" async></script></head><body><main><h1>Shop</h1><p>Text.</p></main></body></html>`;

/** The policy of a page that allows nothing but what the README asks for. */
export const strictest = (edge) => `default-src 'none'; script-src ${edge}; frame-src ${edge}`;

/** Presses the launcher where it is drawn, in the corner at the end of a line, as people do. */
export async function pressLauncher(page) {
  await page.waitForFunction(() => window.Edgechat);
  const { x, y } = await page.evaluate(() => {
    const { clientWidth, dir } = document.documentElement;
    return { x: dir === 'rtl' ? 48 : clientWidth - 48, y: innerHeight - 48 };
  });
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.up();
}

/** The panel's frame, once it has drawn its first screen. */
export async function panelOf(page) {
  const panel = await until(() => page.frames().find((one) => one.url().includes('/frame')), undefined, () => 'the panel did not open');
  // What is drawn before the panel's own code has come has none, and a click on it may be lost.
  await panel.locator('main[tabindex="-1"]').first().waitFor({ state: 'attached' });
  return panel;
}

export async function openChat(page) {
  await pressLauncher(page);
  return panelOf(page);
}

/** The page has heard of it, too. */
export async function closeChat(page, panel) {
  await panel.getByRole('button', { name: 'Close chat' }).click();
  await page.evaluate(() => new Promise((done) => setTimeout(done)));
}

/** Fills in the composer and sends. */
export async function write(panel, text) {
  const composer = panel.getByRole('textbox', { name: 'Write a message' });
  await composer.fill(text);
  await composer.press('Enter');
}

/** A chat with people, begun on the demo page. */
export async function chatIn(context) {
  const page = await context.newPage();
  await page.goto(`${world.url}/?`);
  const panel = await openChat(page);
  await panel.getByRole('button', { name: 'Talk to Anna' }).click();
  await until(async () => (await world.room())?.webhooks.length === 1);
  return panel;
}

export const log = (panel) => panel.getByRole('log');

/** What somebody wrote, word for word. */
export const said = (panel, text) => log(panel).getByText(text, { exact: true });

/**
 * Lets the panel find other settings than the edge has.
 * @param {(settings: object) => void} change changes the public settings
 */
export async function withSettings(context, change) {
  await context.route(/\/frame/, async (route) => {
    const response = await route.fetch();
    const html = await response.text();
    const [, json] = /id="settings">(.*?)<\/script>/s.exec(html);
    const settings = JSON.parse(json);
    change(settings);
    await route.fulfill({ response, body: html.replace(json, () => JSON.stringify(settings)) });
  });
}

/** Every topic keeps these hours: `[from, until]` each, in milliseconds from the edge's now. */
export const open = (...intervals) => (settings) => {
  const at = (wait) => settings.now + wait;
  for (const topic of settings.topics) topic.open = intervals.map(([from, until]) => ({ from: at(from), until: at(until) }));
};

/**
 * Plays the edge to a panel, as far as a conversation goes.
 * @param {object} state what the first state says beyond the usual
 * @param {object[]} entries the transcript so far
 * @returns {Promise<{starts: object[], frames: object[], tell: (frame: object) => void, state: object}>}
 */
export async function playEdge(context, state, entries = []) {
  const edge = { starts: [], frames: [], state: { last: entries.length, delivered: 0, desk: 'reached', ...state } };
  await context.route(/\/v1\/conversations$/, (route) => {
    edge.starts.push(route.request().postDataJSON());
    return route.fulfill({ json: { conversation: 'c'.repeat(32), token: 't'.repeat(43) } });
  });
  await context.routeWebSocket(/\/socket/, (socket) => {
    edge.tell = (frame) => socket.send(JSON.stringify(frame));
    socket.onMessage((text) => text !== 'ping' && edge.frames.push(JSON.parse(text)));
    edge.tell({ hello: { state: edge.state } });
    edge.tell({ entries });
  });
  return edge;
}

export const entry = (seq, said) => ({ seq, at: Date.now(), said });
