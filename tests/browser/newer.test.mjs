// A panel that has stayed open over a deploy: what the newer edge says is shown as far as it is understood, and nothing beside it
// is lost. And a newer panel at an older edge.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../harness.mjs';
import { browser, chatIn, log, panelOf, said, useBrowser, world, write } from './browser.mjs';

useBrowser();

/** As an edge would say it that knows more. */
function newer(frame) {
  const { hello, entries, state } = frame;
  if (hello) return [{ sing: { louder: true } }, { hello: { state: { ...hello.state, weather: 'fine' } } }];
  if (state) return [{ state: { ...state, phase: 'with_two_bots', desk: 'asleep' } }];
  if (!entries) return [frame];
  const kinds = { card: { card: { plain: 'A card for you', fields: [1, 2.5, null] } }, wave: { wave: {} }, ribbon: 'ribbon' };
  const changed = entries.map((entry) => {
    const kind = kinds[entry.said.agent?.body[0].text];
    return { ...entry, said: kind ?? entry.said, mood: 'good' };
  });
  return [{ entries: changed }];
}

test('frames, entries and states of a newer edge: no hole, no new connection, nothing asked again', async () => {
  const context = await browser.newContext();
  let sockets = 0;
  await context.routeWebSocket(/socket/, (socket) => {
    sockets += 1;
    const server = socket.connectToServer();
    server.onMessage((text) => {
      if (text === 'pong') return socket.send(text);
      for (const frame of newer(JSON.parse(text))) socket.send(JSON.stringify(frame));
    });
  });
  const asked = [];
  context.on('request', (request) => asked.push(request.url()));
  const panel = await chatIn(context);
  await write(panel, 'hello');
  for (const text of ['card', 'wave', 'ribbon', 'the last one']) await world.agentSays(text);
  await said(panel, 'the last one').waitFor();
  await panel.getByText('A card for you').waitFor();
  assert.equal(await said(panel, 'hello').count(), 1);
  for (const text of ['wave', 'ribbon', 'card']) assert.equal(await said(panel, text).count(), 0, text);
  await write(panel, 'and I');
  await until(async () => (await world.room()).lines.includes('live-chat: and I'));
  await world.agentSays('Goodbye');
  await said(panel, 'Goodbye').waitFor();
  await log(panel).getByText('With the team').last().waitFor({ state: 'attached' });
  assert.equal(sockets, 1);
  assert.deepEqual(asked.filter((url) => /poll$|\/v1\/sites\//.test(url)), []);
  await context.close();
});

test('a frame that an older edge does not know is refused alone, and asked no more of it', async () => {
  const visitor = await world.visitSettled();
  const frames = [{ dance: {} }, { send: { id: 'message-1', text: 'beside it' } }, 'bow', 'stay'];
  const { status, body } = await visitor.poll({ after: 0, frames });
  assert.equal(status, 200);
  const refused = body.frames.filter(({ rejected }) => rejected);
  assert.deepEqual(refused, [{ rejected: { code: 'bad_frame' } }, { rejected: { code: 'bad_frame' } }]);
  await visitor.hears('visitor: beside it');
  visitor.frame({ dance: {} });
  visitor.frame({ send: { id: 'message-2', text: 'and after it' } });
  await visitor.hears('visitor: and after it');
  assert.equal(visitor.frames.filter(({ rejected }) => rejected?.code === 'bad_frame').length, 1);
});

test('a chat that an older panel has kept goes on, whatever it did not keep yet', async () => {
  const context = await browser.newContext();
  const panel = await chatIn(context);
  await write(panel, 'before');
  await until(async () => (await world.room()).lines.includes('live-chat: before'));
  const [page] = context.pages();
  const kept = await page.evaluate(() => {
    const memory = JSON.parse(localStorage.getItem('edgechat'));
    const { kept, seen } = JSON.parse(memory.kept);
    localStorage.setItem('edgechat', JSON.stringify({ ...memory, kept: JSON.stringify({ kept, seen }) }));
    return memory.kept;
  });
  assert.deepEqual(Object.keys(JSON.parse(kept)).sort(), ['answers', 'kept', 'seen', 'topic']);
  await page.reload();
  await said(await panelOf(page), 'before').waitFor();
  assert.equal((await world.rooms()).length, 1);
  await context.close();
});
