// Files, both ways.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';
import { deflateSync, crc32 } from 'node:zlib';
import { until } from '../harness.mjs';
import { browser, log, openChat, problemsOf, useBrowser, world, write } from './browser.mjs';

useBrowser();
/** `SCREENSHOTS=folder` writes pictures there. */
const FOLDER = process.env.SCREENSHOTS;
const PDF = Buffer.from('%PDF-1.4\n%%EOF\n');
const EXE = Buffer.from('MZ\x90\x00\x03', 'latin1');

/** A PNG of one colour. */
function png(width, height) {
  const chunk = (kind, data) => {
    const body = Buffer.concat([Buffer.from(kind), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const row = Buffer.concat([Buffer.from([0]), Buffer.alloc(width * 3, Buffer.from([40, 120, 90]))]);
  const pixels = deflateSync(Buffer.concat(Array(height).fill(row)));
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))]);
}
const PNG = png(320, 200);

let context;
let page;
let panel;
async function chat(options) {
  context = await browser.newContext(options);
  page = await context.newPage();
  await page.goto(`${world.url}/?`);
  panel = await openChat(page);
  await panel.getByRole('button', { name: 'Talk to Anna' }).click();
  await panel.locator('.clip').waitFor();
  await until(async () => (await world.room())?.webhooks.length === 1);
}
beforeEach(() => (context = undefined));
afterEach(() => context?.close());

const pick = (name, buffer, mimeType = 'application/octet-stream') => panel.getByLabel('Attach a file').setInputFiles({ name, mimeType, buffer });

/** The files in the room that the visitor has sent. */
const sent = async () => (await world.room()).messages.filter((message) => message.files && !message.author.startsWith('anna'));

/** Waits until the image is really drawn. */
const drawn = (name) => until(() => log(panel).getByRole('img', { name }).last().evaluate((image) => image.naturalWidth > 0).catch(() => false));

/** An agent posts a file. */
async function agentSends(name, bytes, type, text) {
  const form = new FormData();
  form.set('roomId', (await world.room()).id);
  if (text) form.set('text', text);
  form.set('files', new Blob([bytes], { type }), name);
  const response = await fetch(`${world.emulators.url}/webex/v1/messages`, { method: 'POST', headers: { authorization: 'Bearer agent-anna' }, body: form });
  assert.equal(response.status, 200, await response.text());
}

/** Drops or pastes a file, as the browser would. */
const bring = (kind, field, target) =>
  panel.evaluate(([kind, field, target, bytes]) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], `${kind}.png`, { type: 'image/png' }));
    const event = new Event(kind, { bubbles: true, cancelable: true });
    Object.defineProperty(event, field, { value: data });
    document.querySelector(target).dispatchEvent(event);
  }, [kind, field, target, [...PNG]]);

test('a picture is picked, pasted, dropped; it is shown, opens, and reaches the room', async () => {
  await chat();
  await pick('photo.png', PNG, 'image/png');
  await drawn('photo.png');
  await until(async () => (await sent()).length === 1);
  await bring('paste', 'clipboardData', '#composer');
  await drawn('paste.png');
  await bring('drop', 'dataTransfer', '#log');
  await drawn('drop.png');
  await until(async () => (await sent()).length === 3);
  assert.equal(await log(panel).getByRole('img', { name: 'photo.png' }).count(), 1);
  const [tab] = await Promise.all([context.waitForEvent('page'), log(panel).getByRole('button', { name: 'photo.png' }).click()]);
  await tab.waitForLoadState();
  assert.match(tab.url(), /\/files\/1\?until=/);
  assert.equal(await tab.evaluate(() => window.opener), null);
});

