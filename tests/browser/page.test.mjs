// The page around the chat: it may load the script late or twice, take the chat away, and say whatever it likes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../harness.mjs';
import { browser, openChat, pageWith, panelOf, startSite, useBrowser, world } from './browser.mjs';

useBrowser();

const BARE = '<!doctype html><html lang="en"><head><title>Shop</title></head><body><h1>Shop</h1></body></html>';
const MB = 1 << 20;

async function bare(context) {
  const site = await startSite({ html: BARE });
  const page = await (context ?? browser).newPage();
  await page.goto(site.url);
  return { site, page };
}

const include = (page) =>
  page.evaluate(
    (src) =>
      new Promise((done) => {
        const script = Object.assign(document.createElement('script'), { src });
        script.onload = () => (script.remove(), done());
        document.head.append(script);
      }),
    `${world.url}/widget.js`,
  );

test('a hundred times put in, opened and taken away: nothing is left on the page', { timeout: 120_000 }, async () => {
  const { site, page } = await bare();
  const client = await page.context().newCDPSession(page);
  await client.send('Performance.enable');
  const measure = async () => {
    for (let n = 0; n < 2; n += 1) await client.send('HeapProfiler.collectGarbage');
    const { metrics } = await client.send('Performance.getMetrics');
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  };
  const again = async (times) => {
    for (let n = 0; n < times; n += 1) {
      await include(page);
      await page.evaluate(
        () =>
          new Promise((done) => {
            window.Edgechat.open();
            const { shadowRoot } = document.querySelector('edgechat-launcher');
            shadowRoot.querySelector('iframe').onload = () => done(window.Edgechat.destroy());
          }),
      );
    }
  };
  await again(5);
  const before = await measure();
  await again(100);
  const after = await measure();
  assert.deepEqual(await page.evaluate(() => [document.querySelectorAll('edgechat-launcher, iframe').length, window.Edgechat]), [0, undefined]);
  const grown = (name) => after[name] - before[name];
  assert.ok(grown('JSEventListeners') <= 0, `${grown('JSEventListeners')} listeners`);
  assert.ok(grown('Nodes') <= 0, `${grown('Nodes')} nodes`);
  assert.ok(grown('Frames') <= 0, `${grown('Frames')} frames`);
  assert.ok(grown('JSHeapUsedSize') < MB, `${grown('JSHeapUsedSize')} bytes`);
  await page.close();
  site.close();
});

test('included late, twice, and before there is a body: one launcher, which works', async () => {
  const { site, page } = await bare();
  await Promise.all([include(page), include(page)]);
  assert.equal(await page.evaluate(() => document.querySelectorAll('edgechat-launcher').length), 1);
  await (await openChat(page)).getByRole('button', { name: 'Sales' }).waitFor();
  await page.close();
  site.close();
  const headless = await startSite({ html: pageWith(world.url).replace(' async', '') });
  const early = await browser.newPage();
  await early.goto(headless.url);
  await (await openChat(early)).getByRole('button', { name: 'Sales' }).waitFor();
  await early.close();
  headless.close();
});

test('what others say is not heard, by the page’s half or by the panel', async () => {
  const stranger = await startSite({ html: '<!doctype html><title>Stranger</title>' });
  const site = await startSite({ html: pageWith(world.url) });
  const page = await browser.newPage();
  await page.goto(site.url);
  const panel = await openChat(page);
  await panel.getByRole('button', { name: 'Sales' }).waitFor();
  const kept = JSON.stringify({ kept: { running: { conversation: 'x'.repeat(22), token: 'stolen' } }, seen: 0, topic: null, answers: {} });
  const words = [
    { edgechat: 'close' },
    { edgechat: 'unread', count: 5 },
    { edgechat: 'keep', kept },
    { edgechat: 'save', draft: 'not mine' },
    { edgechat: 'hello', open: true, kept, draft: 'not mine', page: 'https://evil.example/' },
    { edgechat: 'hello', ['__proto__']: { open: true } },
    JSON.parse('{"edgechat":"save","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'),
    'edgechat', null, 5, [],
  ];
  // A stranger's frame reaches the page alone; one of the page's own reaches into the launcher, to the panel.
  await page.evaluate(
    (src) =>
      new Promise((done) => {
        const frame = Object.assign(document.createElement('iframe'), { src });
        frame.onload = done;
        document.body.append(frame, Object.assign(document.createElement('iframe'), { name: 'own' }));
      }),
    stranger.url,
  );
  // Who speaks is heard in the order of the words: when the last is heard, so were all.
  words.push('the last word');
  const listen = () => {
    window.heard = 0;
    addEventListener('message', ({ data }) => (window.heard += data === 'the last word'));
  };
  await Promise.all([page.evaluate(listen), panel.evaluate(listen)]);
  const say = (words) => words.forEach((word) => parent.postMessage(word, '*'));
  await page.frames().find((frame) => frame.url() === stranger.url).evaluate(say, words);
  await page.frame('own').evaluate((words) => {
    const { contentWindow } = parent.document.querySelector('edgechat-launcher').shadowRoot.querySelector('iframe');
    for (const word of words) for (const target of [parent, contentWindow]) target.postMessage(word, '*');
  }, words);
  await until(async () => (await page.evaluate(() => window.heard)) === 2 && (await panel.evaluate(() => window.heard)) === 1);
  const state = await page.evaluate(() => [document.title, Object.keys(localStorage), {}.polluted ?? null]);
  assert.deepEqual(state, ['Shop', [], null]);
  assert.equal(await page.evaluate(() => document.querySelector('edgechat-launcher').shadowRoot.querySelector('button').ariaExpanded), 'true');
  await panel.getByRole('button', { name: 'Sales' }).waitFor();
  assert.equal(await panel.getByText('not mine').count(), 0);
  assert.equal((await panelOf(page)).url(), panel.url());
  await page.close();
  site.close();
  stranger.close();
});
