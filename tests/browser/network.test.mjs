// Bad networks: nothing lost, nothing doubled, and the visitor is told.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../harness.mjs';
import { browser, chatIn, log, openChat, said, useBrowser, world, write } from './browser.mjs';

useBrowser();

test('where sockets are blocked it polls, by itself', async () => {
  const context = await browser.newContext();
  await context.routeWebSocket(/socket/, (socket) => socket.close());
  const panel = await chatIn(context);
  await write(panel, 'by poll');
  await log(panel).getByText('With the team').last().waitFor({ state: 'attached' });
  await world.agentSays('by poll too');
  await said(panel, 'by poll too').waitFor();
  assert.equal(await said(panel, 'by poll').count(), 1);
  await context.close();
});

test('a worker that is killed: messages wait, marked, and go out once when it is back', async () => {
  const context = await browser.newContext();
  const panel = await chatIn(context);
  await write(panel, 'before');
  await log(panel).getByText('With the team').last().waitFor({ state: 'attached' });
  await world.stopWorker();
  await write(panel, 'meanwhile');
  await panel.getByText('Not sent. Try again').waitFor();
  await panel.getByText('You are offline.', { exact: false }).first().waitFor();
  await world.startWorker();
  // It goes out by itself; the button is pressed in `files`.
  await until(async () => (await world.room()).lines.includes('live-chat: meanwhile'), 40_000);
  await world.agentSays('welcome back');
  await said(panel, 'welcome back').waitFor();
  const lines = (await world.room()).lines.filter((line) => line.startsWith('live-chat: ')).slice(1);
  assert.deepEqual(lines, ['live-chat: before', 'live-chat: meanwhile']);
  assert.equal(await said(panel, 'meanwhile').count(), 1);
  await context.close();
});

test('a desk that cannot be reached is told, and that it can again', async () => {
  const context = await browser.newContext();
  const panel = await chatIn(context);
  await world.fault({ route: 'POST /webex/v1/messages', status: 503, times: 3 });
  await write(panel, 'hello');
  await panel.getByText('We have your message and keep trying to reach the team.').waitFor();
  await log(panel).getByText('With the team').last().waitFor({ state: 'attached' });
  await until(async () => (await panel.getByText('We have your message and keep trying').count()) === 0 || !(await panel.getByText('We have your message and keep trying').first().isVisible()));
  await context.close();
});

test('storage that throws does not stop a chat', async () => {
  const context = await browser.newContext();
  await context.addInitScript(() => {
    Object.defineProperty(window, 'localStorage', { get: () => { throw new Error('denied'); } });
  });
  const panel = await chatIn(context);
  await write(panel, 'hello');
  await said(panel, 'hello').waitFor();
  await context.close();
});
