import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { valuesOf } from '../support/http1-parser.ts';
import { OperatedNode } from '../support/operated-node.ts';
import { answer, startOrigin } from '../support/origin.ts';
import { fetchRaw } from '../support/raw-client.ts';
import { frontDoor } from './front-door.ts';

/** The admin listener and what it is for are of one configuration. */

test('a reload that the admin listener cannot take changes nothing else either', async () => {
  const [old, young] = [await startOrigin(() => answer('old')), await startOrigin(() => answer('new'))];
  const config = frontDoor({ origins: [{ url: old.url, name: 'one' }] });
  const node = await OperatedNode.start(config);
  await node.ask('PATCH /pools/app/origins/one', { body: { weight: 7 }, headers: { 'If-Match': '*' } });
  // Somebody has that port already; all files are good.
  const next = {
    ...frontDoor({ origins: [{ url: young.url, name: 'one' }] }),
    admin: { listen: `127.0.0.1:${old.port}` },
  };

  const refused = await node.reload(next);
  expect(refused).toMatchObject({ message: 'reload refused' });
  expect(JSON.stringify(refused.problems)).toContain('EADDRINUSE');
  expect(await node.answerers()).toEqual({ old: 20 });
  expect(await node.origin('app/one')).toMatchObject({ url: old.url, weight: 7 });
  // What operators add meanwhile is planned with what is served.
  const added = await startOrigin(() => answer('added'));
  const body = { url: added.url, id: 'added', admin: 'active', weight: 7, reason: 'more' };
  expect((await node.ask('POST /pools/app/origins', { body })).status).toBe(201);
  expect(await node.answerers()).toEqual({ old: 10, added: 10 });

  const free = { ...next, admin: { listen: '127.0.0.1:0' } };
  expect(await node.reload(free)).toMatchObject({ message: 'reloaded' });
  expect(await node.origin('app/one')).toMatchObject({ url: young.url, weight: 1, override: null });
});

test('a reload that is refused leaves the admin listener as it was', async () => {
  const origin = await startOrigin();
  const config = frontDoor({ origins: [origin.url] });
  const node = await OperatedNode.start(config);
  const broken = frontDoor({
    origins: [origin.url],
    https: { certificates: [{ cert: '/nonexistent.pem', key: '/nonexistent.key' }] },
  });
  expect(await node.reload({ ...broken, admin: { users: [], listen: '127.0.0.2:0' } })).toMatchObject({
    message: 'reload refused',
  });
  expect((await node.ask('GET /status', { as: 'viewer' })).json).toMatchObject({ generation: 1 });
});

test('the admin listener comes, moves and goes with reloads', async () => {
  const origin = await startOrigin();
  const config = frontDoor({ origins: [origin.url] });
  const node = await OperatedNode.start(config);
  expect((await node.command('status')).status).toBe(0);
  expect(await node.reload({ ...config, admin: { listen: '127.0.0.2:0' } })).toMatchObject({ message: 'reloaded' });
  await expect(node.ask('GET /status')).rejects.toThrow('ECONNREFUSED');
  expect((await node.command('status')).status).toBe(0);
  const off = { ...config, node: { workers: 2, state_dir: join(node.portico.dir, 'state') } };
  expect(await node.portico.reload(off)).toMatchObject({ message: 'reloaded' });
  const none = await node.command('status');
  expect(none).toMatchObject({
    status: 1,
    stderr: [expect.stringContaining('no node with an admin listener runs here')],
  });
  expect(await node.reload(config)).toMatchObject({ message: 'reloaded' });
  expect((await node.command('status')).status).toBe(0);
});

test('another state_dir is that of the next start: until then all is where it was', async () => {
  const [one, two] = await Promise.all(['one', 'two'].map((name) => startOrigin(() => answer(name))));
  const origins = [one, two].map((each) => ({ url: each?.url }));
  const config = frontDoor({ origins, pool: { sticky: { cookie: 'AT' } } });
  const node = await OperatedNode.start(config);
  const first = await fetchRaw(node.portico.port(), '/');
  const head = [`Cookie: ${valuesOf(first.fields, 'set-cookie')[0]?.split(';')[0]}`];
  await node.reload({ ...config, node: { state_dir: join(node.portico.dir, 'elsewhere') } });
  expect(await node.portico.events.waitFor('node.state_dir changes with the next start')).toMatchObject({
    level: 'warn',
    state_dir: join(node.portico.dir, 'state'),
  });
  const again = await Promise.all([1, 2, 3, 4].map(() => fetchRaw(node.portico.port(), '/', { head })));
  expect(again.map(({ body }) => body)).toEqual(Array(4).fill(first.body));
  expect(existsSync(join(node.portico.dir, 'elsewhere'))).toBe(false);
});
