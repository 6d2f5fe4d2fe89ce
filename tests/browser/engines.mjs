// Firefox and WebKit, the engine of Safari, each by the way that a distribution's own build can be driven: Firefox by
// WebDriver BiDi, WebKit by WebDriver, in a window of a screen that nobody sees. Both look alike from here.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { freePort, until } from '../harness.mjs';

// The package is CommonJS.
const { Builder, Key, error } = createRequire(import.meta.url)('selenium-webdriver');

// `cargo xtask test` says where they are.
const { FIREFOX, WEBKIT_DRIVER, XVFB } = process.env;
/** The small browser that comes with Debian's WebKit, wherever its libraries are on this kind of machine. */
const MINI_BROWSER = ['/usr/lib', ...inside('/usr/lib')].flatMap(inside).filter((path) => /\/webkit2gtk-4\.\d$/.test(path)).map((path) => join(path, 'MiniBrowser')).find(existsSync);

/** The paths of what is in a folder; of what is none, nothing. */
function inside(folder) {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

const SIZE = [1_000, 800];

/** Each by its name, how it is started, and what it lacks, if it cannot be. */
export const ENGINES = [
  ['Firefox', startFirefox, !FIREFOX && 'Firefox is not here'],
  ['WebKit', startWebkit, !(WEBKIT_DRIVER && MINI_BROWSER && XVFB) && 'WebKitWebDriver, its MiniBrowser or Xvfb is not here'],
];

/**
 * @typedef {object} Engine
 * @property {(url: string) => Promise<void>} goto
 * @property {() => Promise<void>} reload
 * @property {(find: Function, ...more: string[]) => Promise<any>} inPage runs a function in the page
 * @property {(find: Function, ...more: string[]) => Promise<any>} inPanel runs a function in the panel's frame
 * @property {(find: Function) => Promise<void>} pressInPage presses what the function finds in the page
 * @property {(find: Function, ...more: string[]) => Promise<void>} press likewise in the panel, as soon as it is there
 * @property {(text: string, find: Function, ...more: string[]) => Promise<void>} type by keys, in the panel
 * @property {(path: string, find: Function) => Promise<void>} pick a file, in a field of the panel
 * @property {(path: string) => Promise<void>} screenshot
 * @property {() => Promise<string[]>} problems errors on the console and breaches of a policy; in WebKit from the first look into a
 *   page or a panel on, for its driver tells of none
 * @property {() => Promise<void>} close
 */

/** Does it again when what was found has been drawn anew in between. */
const steadily = (act) => until(() => act().then(() => true, (problem) => (/detached|stale/i.test(`${problem.name} ${problem.message}`) ? false : Promise.reject(problem))));

/** @returns {Promise<Engine>} */
async function startFirefox() {
  const browser = await puppeteer.launch({ browser: 'firefox', executablePath: FIREFOX, headless: true });
  const page = await browser.newPage();
  await page.setViewport({ width: SIZE[0], height: SIZE[1] });
  const problems = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', (problem) => problems.push(String(problem)));
  const panel = () => until(() => page.frames().find((frame) => frame.url().includes('/frame')));
  const found = (frame, find, more) => until(async () => (await (await frame()).evaluateHandle(find, ...more)).asElement(), undefined, () => `nothing for ${find} ${more}`);
  return {
    goto: (url) => page.goto(url),
    reload: () => page.reload(),
    inPage: (run, ...more) => page.evaluate(run, ...more),
    inPanel: async (run, ...more) => (await panel()).evaluate(run, ...more),
    pressInPage: (find) => steadily(async () => (await found(() => page, find, [])).click()),
    press: (find, ...more) => steadily(async () => (await found(panel, find, more)).click()),
    type: (text, find, ...more) => steadily(async () => (await found(panel, find, more)).type(text)),
    pick: (path, find) => steadily(async () => (await found(panel, find, [])).uploadFile(path)),
    screenshot: (path) => page.screenshot({ path }),
    problems: async () => problems,
    close: () => browser.close(),
  };
}

/** Runs in a browser: keeps from now on what goes wrong there. */
const listen = () => {
  if (window.heard) return;
  window.heard = [];
  const keep = (what) => window.heard.push(String(what));
  const tell = console.error;
  console.error = (...words) => (keep(words.join(' ')), tell(...words));
  addEventListener('error', ({ message }) => keep(message));
  addEventListener('unhandledrejection', ({ reason }) => keep(reason));
  addEventListener('securitypolicyviolation', ({ blockedURI, effectiveDirective }) => keep(`${effectiveDirective}: ${blockedURI}`));
};

/** @returns {Promise<Engine>} */
async function startWebkit() {
  const screen = spawn(XVFB, ['-displayfd', '3', '-screen', '0', `${SIZE[0]}x${SIZE[1] + 100}x24`, '-nolisten', 'tcp'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  const [display] = await once(screen.stdio[3], 'data');
  const port = await freePort();
  const env = { ...process.env, DISPLAY: `:${String(display).trim()}`, LIBGL_ALWAYS_SOFTWARE: '1' };
  const server = spawn(WEBKIT_DRIVER, [`--port=${port}`], { env, stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  await until(() => fetch(`${url}/status`).then((answer) => answer.ok, () => false));
  const driver = await new Builder()
    .usingServer(url)
    .withCapabilities({ browserName: 'MiniBrowser', 'webkitgtk:browserOptions': { binary: MINI_BROWSER, args: ['--automation'] } })
    .build();
  // A function is sent as its text; what it is called with comes after it.
  const run = (what, more) => driver.executeScript(`(${listen})(); return (${what})(...arguments)`, ...more);
  const inPage = async (what, ...more) => {
    await driver.switchTo().defaultContent();
    return run(what, more);
  };
  const enter = async () => {
    const frame = await until(() => inPage(() => document.querySelector('edgechat-launcher')?.shadowRoot.querySelector('iframe')));
    await driver.switchTo().frame(frame);
  };
  /** A frame that is being loaded is another one a moment later. */
  const inPanel = async (what, ...more) => {
    for (;;) {
      try {
        await enter();
        return await run(what, more);
      } catch (problem) {
        if (!(problem instanceof error.NoSuchFrameError || problem instanceof error.NoSuchWindowError || problem instanceof error.StaleElementReferenceError)) throw problem;
      }
    }
  };
  const found = (find, more) => until(() => inPanel(find, ...more), undefined, () => `nothing for ${find} ${more}`);
  const problems = [];
  const heard = () => window.heard.splice(0);
  const note = async () => problems.push(...(await inPage(heard)), ...(await inPanel(heard)));
  return {
    goto: (address) => driver.get(address),
    reload: async () => {
      await note();
      await driver.navigate().refresh();
    },
    inPage,
    inPanel,
    pressInPage: (find) => steadily(async () => (await inPage(find)).click()),
    press: (find, ...more) => steadily(async () => (await found(find, more)).click()),
    type: (text, find, ...more) => steadily(async () => (await found(find, more)).sendKeys(text.replaceAll('\n', Key.ENTER))),
    pick: (path, find) => steadily(async () => (await found(find, [])).sendKeys(path)),
    screenshot: async (path) => writeFileSync(path, Buffer.from(await driver.takeScreenshot(), 'base64')),
    problems: async () => {
      await note();
      return problems;
    },
    close: async () => {
      await driver.quit();
      server.kill();
      screen.kill();
    },
  };
}
