// The main path in browsers that are not Chromium, on a page under the strictest policy: the intake, the bot, people, a reload,
// files, the end.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { startWorld, until } from '../harness.mjs';
import { pageWith, startSite, strictest } from './browser.mjs';
import { ENGINES } from './engines.mjs';

const SCREENSHOTS = process.env.SCREENSHOTS;

let world;
before(async () => {
  world = await startWorld();
});
after(() => world?.close());
beforeEach(() => world.control('POST', '/reset'));

// These run in the browser, each by itself.
const launcher = () => document.querySelector('edgechat-launcher').shadowRoot.querySelector('button');
/** The button or link that is shown and begins with these words. */
const button = (name) => [...document.querySelectorAll('button, a')].find((one) => one.checkVisibility() && (one.ariaLabel ?? one.innerText).trim().startsWith(name));
const field = (name) => [...document.querySelectorAll('input, textarea')].find((one) => one.checkVisibility() && one.labels?.[0]?.innerText.startsWith(name));
const composer = () => document.getElementById('composer');
const files = () => document.querySelector('input[type=file]');
const words = () => document.body.innerText;
const marks = () => [...document.querySelectorAll('[role=log] *')].filter((one) => one.textContent === 'With the team').length;

/** Where the launcher and its icon are, in pixels. */
const places = () => {
  const { shadowRoot } = document.querySelector('edgechat-launcher');
  return ['button', 'svg'].map((name) => {
    const { x, y, width, height } = shadowRoot.querySelector(name).getBoundingClientRect();
    return { x, y, width, height };
  });
};

const ENTER = '\n';

for (const [name, start, lacks] of ENGINES) {
  test(`${name}: from the first press to the end`, { timeout: 180_000, skip: lacks }, async (t) => {
    const engine = await start();
    t.after(() => engine.close());
    const look = async (what) => {
      if (!SCREENSHOTS) return;
      mkdirSync(SCREENSHOTS, { recursive: true });
      await engine.screenshot(join(SCREENSHOTS, `${name}-${what}.png`));
    };
    let seen = '';
    const sees = (text) => until(async () => (seen = (await engine.inPanel(words)) ?? '').includes(text), undefined, () => `no "${text}" in\n${seen}`);
    const write = (text) => engine.type(text + ENTER, composer);

    // One breach of the page's own shows that they are heard of.
    const html = pageWith(world.url).replace('</main>', '<img src="/refused.png" alt=""></main>');
    const site = await startSite({ headers: { 'content-security-policy': `${strictest(world.url)}; report-uri /` }, html });
    t.after(() => site.close());
    await engine.goto(site.url);
    await until(() => engine.inPage(() => Boolean(window.Edgechat)));
    const [circle, icon] = await engine.inPage(places);
    assert.deepEqual([circle.width, circle.height, icon.width, icon.height], [56, 56, 28, 28]);
    assert.deepEqual([icon.x - circle.x, icon.y - circle.y], [14, 14], 'the icon is in the middle');
    await look('launcher');

    await engine.pressInPage(launcher);
    await sees('What can we help you with?');
    await look('topics');
    await engine.press(button, 'Sales');
    await engine.type('Jane Doe', field, 'Your name');
    await engine.type('jane@', field, 'E-mail');
    await engine.press(button, 'Start chat');
    await sees('Write an e-mail address');
    await look('form');
    await engine.type('example.org', field, 'E-mail');
    await engine.press(button, 'Start chat');

    await sees('Greetings! How can I assist?');
    await write('options');
    await engine.press(button, 'Transfer to agent');
    await sees('We are getting someone for you.');
    await world.agentSays('Zażółć gęślą jaźń 👍 — see [prices](https://example.com/prices)');
    await sees('Zażółć gęślą jaźń 👍 — see prices');
    await write('Thanks, Łucja');
    await world.posted('live-chat: Thanks, Łucja');
    await until(async () => (await engine.inPanel(marks)) > 0);

    const path = join(world.folder, 'note.txt');
    writeFileSync(path, 'a note');
    await engine.pick(path, files);
    await until(async () => (await world.room()).lines.some((line) => line.includes('note.txt')));
    await look('chat');

    await engine.reload();
    await sees('Thanks, Łucja');
    await sees('note.txt');
    await world.agentSays('Still there?');
    await sees('Still there?');
    await engine.press(button, 'Menu');
    await engine.press(button, 'End chat');
    await engine.press(button, 'End chat');
    await sees('You ended this chat');
    await look('end');
    await engine.press(button, 'Start a new chat');
    await sees('What can we help you with?');
    const isOurs = (text) => !/favicon|refused\.png/.test(text);
    await until(() => site.breaches.some((text) => text.includes('refused.png')));
    assert.deepEqual(site.breaches.filter(isOurs), []);
    await engine.inPanel(() => console.error('the last one'));
    const problems = await until(async () => ((await engine.problems()).includes('the last one') ? engine.problems() : undefined));
    assert.deepEqual(problems.filter(isOurs), ['the last one']);
  });
}
