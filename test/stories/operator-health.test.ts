import { expect, test } from 'vitest';
import { OperatedNode } from '../support/operated-node.ts';
import { answer, type Script, startOrigin } from '../support/origin.ts';
import { fetchRaw } from '../support/raw-client.ts';
import { openTunnel, startTunnelOrigin } from '../support/websocket.ts';
import { frontDoor } from './front-door.ts';

/** What operators say beside what is seen of origins: neither is taken for the other. */

const ANY = { 'If-Match': '*' };
const CHECK = { path: '/healthz', interval: '250ms', timeout: '250ms', rise: 1, fall: 2, jitter: '0%' };

/** An origin whose checks can be told to fail. */
async function checked(name: string, isWell = true) {
  const is = { well: isWell };
  const script: Script = ({ target }) =>
    target === '/healthz' && !is.well ? answer('no', { status: '500 No' }) : answer(name);
  const { url } = await startOrigin(script);
  return { is, url, name };
}

test('forced_down is not lifted by good checks, nor do bad ones take part in it', async () => {
  const [one, two] = [await checked('one'), await checked('two')];
  const origins = [one, two].map(({ name, url }) => ({ name, url }));
  const node = await OperatedNode.start(frontDoor({ origins, pool: { health_check: CHECK } }));
  for (const { name } of [one, two]) await node.ask(`GET /pools/app/origins/${name}?wait=up`);
  const body = { health: 'forcedDown', reason: 'smoke' };
  await node.ask('PATCH /pools/app/origins/one', { as: 'ops', body, headers: ANY });
  expect(await node.origin('app/one')).toMatchObject({ health: 'forcedDown', effective: 'down' });
  expect(await node.answerers()).toEqual({ two: 20 });

  // What is down by its checks is tried when nobody is well; what is forced down is not.
  two.is.well = false;
  await node.ask('GET /pools/app/origins/two?wait=changed');
  expect(await node.origin('app/two')).toMatchObject({ health: 'down', problem: 'expected status 200-399, got 500' });
  expect((await node.ask('GET /pools/app')).json.panic).toBe(true);
  expect(await node.answerers()).toEqual({ two: 20 });
  await node.ask('PATCH /pools/app/origins/one', { body: { health: null }, headers: ANY });
  expect(await node.answerers()).toEqual({ one: 20 });
});

test('the last one that is well is guarded; one that is ill may always be taken away', async () => {
  const [one, two] = [await checked('one'), await checked('two', false)];
  const origins = [one, two].map(({ name, url }) => ({ name, url }));
  const node = await OperatedNode.start(frontDoor({ origins, pool: { health_check: CHECK } }));
  await node.ask('GET /pools/app/origins/one?wait=up');
  while ((await node.origin('app/two')).health !== 'down') await node.ask('GET /pools/app/origins/two?wait=changed');
  const refused = await node.command('drain', 'app/one');
  expect(refused).toMatchObject({ status: 1, stderr: [expect.stringContaining('would have no usable origin left')] });
  expect((await node.command('drain', 'app/two')).status).toBe(0);
  expect(await node.answerers()).toEqual({ one: 20 });
});

test('enable --wait waits for its checks, and wait=active for its whole share', async () => {
  const [one, two] = [await checked('one'), await checked('two')];
  const origins = [one, two].map(({ name, url }) => ({ name, url }));
  const node = await OperatedNode.start(frontDoor({ origins, pool: { health_check: CHECK, slow_start: '1s' } }));
  for (const { name } of [one, two]) await node.ask(`GET /pools/app/origins/${name}?wait=up`);
  expect((await node.command('disable', 'one', '--wait', '5s')).status).toBe(0);
  one.is.well = false;
  while ((await node.origin('app/one')).health !== 'down') await node.ask('GET /pools/app/origins/one?wait=changed');
  const inVain = await node.command('enable', 'one', '--wait', '300ms');
  expect(inVain.status).toBe(3);
  const so = 'down, health down (expected status 200-399, got 500)';
  expect(inVain.stderr.at(-1)).toContain(`app/one is not up after 300 ms: ${so}; it stays enabled`);
  one.is.well = true;
  expect((await node.command('enable', 'one', '--wait', '5s')).status).toBe(0);
  const before = await node.origin('app/one');
  const active = await node.ask('GET /pools/app/origins/one?wait=active&timeout=5s');
  expect(active).toMatchObject({ status: 200, json: { effective: 'active', slowStart: { progress: 1 } } });
  expect(['warming', 'active']).toContain(before.effective);
  expect(await node.answerers()).toEqual({ one: 10, two: 10 });
});

