// The whole story, as a visitor and an agent live it.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { until } from '../harness.mjs';
import { browser, log, openChat, panelOf, pressLauncher, useBrowser, world, write } from './browser.mjs';

useBrowser();
let page;
let context;
beforeEach(async () => {
  context = await browser.newContext();
  page = await context.newPage();
  await page.goto(`${world.url}/?`);
});
afterEach(() => context.close());

const shown = (panel, text) => log(panel).getByText(text, { exact: true }).last().waitFor();

test('topic, form, bot, hand-off, a person, the end, and again', async () => {
  const panel = await openChat(page);
  await panel.getByRole('button', { name: 'Sales' }).click();
  await panel.getByRole('button', { name: 'Start chat' }).click();
  await panel.getByText('Fill this in.').first().waitFor();
  await panel.getByLabel('Your name').fill('Jane Doe');
  await panel.getByLabel('E-mail').fill('jane@');
  await panel.getByRole('button', { name: 'Start chat' }).click();
  await panel.getByText('Write an e-mail address').waitFor();
  await panel.getByLabel('E-mail').fill('jane@example.org');
  await panel.getByLabel('Order number').fill('12');
  await panel.getByRole('button', { name: 'Start chat' }).click();
  await panel.getByText('Two letters and four to eight digits').first().waitFor();
  assert.deepEqual(await world.calls(), [], 'nothing happens before the form is right');
  await panel.getByLabel('Order number').fill('AB-12345');
  await panel.getByRole('button', { name: 'Start chat' }).click();

  await shown(panel, 'Greetings! How can I assist?');
  await write(panel, 'options');
  await panel.getByRole('button', { name: 'Prices' }).waitFor();
  await panel.getByRole('button', { name: 'Transfer to agent' }).click();
  await shown(panel, "Thank you for the conversation. I'm transferring you to an agent.");
  await panel.getByText('We are getting someone for you.').waitFor();

  await world.agentSays('Hello Jane, see [our prices](https://example.com/prices)');
  await shown(panel, 'our prices');
  const link = log(panel).getByRole('link', { name: 'our prices' });
  assert.equal(await link.getAttribute('href'), 'https://example.com/prices');
  assert.match(await link.getAttribute('rel'), /noopener/);
  await panel.getByRole('heading', { name: 'Support' }).waitFor();

  await write(panel, 'Thanks a lot');
  await world.posted('live-chat: Thanks a lot');
  await log(panel).getByText('With the team').last().waitFor({ state: 'attached' });
  const room = await world.room();
  assert.equal(room.lines.at(-1), 'live-chat: Thanks a lot');
  assert.match(room.lines[0], /Topic: Sales\nYour name: Jane Doe\nE-mail: jane@example\.org\nOrder number.*: AB-12345$/);

  await world.agentSays('/close');
  await panel.getByText('The team ended this chat').first().waitFor();
  await panel.getByRole('button', { name: 'Start a new chat' }).click();
  await panel.getByRole('button', { name: 'Talk to Anna' }).click();
  await panel.getByRole('textbox', { name: 'Write a message' }).waitFor();
  await until(async () => (await world.rooms()).length === 2);
});

test('the visitor asks for a person by a button, and ends the chat by another', async () => {
  const panel = await openChat(page);
  await panel.locator('[data-topic=support]').click();
  await shown(panel, 'Greetings! How can I assist?');
  await panel.getByRole('button', { name: 'Talk to a person' }).first().click();
  await shown(panel, 'You asked for a person.');
  await until(async () => (await world.room()).lines.some((line) => line.includes('asks for a person')));
  await panel.getByRole('button', { name: 'Menu' }).click();
  await panel.getByRole('menuitem', { name: 'End chat' }).click();
  await panel.getByRole('button', { name: 'End chat' }).last().click();
  await panel.getByText('You ended this chat').first().waitFor();
  await until(async () => (await world.room()).lines.at(-1).includes('The visitor ended the chat'));
});

