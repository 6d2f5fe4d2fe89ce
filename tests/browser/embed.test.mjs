// On other people's pages: what the chat costs them, and that it works where little is allowed.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { brotliCompressSync, constants } from 'node:zlib';
import { startWorld, until } from '../harness.mjs';
import { openChat, pageWith, panelOf, pressLauncher, startBrowser, startSite } from './browser.mjs';

const MAX_BYTES = 80_000;
const MAX_REQUESTS = 6;

let world;
let browser;
before(async () => {
  [world, browser] = await Promise.all([startWorld(), startBrowser()]);
});
after(async () => {
  await browser?.close();
  await world?.close();
});
beforeEach(() => world.control('POST', '/reset'));

const brotli = (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;

async function visit(site) {
  const page = await browser.newPage();
  const requests = [];
  page.on('request', (request) => requests.push(request));
  page.on('websocket', (socket) => requests.push(socket));
  const problems = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(String(error)));
  await page.goto(site.url);
  await page.waitForFunction(() => window.Edgechat);
  return { page, problems, ofEdge: () => requests.filter((one) => one.url().replace('ws:', 'http:').startsWith(world.url)) };
}

test('a page under the strictest policy: it works, and breaks no rule', async () => {
  const policy = `default-src 'none'; script-src ${world.url}; frame-src ${world.url}`;
  const site = await startSite({ headers: { 'content-security-policy': policy }, html: pageWith(world.url) });
  const { page, problems } = await visit(site);
  const panel = await openChat(page);
  await panel.getByRole('button', { name: 'Talk to Anna' }).click();
  await panel.getByRole('textbox', { name: 'Write a message' }).waitFor();
  await until(async () => (await world.room())?.webhooks.length === 1);
  assert.deepEqual(problems.filter((text) => !text.includes('favicon')), []);
  await page.close();
  site.close();
});

test('before the visitor acts: one file, no storage, no cookie, no call to a vendor', async () => {
  const site = await startSite({ html: pageWith(world.url) });
  const { page, ofEdge } = await visit(site);
  await page.waitForTimeout(1_000);
  assert.deepEqual(ofEdge().map((request) => request.url()), [`${world.url}/widget.js`]);
  const stored = () => page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie.length]);
  assert.deepEqual(await stored(), [0, 0, 0]);
  await openChat(page);
  await page.waitForTimeout(500);
  assert.deepEqual(await stored(), [0, 0, 0], 'looking is not acting');
  assert.deepEqual(await page.context().cookies(), []);
  assert.deepEqual(await world.calls(), []);
  assert.ok(!world.output.includes('conversation object loaded'));
  await page.close();
  site.close();
});

test('until one can type: within the budget of bytes and requests', async (context) => {
  const site = await startSite({ html: pageWith(world.url) });
  const { page, ofEdge } = await visit(site);
  const panel = await openChat(page);
  await panel.getByRole('button', { name: 'Talk to Anna' }).click();
  await panel.getByRole('textbox', { name: 'Write a message' }).waitFor();
  await panel.locator('[role=log]').waitFor({ state: 'attached' });
  const requests = ofEdge();
  let bytes = 0;
  for (const request of requests.filter((one) => one.response)) {
    const body = await (await request.response()).body().catch(() => Buffer.alloc(0));
    const size = brotli(body);
    context.diagnostic(`${size} bytes ${request.url().replace(world.url, '')}`);
    bytes += size;
  }
  context.diagnostic(`${requests.length} requests, ${bytes} bytes`);
  assert.ok(requests.length <= MAX_REQUESTS, requests.map((one) => one.url()).join('\n'));
  assert.ok(bytes <= MAX_BYTES, `${bytes} bytes`);
  await page.close();
  site.close();
});

test('no layout shift and no long task on the page, at a quarter of the speed', async () => {
  const site = await startSite({ html: pageWith(world.url) });
  const page = await browser.newPage();
  const client = await page.context().newCDPSession(page);
  await client.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  await page.addInitScript(() => {
    window.seen = { shift: 0, tasks: [] };
    new PerformanceObserver((list) => list.getEntries().forEach((one) => (window.seen.shift += one.value))).observe({ type: 'layout-shift', buffered: true });
    // Tasks of the page's own scripts; the browser's start-up of the page is not ours.
    new PerformanceObserver((list) => list.getEntries().forEach((one) => one.name !== 'unknown' && window.seen.tasks.push([one.name, one.duration]))).observe({ type: 'longtask', buffered: true });
  });
  await page.goto(site.url);
  await page.waitForFunction(() => window.Edgechat);
  await page.waitForTimeout(1_000);
  const before = await page.evaluate(() => window.seen);
  assert.equal(before.shift, 0);
  const script = await page.evaluate(() => performance.getEntriesByType('resource').filter((one) => one.name.endsWith('widget.js')).length);
  assert.equal(script, 1);
  await pressLauncher(page);
  await panelOf(page);
  await page.waitForTimeout(1_500);
  const { shift, tasks } = await page.evaluate(() => window.seen);
  assert.equal(shift, 0);
  const own = tasks.filter(([name]) => name === 'self' || name === 'same-origin');
  assert.deepEqual(own, [], 'a task over 50 ms on the host page');
  await page.close();
  site.close();
});

test('included twice, in a page that styles everything away, from right to left: one launcher, in its corner', async () => {
  const hostile = '<style>*{all:unset!important;display:none!important} body{transform:scale(1)}</style>';
  const html = pageWith(world.url, hostile).replace('</body>', `<script src="${world.url}/widget.js"></script></body>`).replace('<html', '<html dir="rtl"');
  const site = await startSite({ html });
  const { page } = await visit(site);
  assert.equal(await page.evaluate(() => document.querySelectorAll('edgechat-launcher').length), 1);
  await page.evaluate(() => window.Edgechat.open());
  const panel = await panelOf(page);
  await panel.getByRole('button', { name: 'Sales' }).waitFor();
  await page.evaluate(() => window.Edgechat.destroy());
  assert.equal(await page.evaluate(() => document.querySelectorAll('edgechat-launcher').length), 0);
  await page.close();
  site.close();
});
