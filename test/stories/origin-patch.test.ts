import { expect, test } from 'vitest';
import { OperatedNode } from '../support/operated-node.ts';
import { answer, startOrigin } from '../support/origin.ts';
import { fetchRaw } from '../support/raw-client.ts';
import { frontDoor } from './front-door.ts';

/** An operator gives an origin another route, and another slow start. */

const ANY = { 'If-Match': '*' };

async function scene(): Promise<OperatedNode> {
  const origins = await Promise.all(['one', 'two'].map((name) => startOrigin(() => answer(name))));
  const listed = origins.map(({ url }, index) => ({ url, name: ['one', 'two'][index], route: `r${index + 1}` }));
  const pool = { sticky: { route_of: 'JSESSIONID' }, slow_start: '30s' };
  return OperatedNode.start(frontDoor({ origins: listed, pool, site: { cache: 'off' } }));
}

/** Who answers clients with a session of this route; one origin if it leads to that. */
async function led(node: OperatedNode, route: string): Promise<string[]> {
  const head = [`Cookie: JSESSIONID=abc.${route}`];
  const replies = await Promise.all(Array.from({ length: 8 }, () => fetchRaw(node.portico.port(), '/', { head })));
  return [...new Set(replies.map(({ body }) => body))].sort();
}

test('another route leads there as soon as it is said, also after kill -9, and the old one leads nowhere', {
  timeout: 30_000,
}, async () => {
  let node = await scene();
  expect(await led(node, 'r1')).toEqual(['one']);
  const patch = (body: object) => node.ask('PATCH /pools/app/origins/one', { as: 'ops', headers: ANY, body });
  const taken = await patch({ route: 'r2' });
  expect(taken).toMatchObject({ status: 422, json: { detail: 'route: app/two has "r2" already' } });
  const changed = await patch({ route: 'jvm1', reason: 'as the old balancer has it' });
  expect(changed).toMatchObject({ status: 200, json: { route: 'jvm1', configured: { route: 'r1' } } });
  expect(await led(node, 'jvm1')).toEqual(['one']);
  expect(await led(node, 'r1')).toEqual(['one', 'two']);
  node = await node.killed();
  expect(await led(node, 'jvm1')).toEqual(['one']);
  expect(await patch({ route: null })).toMatchObject({ status: 200, json: { route: 'r1', override: null } });
  expect(await led(node, 'r1')).toEqual(['one']);
});

test("its slow start is told beside the pool's, and holds when it is put back", async () => {
  const node = await scene();
  expect((await node.origin('app/one')).slowStart).toEqual({ duration: '30s', progress: 1 });
  const body = { slowStart: { duration: '10m' } };
  const changed = await node.ask('PATCH /pools/app/origins/one', { as: 'ops', headers: ANY, body });
  expect(changed.json).toMatchObject({
    slowStart: { duration: '600s' },
    override: { values: { slowStart: { duration: '600s' } } },
  });
  const out = { admin: 'maint', reason: 'x' };
  await node.ask('PUT /pools/app/origins/one/state', { body: out });
  const back = await node.ask('PUT /pools/app/origins/one/state', { body: { admin: 'active' } });
  expect(back.json).toMatchObject({ effective: 'warming', slowStart: { duration: '600s', progress: 0.05 } });
  expect((await node.command('origins')).stdout).toContain('slowStart 600s by root');
});
