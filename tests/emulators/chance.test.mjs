// What goes wrong by chance: as often as was asked for, and the same again from the same seed.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { Chance, disorder, wrongAnswer } from './chance.mjs';
import { Testbed } from './testbed.mjs';

let bed;
before(async () => {
  bed = await Testbed.start();
});
after(() => bed.close());
beforeEach(() => bed.reset());

const many = (draw) => Array.from({ length: 2_000 }, draw);

test('a seed gives the same again, another seed or name something else', () => {
  const drawn = (chance) => many(() => chance.next());
  assert.deepEqual(drawn(new Chance(7)), drawn(new Chance('7')));
  assert.notDeepEqual(drawn(new Chance(7)), drawn(new Chance(8)));
  assert.notDeepEqual(drawn(new Chance(7).of('a')), drawn(new Chance(7).of('b')));
});

test('draws stay within their bounds and reach both ends', () => {
  const chance = new Chance(1);
  assert.deepEqual([...new Set(many(() => chance.whole(1, 3)))].sort(), [1, 2, 3]);
  assert.ok(many(() => chance.wait(10)).every((wait) => wait >= 0 && Number.isFinite(wait)));
});

test('each way of going wrong comes about', () => {
  const chance = new Chance(2);
  const kinds = new Set(many(() => wrongAnswer(chance).kind));
  assert.equal(kinds.size, 14);
  const ways = many(() => disorder(chance, 0.05)?.way);
  assert.deepEqual([...new Set(ways)].sort(), ['delayed', 'doubled', 'dropped', 'overtaken', undefined]);
  const share = ways.filter(Boolean).length / ways.length;
  assert.ok(share > 0.15 && share < 0.25, `${share}`);
});

test('calls fail this often, those of the route alone, until the faults are cleared', async () => {
  const refused = await bed.refused('POST', '/faults', { route: '* /webex', chance: 2 });
  assert.match(refused, /chance/);
  await bed.control('POST', '/faults', { route: 'GET /webex/v1/people', chance: 1, seed: 5 });
  const call = () => fetch(`${bed.url}/webex/v1/people/me`, { headers: { authorization: 'Bearer agent-anna' }, signal: AbortSignal.timeout(200) });
  for (let left = 5; left > 0; left -= 1) await call().then((answer) => answer.text(), () => {});
  const entries = await bed.control('GET', '/requests');
  assert.ok(entries.every(({ fault }) => fault), JSON.stringify(entries));
  assert.equal((await bed.webex('GET', '/rooms')).status, 200);
  await bed.control('DELETE', '/faults');
  assert.equal((await call()).status, 200);
});
