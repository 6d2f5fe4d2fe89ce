// Where the visitor is, as agents are told: of a long address its beginning, and never a fragment.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../harness.mjs';
import { browser, openChat, pageWith, startSite, useBrowser, world } from './browser.mjs';

useBrowser();

for (const [name, address] of [
  ['of 100 KB', `?q=${'%C5%BC'.repeat(17_000)}#token=secret`],
  ['with a fragment', '?a=b#token=secret'],
]) {
  test(`an address ${name} refuses no start`, async () => {
    const site = await startSite({ html: pageWith(world.url) });
    const page = await browser.newPage();
    await page.goto(site.url);
    await page.evaluate((to) => history.replaceState(null, '', to), address);
    const whole = await page.evaluate(() => location.href);
    assert.ok(whole.endsWith('#token=secret'));
    const starts = [];
    page.on('request', (request) => /\/v1\/conversations$/.test(request.url()) && starts.push(request.postDataJSON()));
    const panel = await openChat(page);
    await panel.getByRole('button', { name: 'Talk to Anna' }).click();
    await panel.getByRole('textbox', { name: 'Write a message' }).waitFor();
    const line = await until(async () => (await world.room())?.lines[0]);
    const [, shown] = /\nPage: (.*)\n/.exec(line);
    assert.equal(starts[0].page, whole.slice(0, Math.min(1_024, whole.indexOf('#'))));
    assert.ok(shown.startsWith(`${site.url}?`) && starts[0].page.startsWith(shown), shown);
    assert.ok(!line.includes('secret'));
    await page.close();
    site.close();
  });
}
