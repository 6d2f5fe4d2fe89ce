// Each main screen, light and dark, on a phone and on a desk: usable by everybody, and pictured for the README.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { test } from 'node:test';
import { until } from '../harness.mjs';
import { browser, entry, log, open, openChat, playEdge, problemsOf, useBrowser, withSettings, world, write } from './browser.mjs';

/** `SCREENSHOTS=docs/screenshots` writes the pictures there. */
const FOLDER = process.env.SCREENSHOTS;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

useBrowser();

/** Looks at a screen, and pictures it. */
const looker = (page, panel, suffix) => async (screen) => {
  // What fades in is judged, and pictured, when it is there.
  await panel.evaluate(() => {
    const ending = document.getAnimations().filter(({ effect }) => effect.getComputedTiming().endTime < Infinity);
    return Promise.allSettled(ending.map(({ finished }) => finished));
  });
  if (FOLDER) {
    mkdirSync(FOLDER, { recursive: true });
    await page.screenshot({ path: `${FOLDER}/${screen}-${suffix}.png` });
  }
  assert.deepEqual(await problemsOf(panel), [], `${screen} has problems`);
};

test('the owner may fix the colours, whatever the system has', async () => {
  for (const [theme, colorScheme, background] of [['dark', 'light', 'rgb(23, 25, 28)'], ['light', 'dark', 'rgb(255, 255, 255)']]) {
    const context = await browser.newContext({ colorScheme });
    await withSettings(context, (settings) => (settings.theme = theme));
    const page = await context.newPage();
    await page.goto(`${world.url}/?`);
    const panel = await openChat(page);
    await panel.getByRole('button', { name: 'Sales' }).waitFor();
    assert.equal(await panel.evaluate(() => getComputedStyle(document.body).backgroundColor), background);
    await context.close();
  }
});

for (const colorScheme of ['light', 'dark']) {
  for (const [device, viewport] of Object.entries({ phone: { width: 360, height: 740 }, desktop: { width: 1280, height: 800 } })) {
    test(`${device}, ${colorScheme}`, async () => {
      const context = await browser.newContext({ colorScheme, viewport, bypassCSP: true });
      const page = await context.newPage();
      await page.goto(`${world.url}/?`);
      const panel = await openChat(page);
      const check = looker(page, panel, `${device}-${colorScheme}`);
      await panel.getByRole('button', { name: 'Sales' }).waitFor();
      await check('topics');
      await panel.getByRole('button', { name: 'Sales' }).click();
      await panel.getByRole('button', { name: 'Start chat' }).click();
      await panel.getByText('Fill this in.').first().waitFor();
      await check('form');
      await panel.getByLabel('Your name').fill('Jane Doe');
      await panel.getByLabel('E-mail').fill('jane@example.org');
      await panel.getByRole('button', { name: 'Start chat' }).click();
      await log(panel).getByText('Greetings! How can I assist?').waitFor();
      await write(panel, 'options');
      await panel.getByRole('button', { name: 'Transfer to agent' }).waitFor();
      await check('bot');
      await panel.getByRole('button', { name: 'Transfer to agent' }).click();
      await panel.getByText('We are getting someone for you.').waitFor();
      await world.agentSays('Hello Jane, this is Anna. What can I do for you?\n\nOur price list is [here](https://example.com/prices).');
      await log(panel).getByText('this is Anna', { exact: false }).waitFor();
      await write(panel, 'Thank you, that is all I needed.');
      await log(panel).getByText('With the team').last().waitFor({ state: 'attached' });
      await check('agent');
      await world.agentSays('/close');
      await panel.getByText('The team ended this chat').first().waitFor();
      await panel.locator('.stars label').nth(3).click();
      await check('ended');
      await panel.getByRole('button', { name: 'Menu' }).click();
      await check('menu');
      await panel.getByRole('menuitem', { name: 'Delete this conversation' }).click();
      await check('delete');
      await until(async () => (await world.room()).webhooks.length === 0);
      await context.close();
    });

    test(`closed: ${device}, ${colorScheme}`, async () => {
      const context = await browser.newContext({ colorScheme, viewport, bypassCSP: true, timezoneId: 'UTC' });
      const page = await context.newPage();
      await withSettings(context, (settings) => {
        // Tomorrow from nine to five, whatever time it is now.
        const opens = (Math.floor(settings.now / DAY) + 1) * DAY + 9 * HOUR - settings.now;
        open([opens, opens + 8 * HOUR])(settings);
        const [sales] = settings.topics;
        sales.open[0].from += 48 * HOUR;
      });
      const edge = await playEdge(context, { phase: { closed: { by: 'message_left', at: Date.now() } }, delivered: 1 }, [
        entry(1, { visitor: { id: 'message-1', text: 'Do you have the green one in stock again?' } }),
      ]);
      await page.goto(`${world.url}/?`);
      const panel = await openChat(page);
      const check = looker(page, panel, `${device}-${colorScheme}`);
      await panel.getByText('Opens tomorrow').waitFor();
      await check('closed');
      await panel.getByRole('button', { name: 'Sales' }).click();
      await panel.getByLabel('Your message').fill('Do you have the green one in stock again?');
      await panel.getByRole('button', { name: 'Send message' }).click();
      await panel.getByText('Fill this in.').first().waitFor();
      await check('message');
      await panel.getByLabel('Your name').fill('Jane Doe');
      await panel.getByLabel('E-mail').fill('jane@example.org');
      await panel.getByRole('button', { name: 'Send message' }).click();
      await panel.getByText('The team will answer you.').waitFor();
      await check('left');
      assert.equal(edge.starts.length, 1);
      await context.close();
    });
  }
}