test('what is not taken says why, and is not tried again', async () => {
  await chat();
  await pick('setup.exe', EXE);
  await panel.getByText('Not sent: files of this kind are not taken here.').waitFor();
  await pick('empty.txt', Buffer.alloc(0));
  await panel.getByText('Not sent: the file is empty.').waitFor();
  await pick('film.pdf', Buffer.concat([PDF, Buffer.alloc(10 << 20)]));
  await panel.getByText('Not sent: the file is too large.').waitFor();
  await panel.getByText('10.0 MB').waitFor();
  assert.equal(await panel.locator('.again:enabled:not([hidden])').count(), 0);
  assert.deepEqual(await sent(), []);
});

test('a file that does not get through is sent once more under the same id', async () => {
  await chat();
  let posts = 0;
  await context.route(/\/files\?id=/, async (route) => {
    posts += 1;
    // The edge has it, but its answer is lost.
    if (posts === 2) await route.fetch();
    await (posts <= 2 ? route.abort() : route.continue());
  });
  await pick('offer.pdf', PDF, 'application/pdf');
  await panel.getByText('Not sent. Try again').click();
  await log(panel).getByRole('button', { name: 'Download offer.pdf 1 KB' }).waitFor();
  await until(async () => (await sent()).length === 1);
  await write(panel, 'afterwards');
  await until(async () => (await world.room()).lines.at(-1).endsWith('afterwards'));
  assert.equal((await sent()).length, 1);
  assert.equal(await log(panel).getByText('offer.pdf').count(), 1);

  await context.setOffline(true);
  await pick('terms.pdf', PDF, 'application/pdf');
  await panel.getByText('Not sent. Try again').waitFor();
  await context.setOffline(false);
  await panel.getByText('Not sent. Try again').click();
  await log(panel).getByRole('button', { name: 'Download terms.pdf 1 KB' }).waitFor({ timeout: 30_000 });
  await until(async () => (await sent()).length === 2);
});

for (const colorScheme of ['light', 'dark']) {
  for (const [device, viewport] of Object.entries({ phone: { width: 360, height: 740 }, desktop: { width: 1280, height: 800 } })) {
    test(`an agent's files: ${device}, ${colorScheme}`, async () => {
      await chat({ colorScheme, viewport, bypassCSP: true });
      await agentSends('plan.png', PNG, 'image/png', 'This is the plan.');
      await drawn('plan.png');
      await agentSends('offer.pdf', PDF, 'application/pdf');
      const offer = log(panel).getByRole('button', { name: 'Download offer.pdf 1 KB' });
      const [download] = await Promise.all([page.waitForEvent('download'), offer.click()]);
      assert.equal(download.suggestedFilename(), 'offer.pdf');
      assert.deepEqual(readFileSync(await download.path()), PDF);
      await pick('photo.png', PNG, 'image/png');
      await drawn('photo.png');
      await pick('order.pdf', PDF, 'application/pdf');
      await log(panel).getByRole('button', { name: 'Download order.pdf' }).waitFor();
      await pick('setup.exe', EXE);
      await panel.getByText('files of this kind').waitFor();
      if (FOLDER) await page.screenshot({ path: `${FOLDER}/files-${device}-${colorScheme}.png` });
      assert.deepEqual(await problemsOf(panel), []);
      await page.emulateMedia({ media: 'print' });
      const printed = await panel.evaluate(() => [...document.querySelectorAll('.file')].map((file) => getComputedStyle(file, '::before').content.replaceAll('" "', '').replaceAll('"', '')));
      assert.deepEqual(printed.slice(0, 2), ['[file plan.png]', '[file offer.pdf]']);
      await page.emulateMedia({ media: null });
      await panel.getByRole('button', { name: 'Menu' }).click();
      const [text] = await Promise.all([page.waitForEvent('download'), panel.getByRole('menuitem', { name: 'Download transcript' }).click()]);
      const lines = readFileSync(await text.path(), 'utf8');
      assert.match(lines, /: This is the plan\. \[file plan\.png\]\n.*: \[file offer\.pdf\]\n.*You: \[file photo\.png\]\n.*You: \[file order\.pdf\]\n/);
    });
  }
}