test('enable --wait does not take the checks of before for those of now', async () => {
  const [one, two] = [await checked('one'), await checked('two')];
  const origins = [one, two].map(({ name, url }) => ({ name, url }));
  // The next check by itself is far away, and so is the last bad one that it takes to be down.
  const pool = { health_check: { ...CHECK, interval: '1h', fall: 100 } };
  const node = await OperatedNode.start(frontDoor({ origins, pool }));
  for (const { name } of [one, two]) await node.ask(`GET /pools/app/origins/${name}?wait=up`);
  expect((await node.command('drain', 'one', '--wait', '5s')).status).toBe(0);
  one.is.well = false;
  const inVain = await node.command('enable', 'one', '--wait', '1s');
  expect(inVain.status).toBe(3);
  expect(inVain.stderr.at(-1)).toMatch(/app\/one is not up after 1 s: active, health up \(expected .*, got 500\)/);
  const polled = await node.ask('GET /pools/app/origins/one?wait=up&timeout=1ms');
  expect(polled).toMatchObject({ status: 409, json: { detail: expect.stringContaining('no good check since') } });

  one.is.well = true;
  await node.command('drain', 'one');
  expect((await node.command('enable', 'one', '--wait', '5s')).status).toBe(0);
});

test('who waits for a standby to be active is told at once', async () => {
  const [one, two] = [await checked('one'), await checked('two')];
  const origins = [
    { name: 'one', url: one.url },
    { name: 'two', url: two.url, role: 'standby' },
  ];
  const node = await OperatedNode.start(frontDoor({ origins }));
  await node.command('disable', 'two');
  const body = { admin: 'active' };
  const enabled = await node.ask('PUT /pools/app/origins/two/state?wait=active&timeout=5s', { body });
  expect(enabled).toMatchObject({ status: 200, json: { effective: 'standby' } });
  const operation = { select: { host: '127.0.0.1' }, admin: 'active', wait: 'active', timeout: '5s' };
  expect((await node.ask('POST /operations', { body: operation })).json).toMatchObject({ state: 'done' });
});

test('an origin that failed is ejected; what operators say of it holds beside that, over a reload', async () => {
  const bad = await startOrigin(() => answer('no', { status: '503 No' }));
  const good = await checked('good');
  const origins = [
    { name: 'bad', url: bad.url },
    { name: 'good', url: good.url },
  ];
  const config = (budget: string) =>
    frontDoor({ origins, pool: { outlier: { failures: 3, eject_for: '60s' }, retries: { budget } } });
  const node = await OperatedNode.start(config('20%'));
  await node.answerers(20);
  while ((await node.origin('app/bad')).ejectedUntil === null) await node.answerers(4);
  expect(await node.answerers()).toEqual({ good: 20 });
  const late = await node.ask('GET /pools/app/origins/bad?wait=up&timeout=100ms');
  expect(late).toMatchObject({ status: 409, json: { origin: { effective: 'down' } } });
  expect((await node.ask('DELETE /pools/app/origins/good?reason=x')).json.type).toContain('#last-active-origin');
  await node.reload(config('10%'));
  expect(await node.origin('app/bad')).toMatchObject({ effective: 'down', ejectedUntil: expect.any(String) });
  expect(await node.answerers()).toEqual({ good: 20 });
  bad.script = () => answer('bad');
  await node.ask('PATCH /pools/app/origins/bad', { body: { ignoreErrors: true }, headers: ANY });
  expect(await node.answerers()).toEqual({ bad: 10, good: 10 });
});

test('a deadline holds over a reload', async () => {
  const { url } = await startTunnelOrigin();
  const other = await checked('other');
  const origins = [
    { name: 'live', url },
    { name: 'other', url: other.url, role: 'standby' },
  ];
  const config = (budget: string) => frontDoor({ origins, pool: { retries: { budget } } });
  const node = await OperatedNode.start(config('20%'));
  const tunnel = await openTunnel(node.portico.port());
  const body = { admin: 'stopped', reason: 'power', deadline: '1s' };
  const asked = await node.ask('PUT /pools/app/origins/live/state', { body });
  expect(asked).toMatchObject({ status: 202, json: { inFlight: 1, drain: { onDeadline: 'cut', drained: false } } });
  await node.reload(config('10%'));
  expect((await node.origin('app/live')).drain).toEqual(asked.json.drain);
  await tunnel.ended;
  const drained = await node.ask('GET /pools/app/origins/live?wait=drained&timeout=5s');
  expect(drained).toMatchObject({ status: 200, json: { effective: 'stopped', inFlight: 0 } });
  expect((await fetchRaw(node.portico.port(), '/')).body).toBe('other');
});

test('an origin that is added is checked first, and told of on the metrics page', async () => {
  const [one, two] = [await checked('one'), await checked('two', false)];
  const node = await OperatedNode.start(
    frontDoor({ origins: [{ name: 'one', url: one.url }], pool: { health_check: CHECK } }),
  );
  await node.ask('GET /pools/app/origins/one?wait=up');
  const body = { url: two.url, id: 'two', admin: 'active', reason: 'more' };
  expect((await node.ask('POST /pools/app/origins', { body })).json).toMatchObject({ effective: 'down' });
  expect(await node.answerers()).toEqual({ one: 20 });
  two.is.well = true;
  expect((await node.ask('GET /pools/app/origins/two?wait=up&timeout=5s')).status).toBe(200);
  expect(await node.answerers()).toEqual({ one: 10, two: 10 });
  const page = async () => (await node.send('GET', '/metrics', { as: 'viewer' })).text;
  expect(await page()).toContain('portico_origin_requests_total{pool="app",origin="two",result="2xx"} 10');
  await node.ask('DELETE /pools/app/origins/two?reason=x');
  expect(await page()).not.toContain('origin="two"');
});
