// What a visitor can do beside writing, and when the chat is over: rate, keep, print, delete.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';
import { until } from '../harness.mjs';
import { browser, entry, log, openChat, panelOf, playEdge, problemsOf, useBrowser, world, write } from './browser.mjs';

useBrowser();
let context;
let page;
beforeEach(async () => {
  context = await browser.newContext({ locale: 'en-GB' });
  page = await context.newPage();
});
afterEach(() => context.close());

/** A chat with Anna, who said something. */
async function chat() {
  await page.goto(`${world.url}/?`);
  const panel = await openChat(page);
  await panel.getByRole('button', { name: 'Talk to Anna' }).click();
  await until(async () => (await world.room())?.webhooks.length === 1);
  await write(panel, 'Grüße, <b>Anna</b>');
  await world.agentSays('See [our prices](https://example.com/prices)');
  await log(panel).getByText('our prices').waitFor();
  return panel;
}

const choose = async (panel, name) => {
  await panel.getByRole('button', { name: 'Menu' }).click();
  await panel.getByRole('menuitem', { name }).click();
};

test('the chat is rated by keyboard, once', async () => {
  const panel = await chat();
  await choose(panel, 'End chat');
  await panel.getByRole('button', { name: 'End chat' }).last().click();
  const stars = panel.getByRole('group', { name: 'How was this chat?' });
  await stars.waitFor();
  await stars.getByRole('radio', { name: '1 of 5' }).focus();
  for (let press = 0; press < 3; press += 1) await page.keyboard.press('ArrowRight');
  assert.equal(await stars.getByRole('radio', { name: '4 of 5' }).isChecked(), true);
  assert.deepEqual(await problemsOf(panel), []);
  await panel.getByRole('textbox', { name: 'Tell us more' }).fill('Quick and kind');
  await panel.getByRole('button', { name: 'Send' }).click();
  await panel.getByText('Thank you for telling us.').waitFor();
  await until(async () => (await world.room()).lines.some((line) => line.includes('4') && line.includes('Quick and kind')));
  await page.reload();
  const again = await panelOf(page);
  await again.getByText('Thank you for telling us.').waitFor();
  assert.equal(await again.getByRole('radio').filter({ visible: true }).count(), 0);
});

test('the transcript is kept as a text file', async () => {
  const panel = await chat();
  const download = page.waitForEvent('download');
  await choose(panel, 'Download transcript');
  const file = await download;
  assert.equal(file.suggestedFilename(), 'chat.txt');
  const text = readFileSync(await file.path(), 'utf8');
  assert.match(text, /^Edgechat demo\n\n\w+day.* 20\d\d\n\n/, text);
  assert.match(text, /\n\d?\d:\d\d {2}You: Grüße, <b>Anna<\/b>\n/, text);
  assert.match(text, /\n\d?\d:\d\d {2}Anna.*: See our prices \(https:\/\/example\.com\/prices\)\n/, text);
});

test('on paper: the whole transcript and nothing else, dark on light', async () => {
  await context.close();
  context = await browser.newContext({ colorScheme: 'dark' });
  page = await context.newPage();
  const long = Array.from({ length: 60 }, (_, nth) => entry(nth + 1, { agent: { name: 'Anna', body: [{ text: `Line ${nth}` }] } }));
  await playEdge(context, { phase: { with_agent: { name: 'Anna' } } }, long);
  await page.goto(`${world.url}/?`);
  const panel = await openChat(page);
  await panel.getByRole('button', { name: 'Talk to Anna' }).click();
  await log(panel).getByText('Line 59', { exact: true }).waitFor();
  await panel.evaluate(() => {
    window.print = () => (window.printed = true);
  });
  await choose(panel, 'Print');
  assert.equal(await panel.evaluate(() => window.printed), true);
  await page.emulateMedia({ media: 'print' });
  const paper = await panel.evaluate(() => {
    const log = document.getElementById('log');
    const shown = (selector) => [...document.querySelectorAll(selector)].some((one) => one.checkVisibility());
    return {
      cut: log.scrollHeight - log.clientHeight,
      controls: shown('button, textarea'),
      text: getComputedStyle(document.querySelector('.bubble')).color,
      times: [...document.querySelectorAll('.time')].filter((time) => time.checkVisibility()).length,
    };
  });
  assert.deepEqual(paper, { cut: 0, controls: false, text: 'rgb(22, 25, 29)', times: 60 });
});

test('the visitor deletes the conversation, and is told what stays', async () => {
  const panel = await chat();
  const { conversation, token } = await page.evaluate(() => JSON.parse(JSON.parse(localStorage.edgechat).kept).kept.running);
  const isThere = async () => (await world.post(`/v1/conversations/${conversation}/poll`, { after: 0 }, { authorization: `Bearer ${token}` })).status === 200;
  assert.equal(await isThere(), true);
  await context.route(/\/v1\/conversations\/[^/]+$/, (route) => route.fulfill({ status: 500 }), { times: 1 });
  await choose(panel, 'Delete this conversation');
  const question = panel.getByRole('alertdialog');
  await question.getByText('What the team has in its own chat room stays there.').waitFor();
  assert.deepEqual(await problemsOf(panel), []);
  await question.getByRole('button', { name: 'Delete' }).click();
  await question.getByText('This could not be deleted.').waitFor();
  await question.getByRole('button', { name: 'Delete' }).click();
  await panel.getByRole('button', { name: 'Sales' }).waitFor();
  assert.equal(await isThere(), false);
  assert.equal(await page.evaluate(() => localStorage.length), 0);
});
