// How a visitor hears of an answer: the page's title, and a sound.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { until } from '../harness.mjs';
import { browser, closeChat, log, openChat, panelOf, useBrowser, world } from './browser.mjs';

useBrowser();
let context;
let page;
let panel;
beforeEach(async () => {
  context = await browser.newContext();
  await context.addInitScript(() => {
    window.tones = 0;
    const { start } = OscillatorNode.prototype;
    OscillatorNode.prototype.start = function (at) {
      window.tones += 1;
      start.call(this, at);
    };
  });
  page = await context.newPage();
  await page.goto(`${world.url}/?`);
  panel = await openChat(page);
  await panel.getByRole('button', { name: 'Talk to Anna' }).click();
  await until(async () => (await world.room())?.webhooks.length === 1);
});
afterEach(() => context.close());

const tones = (panel) => panel.evaluate(() => window.tones);
/** Waits until the frame's own timer for the sound has come: timers of one frame keep their order. */
const soundIsOver = (panel) => panel.evaluate(() => new Promise((resolve) => setTimeout(() => navigator.locks.query().then(resolve), 400)));
const heard = (panel, text) => log(panel).getByText(text, { exact: true }).waitFor({ state: 'attached' });

test('unread messages stand in front of the title, until they are read', async () => {
  const title = await page.title();
  await world.agentSays('seen at once');
  await heard(panel, 'seen at once');
  assert.equal(await page.title(), title);
  await closeChat(page, panel);
  await world.agentSays('one');
  await world.agentSays('two');
  await until(async () => (await page.title()) === `(2) ${title}`);
  // The page may name itself anew meanwhile.
  await page.evaluate(() => (document.title = 'Basket'));
  await world.agentSays('three');
  await until(async () => (await page.title()) === '(3) Basket');
  await openChat(page);
  await until(async () => (await page.title()) === 'Basket');
});

test('a soft sound for what is not seen, in one tab, and none when it is turned off', async () => {
  await world.agentSays('in view');
  await heard(panel, 'in view');
  await soundIsOver(panel);
  assert.equal(await tones(panel), 0);

  const tab = await context.newPage();
  await tab.goto(`${world.url}/?`);
  const other = await panelOf(tab);
  await heard(other, 'in view');
  await other.getByRole('button', { name: 'Close chat' }).click();
  await closeChat(page, panel);
  await world.agentSays('out of view');
  await Promise.all([heard(panel, 'out of view'), heard(other, 'out of view')]);
  await until(async () => (await tones(panel)) + (await tones(other)) > 0);
  await soundIsOver(panel);
  await soundIsOver(other);
  const [here, there] = [await tones(panel), await tones(other)].sort();
  assert.equal(here, 0, 'in one tab');
  assert.equal(there, 2, 'two tones');

  await openChat(page);
  await panel.getByRole('button', { name: 'Menu' }).click();
  await panel.getByRole('menuitem', { name: 'Turn sound off' }).click();
  await page.waitForFunction(() => JSON.parse(localStorage.edgechat).muted);
  await page.reload();
  panel = await panelOf(page);
  await panel.getByRole('button', { name: 'Menu' }).click();
  await panel.getByRole('menuitem', { name: 'Turn sound on' }).waitFor();
  await tab.close();
  await page.keyboard.press('Escape');
  await closeChat(page, panel);
  await world.agentSays('in silence');
  await heard(panel, 'in silence');
  await soundIsOver(panel);
  assert.equal(await tones(panel), 0);
});
