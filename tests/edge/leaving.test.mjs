// When people leave the room: the visitor is not left with a room that nobody reads.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { ANNA, BEN, changed, startWorld, until } from '../harness.mjs';

const AGENTS = { 'anna@example.com': ANNA, 'ben@example.com': BEN };

let world;
before(async () => {
  const vars = { WEBEX_REFRESH_TOKEN: 'refresh-integration-live-chat refresh-integration-live-chat-2', DESK_CHECK_SECONDS: '2' };
  world = await startWorld({ vars });
  const mixed = (d) => Object.assign(d.topics[2], { room: 'mixed', participants: ['anna@example.com', 'ben@example.com'] });
  await world.push(changed(mixed), 'mixed');
});
after(() => world?.close());
beforeEach(() => world.control('POST', '/reset'));

/** The webhook by which an account tells the site who leaves. */
async function siteHook({ members }, site) {
  const number = members.includes('live-chat-2@example.com') ? 1 : 0;
  const is = ({ targetUrl, status }) => targetUrl.endsWith(`/v1/desk/webex/sites/${site}?account=${number}`) && status === 'active';
  return until(async () => (await world.control('GET', '/webhooks')).find(is));
}

/** A chat with an agent in it, and the site is told of whoever leaves. */
async function chat(site = 'default', topic = 'person') {
  const visitor = await world.visitSettled(topic, {}, { site });
  const room = await until(async () => {
    const room = await world.roomOf(visitor);
    return room.members.some((email) => AGENTS[email]) && room;
  });
  const agent = room.members.find((email) => AGENTS[email]);
  const token = AGENTS[agent];
  await world.agentSays('hello', { token, roomId: room.id });
  await until(() => visitor.state.phase.with_agent);
  return { visitor, room, agent, token, hook: await siteHook(room, site) };
}

async function leaves(token, roomId, meanwhile = async () => {}) {
  const { body } = await world.webex(token, 'GET', `/memberships?roomId=${roomId}`);
  const { id } = (await world.webex(token, 'GET', '/people/me')).body;
  const own = body.items.find(({ personId }) => personId === id);
  await meanwhile();
  assert.equal((await world.webex(token, 'DELETE', `/memberships/${own.id}`)).status, 204);
}

test('the last one: the visitor is told, nothing is with the team, and whoever comes back answers', { timeout: 120_000 }, async () => {
  // Chance decides which account opens the room, and both tell.
  const openedBy = new Set();
  while (openedBy.size < 2) {
    const { visitor, room } = await chat();
    visitor.say('one');
    await until(() => visitor.state.delivered === visitor.entries.length);
    const delivered = visitor.state.delivered;
    await leaves(ANNA, room.id);
    await visitor.hears('* nobody_answered');
    await until(() => visitor.state.phase === 'waiting' && visitor.state.leave_message);
    visitor.say('two');
    await world.posted(/: two$/, room.id);
    assert.equal(visitor.state.delivered, delivered);
    const owner = room.members.find((email) => email.startsWith('live-chat') && email.endsWith('@example.com'));
    openedBy.add(owner);
    const ownToken = owner === 'live-chat@example.com' ? 'integration-live-chat' : 'integration-live-chat-2';
    assert.equal((await world.webex(ownToken, 'POST', '/memberships', { roomId: room.id, personEmail: 'anna@example.com' })).status, 200);
    await world.agentSays('back again', { roomId: room.id });
    await visitor.hears('Anna Nowak: back again');
    await until(() => visitor.state.delivered > delivered && visitor.state.phase.with_agent);
  }
});

test('a bot that stays does not answer for the team', async () => {
  const { visitor, room } = await chat('default', 'support');
  await leaves(BEN, room.id);
  await leaves(ANNA, room.id);
  await visitor.hears('* nobody_answered');
});

test('one of several: nothing changes', async () => {
  const { visitor, room, token } = await chat('mixed');
  await world.agentSays('/invite carl@example.com', { token, roomId: room.id });
  await until(async () => (await world.roomOf(visitor)).members.includes('carl@example.com'));
  await leaves(token, room.id, () => world.control('DELETE', '/requests'));
  await until(async () => (await world.requests('GET /webex/v1/memberships')).some(({ who, status }) => who?.startsWith('live-chat') && status === 200));
  visitor.say('still there?');
  await until(() => visitor.state.delivered === visitor.entries.find(({ said }) => said.visitor)?.seq);
  await world.marker(visitor, { roomId: room.id, token: 'agent-carl' });
  assert.ok(!visitor.lines.includes('* nobody_answered'));
});

test('the only one of a topic that has another: that one is called', async () => {
  const { visitor, room, agent, token } = await chat('mixed');
  await leaves(token, room.id);
  const [other] = Object.keys(AGENTS).filter((email) => email !== agent);
  await until(async () => (await world.roomOf(visitor)).members.includes(other));
  await world.agentSays('I take over', { token: AGENTS[other], roomId: room.id });
  await visitor.hears(/anna/.test(other) ? 'Anna Nowak: I take over' : 'Ben Okafor: I take over');
  assert.ok(!visitor.lines.includes('* nobody_answered'));
});

test('while Webex does not say who is there, the chat goes on', async () => {
  const { visitor, room } = await chat();
  await leaves(ANNA, room.id, () => world.fault({ route: 'GET /webex/v1/memberships', status: 503, times: 3 }));
  visitor.say('one');
  await world.posted(/: one$/, room.id);
  await visitor.hears('* nobody_answered');
  await world.metAllFaults();
});

test('a webhook that was switched off is switched on again', async () => {
  const { visitor, room, hook } = await chat();
  await world.control('POST', '/webhooks/disable', { id: hook.id });
  await siteHook(room, 'default');
  await leaves(ANNA, room.id);
  await visitor.hears('* nobody_answered');
});

test('the address of a site takes what is rightly signed, and nothing else', async () => {
  const { visitor, room, hook } = await chat();
  const body = JSON.stringify({ resource: 'memberships', event: 'deleted', data: { id: 'm', roomId: room.id } });
  const sign = (secret) => ({ 'x-spark-signature': createHmac('sha1', secret).update(body).digest('hex') });
  const { pathname, search } = new URL(hook.targetUrl);
  const path = pathname + search;
  // So that no look asks who is there, for five minutes.
  const secret = createHmac('sha256', world.vars.MASTER_KEY).update('webhook:site/default').digest('base64url');
  assert.equal((await world.call('POST', path, body, sign(secret))).status, 200);
  const isAsked = ({ path, status }) => path.includes(room.id) && status === 200;
  await until(async () => (await world.requests('GET /webex/v1/memberships')).some(isAsked));
  await world.control('DELETE', '/requests');
  for (const headers of [{}, { 'x-spark-signature': '' }, sign(''), sign(world.vars.MASTER_KEY)]) {
    const { status, body: answer } = await world.call('POST', path, body, headers);
    assert.deepEqual([status, answer.code], [401, 'bad_signature']);
  }
  assert.equal((await world.call('GET', path)).status, 405);
  assert.equal((await world.call('POST', '/v1/desk/fax/sites/default', body)).status, 404);
  await world.marker(visitor, { roomId: room.id });
  assert.deepEqual(await world.requests('GET /webex/v1/memberships'), []);
});
