// Each main screen, light and dark, on a phone and on a desk: usable by everybody, and pictured for the README.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { mkdirSync, readFileSync } from 'node:fs';
import { after, before, beforeEach, test } from 'node:test';
import { startWorld, until } from '../harness.mjs';
import { log, openChat, startBrowser, write } from './browser.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** `SCREENSHOTS=docs/screenshots` writes the pictures there. */
const FOLDER = process.env.SCREENSHOTS;

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

for (const colorScheme of ['light', 'dark']) {
  for (const [device, viewport] of Object.entries({ phone: { width: 360, height: 740 }, desktop: { width: 1280, height: 800 } })) {
    test(`${device}, ${colorScheme}`, async () => {
      const context = await browser.newContext({ colorScheme, viewport, bypassCSP: true });
      const page = await context.newPage();
      await page.goto(world.url);
      const panel = await openChat(page);
      const check = async (screen) => {
        await page.waitForTimeout(350);
        if (FOLDER) {
          mkdirSync(FOLDER, { recursive: true });
          await page.screenshot({ path: `${FOLDER}/${screen}-${device}-${colorScheme}.png` });
        }
        await panel.evaluate(AXE);
        const { violations } = await panel.evaluate(() => window.axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }));
        assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), [], `${screen} has problems`);
        const overflow = await panel.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(overflow, 0, `${screen} is wider than its frame`);
      };
      await panel.getByRole('button', { name: 'Sales' }).waitFor();
      await check('topics');
      await panel.getByRole('button', { name: 'Sales' }).click();
      await panel.getByRole('button', { name: 'Start chat' }).click();
      await panel.getByText('Fill this in to start.').first().waitFor();
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
      await check('ended');
      await until(async () => (await world.room()).webhooks.length === 0);
      await context.close();
    });
  }
}
