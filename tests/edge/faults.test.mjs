// What Webex may do wrong that is its own. What every desk and bot may do wrong is in `contracts`.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, beforeEach, describe, test } from 'node:test';
import { startWorld, until } from '../harness.mjs';

let world;
before(async () => {
  world = await startWorld();
});
after(() => world?.close());
beforeEach(() => world.control('POST', '/reset'));

const POST = 'POST /webex/v1/messages';

const said = async () => (await world.room()).lines.filter((line) => /: (one|two)$/.test(line));

describe('calls to Webex', () => {
  test('a redirect to another host is not followed: nothing arrives there, least of all the token', async () => {
    const arrived = [];
    const thief = createServer((request, response) => {
      arrived.push(`${request.method} ${request.url} ${request.headers.authorization}`);
      response.end('{"id":"stolen"}');
    }).listen(0, '127.0.0.1');
    await once(thief.unref(), 'listening');
    const location = `http://127.0.0.1:${thief.address().port}/steal`;
    const visitor = await world.visitSettled();
    for (const status of [302, 307]) await world.fault({ route: POST, status, headers: { location } });
    await world.fault({ route: 'GET /webex/v1/messages', status: 307, headers: { location } });
    visitor.say('one');
    visitor.say('two');
    await until(() => visitor.state.delivered >= 2);
    await world.agentSays('three');
    await visitor.hears('Anna Nowak: three');
    assert.deepEqual(arrived, []);
    // Somebody would have been heard there.
    await fetch(location, { headers: { authorization: 'Bearer control' } });
    assert.deepEqual(arrived, ['GET /steal Bearer control']);
    thief.closeAllConnections();
    thief.close();
    assert.deepEqual(await said(), ['live-chat: one', 'live-chat: two']);
  });

  test('a deleted room ends the chat, once, and nothing loops', async () => {
    const visitor = await world.visitSettled();
    const { id, webhooks } = await world.room();
    await world.webex('integration-live-chat', 'DELETE', `/rooms/${id}`);
    visitor.say('one');
    await visitor.hears('* closed by thread_gone');
    const about = async () => (await world.requests()).filter(({ path, body }) => JSON.stringify([path, body]).includes(id));
    const calls = (await about()).length;
    // The looks that come each second are in repair.test.mjs; here a whole other conversation goes by.
    const other = await world.visitSettled();
    await world.marker(other);
    assert.deepEqual((await about()).slice(calls), []);
    const removals = (await world.calls()).filter((call) => call === `DELETE /webex/v1/webhooks/${webhooks[0].id}`);
    assert.ok(removals.length <= 1, removals.join());
    assert.equal(visitor.lines.filter((line) => line.startsWith('* closed')).length, 1);
  });
});

describe('tokens', () => {
  test('an expired token is replaced once, however many conversations need it', async () => {
    const visitors = [];
    for (let n = 0; n < 12; n += 1) visitors.push(await world.visitSettled());
    await world.control('DELETE', '/requests');
    await world.control('POST', '/tokens/revoke');
    for (const visitor of visitors) visitor.say('one');
    for (const visitor of visitors) await until(() => visitor.state.delivered === 1);
    assert.equal((await world.calls('access_token')).length, 1);
  });

  test('while no token is to be had messages wait, and go out when there is one', async () => {
    const visitor = await world.visitSettled();
    await world.control('POST', '/tokens/revoke');
    await world.fault({ route: 'POST /webex/v1/access_token', status: 500, times: 2 });
    visitor.say('one');
    await until(() => visitor.state.desk === 'retrying');
    await until(() => visitor.state.delivered === 1, 30_000);
  });
});
