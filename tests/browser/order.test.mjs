// The order in which a panel shows what agents write, however the desk's signals overtake each other.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../harness.mjs';
import { browser, log, openChat, panelOf, useBrowser, world } from './browser.mjs';

useBrowser();

/** The agents' lines as they stand on the screen, top to bottom. */
const shown = async (panel) => (await log(panel).innerText()).match(/\bline \d+\b/g) ?? [];

test('twenty messages signalled in any order, at once and twice, stand in the order they were written, in every tab', async (test) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${world.url}/?`);
  const panel = await openChat(page);
  await panel.getByRole('button', { name: 'Talk to Anna' }).click();
  await until(async () => (await world.room())?.webhooks.length === 1);
  const tab = await context.newPage();
  await tab.goto(`${world.url}/?`);
  const other = await panelOf(tab);
  await log(other).waitFor({ state: 'attached' });
  await world.wasRead((await world.room()).id);
  // A list would bring them in order: each is read by itself.
  await world.fault({ route: 'GET /webex/v1/messages?', status: 503, times: 10_000 });
  await world.control('POST', '/deliveries', { hold: true, duplicate: 6 });
  const written = Array.from({ length: 20 }, (_, n) => `line ${n + 1}`);
  const ids = [];
  for (const text of written) {
    ids.push((await world.agentSays(text)).id);
    await world.control('POST', '/clock', { advance_ms: 5 });
  }
  await world.shuffle(test);
  for (const one of [panel, other]) {
    await until(async () => (await shown(one)).length >= 20);
    assert.deepEqual(await shown(one), written);
  }
  const read = (await world.calls('GET /webex/v1/messages/')).map((call) => call.split('/').at(-1));
  assert.notDeepEqual([...new Set(read)], ids, 'they came in another order');
  await page.reload();
  const reloaded = await panelOf(page);
  await until(async () => (await shown(reloaded)).length >= 20);
  assert.deepEqual(await shown(reloaded), written);
  await context.close();
});
