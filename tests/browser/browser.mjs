// A real browser, and pages of another origin that embed the chat.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { chromium } from 'playwright-core';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
FLAGS.push('--disable-component-update', '--disable-sync');

export function startBrowser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
}

/**
 * A site owner's server: one page, with the headers and the HTML that a test wants.
 * @returns {Promise<{url: string, close: () => void}>}
 */
export async function startSite({ headers = {}, html }) {
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/favicon.ico' ? 404 : 200, { 'content-type': 'text/html', ...headers });
    response.end(html);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A test that fails before it closes the site must not keep the run from ending.
  server.unref();
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${server.address().port}/`, close };
}

/** The page that the README tells a site owner to make. */
export const pageWith = (edge, more = '') =>
  `<!doctype html><html lang="en"><head><title>Shop</title>${more}<script src="${edge}/widget.js" async></script></head><body><main><h1>Shop</h1><p>Text.</p></main></body></html>`;

/** Presses the launcher where it is drawn: its shadow root is closed to scripts, as to other people's. */
export async function pressLauncher(page) {
  await page.waitForFunction(() => window.Edgechat);
  const { width, height } = await page.evaluate(() => ({ width: document.documentElement.clientWidth, height: innerHeight }));
  await page.mouse.move(width - 48, height - 48);
  await page.mouse.down();
  await page.mouse.up();
}

/** The panel's frame, once it has drawn its first screen. */
export async function panelOf(page) {
  for (let tries = 0; tries < 400; tries += 1) {
    const frame = page.frames().find((one) => one.url().includes('/frame'));
    if (frame) return frame;
    await page.waitForTimeout(25);
  }
  throw new Error('the panel did not open');
}

export async function openChat(page) {
  await pressLauncher(page);
  return panelOf(page);
}

/** Fills in the composer and sends. */
export async function write(panel, text) {
  const composer = panel.getByRole('textbox', { name: 'Write a message' });
  await composer.fill(text);
  await composer.press('Enter');
}

export const log = (panel) => panel.getByRole('log');