test('a reload and a second tab show the whole conversation, nothing twice; the draft is kept', async () => {
  let panel = await openChat(page);
  await panel.getByRole('button', { name: 'Talk to Anna' }).click();
  await write(panel, 'first');
  await write(panel, 'second');
  await until(async () => (await world.room())?.webhooks.length === 1);
  await world.agentSays('answer');
  await shown(panel, 'answer');
  await panel.getByRole('textbox', { name: 'Write a message' }).fill('half a sentence');
  await page.waitForFunction(() => JSON.parse(localStorage.edgechat).draft === 'half a sentence');
  await page.reload();
  panel = await panelOf(page);
  await shown(panel, 'answer');
  for (const text of ['first', 'second', 'answer']) assert.equal(await log(panel).getByText(text, { exact: true }).count(), 1);
  assert.equal(await panel.getByRole('textbox', { name: 'Write a message' }).inputValue(), 'half a sentence');

  const tab = await context.newPage();
  await tab.goto(`${world.url}/?`);
  const other = await panelOf(tab);
  await shown(other, 'answer');
  await write(panel, 'from the first tab');
  await shown(other, 'from the first tab');
  await tab.close();
});

test('an answer while the panel is closed is counted on the launcher, and read when it opens', async () => {
  const panel = await openChat(page);
  await panel.getByRole('button', { name: 'Talk to Anna' }).click();
  await until(async () => (await world.room())?.webhooks.length === 1);
  await panel.getByRole('button', { name: 'Close chat' }).click();
  await world.agentSays('are you there?');
  const client = await context.newCDPSession(page);
  await until(async () => {
    const { nodes } = await client.send('Accessibility.getFullAXTree');
    return nodes.some((node) => node.name?.value === 'Open chat, 1 new message');
  });
  await openChat(page);
  await shown(panel, 'are you there?');
});

test('by keyboard alone: in, through the form, and out again', async () => {
  await page.waitForFunction(() => window.Edgechat);
  await page.evaluate(() => window.Edgechat.open());
  const panel = await panelOf(page);
  await panel.getByRole('button', { name: 'Sales' }).waitFor();
  await panel.getByRole('button', { name: 'Sales' }).focus();
  await page.keyboard.press('Enter');
  await panel.getByLabel('Your name').waitFor();
  await until(() => panel.evaluate(() => document.activeElement?.tagName === 'INPUT'));
  await page.keyboard.type('Jane');
  await page.keyboard.press('Tab');
  await page.keyboard.type('jane@example.org');
  await page.keyboard.press('Enter');
  await shown(panel, 'Greetings! How can I assist?');
  await until(() => panel.evaluate(() => document.activeElement?.tagName === 'TEXTAREA'));
  await page.keyboard.type('hello');
  await page.keyboard.press('Enter');
  await shown(panel, 'hello');
  await page.keyboard.press('Escape');
  await until(() => page.evaluate(() => document.activeElement?.tagName === 'EDGECHAT-LAUNCHER'));
});

test('a topic pressed before the panel runs is chosen when it does, and closing works meanwhile', async () => {
  let let_go;
  const held = new Promise((done) => (let_go = done));
  await context.route('**/panel.wasm', (route) => held.then(() => route.continue()));
  const isOpen = () => page.evaluate(() => document.querySelector('edgechat-launcher').shadowRoot.querySelector('button').ariaExpanded === 'true');
  await pressLauncher(page);
  const panel = await until(() => page.frames().find((frame) => frame.url().includes('/frame')));
  await panel.getByRole('button', { name: 'Close chat' }).click();
  await until(async () => !(await isOpen()));
  await pressLauncher(page);
  await until(isOpen);
  const topic = panel.getByRole('button', { name: 'Talk to Anna' });
  await topic.click();
  assert.equal(await topic.getAttribute('aria-busy'), 'true');
  assert.deepEqual(await world.rooms(), []);
  let_go();
  await panel.getByRole('textbox', { name: 'Write a message' }).waitFor();
  await until(async () => (await world.room())?.webhooks.length === 1);
});
