import { expect, test } from 'vitest';
import { answer, type Script, type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { connectRaw, fetchRaw } from '../support/raw-client.ts';
import { INSPECTABLE, WorkerInspector } from '../support/worker-inspector.ts';
import { frontDoor } from './front-door.ts';

/** How an origin stands decides who is sent there, from the moment it is said, in all workers. */

async function scene(roles: readonly object[], { script, pool }: { script?: Script; pool?: object } = {}) {
  const origins = await Promise.all(roles.map((_, i) => startOrigin(script ?? (() => answer(`app${i}`)))));
  const listed = origins.map(({ url }, i) => ({ url, name: `app${i}`, ...roles[i] }));
  const portico = await startPortico(frontDoor({ origins: listed, ...(pool && { pool }) }), { env: INSPECTABLE });
  return { origins, portico, inspector: await WorkerInspector.attach(portico) };
}

/** Who answers so many requests, at once and by both workers. */
async function answerers(portico: Portico, count = 20): Promise<Record<string, number>> {
  const answers = await Promise.all(Array.from({ length: count }, () => fetchRaw(portico.port(), '/')));
  const counts: Record<string, number> = {};
  for (const { status, body } of answers) {
    const who = status === 200 ? body : String(status);
    counts[who] = (counts[who] ?? 0) + 1;
  }
  return counts;
}

test('an origin in maint gets nothing more, and is in turn again afterwards', async () => {
  const { portico, inspector } = await scene([{}, {}]);
  expect(await answerers(portico)).toEqual({ app0: 10, app1: 10 });
  await inspector.setStanding(0, { admits: 'none' });
  expect(await answerers(portico)).toEqual({ app1: 20 });
  await inspector.setStanding(0, {});
  expect(await answerers(portico)).toEqual({ app0: 10, app1: 10 });
});

test('no request reaches an origin after it was seen to be empty', async () => {
  const { portico, inspector, origins } = await scene([{}, {}]);
  const [leaving] = origins as [ScriptedOrigin, ScriptedOrigin];
  let isLoading = true;
  const load = Array.from({ length: 8 }, async () => {
    while (isLoading) expect((await fetchRaw(portico.port(), '/')).status).toBe(200);
  });
  for (let round = 0; round < 4; round++) {
    await inspector.setStanding(0, { admits: 'none' });
    while ((await inspector.counts(0)).inFlight > 0);
    const arrived = leaving.requests.length;
    for (let i = 0; i < 5; i++) await fetchRaw(portico.port(), '/');
    expect(leaving.requests.length).toBe(arrived);
    await inspector.setStanding(0, {});
  }
  isLoading = false;
  await Promise.all(load);
});

test('a standby is used when no primary is, a spare in place of one that is out', async () => {
  const { portico, inspector } = await scene([{}, {}, { role: 'spare' }, { role: 'standby' }]);
  expect(await answerers(portico)).toEqual({ app0: 10, app1: 10 });
  await inspector.setStanding(1, { health: 'down' });
  expect(await answerers(portico)).toEqual({ app0: 10, app2: 10 });
  await inspector.setStanding(0, { health: 'down' });
  expect(await answerers(portico)).toEqual({ app2: 20 });
  await inspector.setStanding(2, { admits: 'none', role: 'spare' });
  expect(await answerers(portico)).toEqual({ app3: 20 });
  await inspector.setStanding(3, { health: 'down', role: 'standby' });
  // Nobody is well: those of which only health says no are tried.
  expect(Object.keys(await answerers(portico)).sort()).toEqual(['app0', 'app1', 'app3']);
});

test('the next set is used when the first is out', async () => {
  const { portico, inspector } = await scene([{}, { set: 1 }]);
  expect(await answerers(portico)).toEqual({ app0: 20 });
  await inspector.setStanding(0, { health: 'ejected' });
  expect(await answerers(portico)).toEqual({ app1: 20 });
});

test('with nobody whom an operator would have there is the splash page, at once', async () => {
  const { portico, inspector } = await scene([{}]);
  await inspector.setStanding(0, { admits: 'none' });
  expect(await answerers(portico, 4)).toEqual({ 503: 4 });
  expect((await portico.accessLog.lineFor('/')).error).toBe('destination_unavailable');
});

test('what comes out of requests is counted', async () => {
  const { portico, inspector, origins } = await scene([{}]);
  const [origin] = origins as [ScriptedOrigin];
  await answerers(portico, 10);
  expect(await inspector.counts(0)).toMatchObject({ responses: 10, failures: 0, consecutiveFailures: 0, inFlight: 0 });
  expect((await inspector.counts(0)).latency).toBeGreaterThan(0);
  origin.script = () => answer('no', { status: '500 No' });
  await answerers(portico, 3);
  expect(await inspector.counts(0)).toMatchObject({ responses: 13, failures: 3, consecutiveFailures: 3 });
  origin.script = () => answer('ok');
  await answerers(portico, 1);
  expect(await inspector.counts(0)).toMatchObject({ responses: 14, failures: 3, consecutiveFailures: 0 });
  await origin.close();
  await answerers(portico, 2);
  expect(await inspector.counts(0)).toMatchObject({ failures: 5, consecutiveFailures: 2 });
});

test('a client that leaves is no failure of the origin', async () => {
  const { portico, inspector, origins } = await scene([{}], { script: () => undefined });
  const client = await connectRaw(portico.port());
  await client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await (origins[0] as ScriptedOrigin).arrivals.waitFor(() => true);
  client.close();
  await portico.accessLog.lineFor('/');
  expect(await inspector.counts(0)).toMatchObject({ responses: 0, failures: 0, inFlight: 0 });
});

test('what is cut before its answer comes from another origin, if it may be sent again', async () => {
  const silent: Script = ({ method }) => (method === 'HEAD' ? answer('') : undefined);
  const { portico, inspector, origins } = await scene([{}, { role: 'standby' }], { script: silent });
  const [stopped, other] = origins as [ScriptedOrigin, ScriptedOrigin];
  other.script = () => answer('other');
  const requests = Array.from({ length: 30 }, (_, i) => fetchRaw(portico.port(), `/${i}`));
  const post = fetchRaw(portico.port(), '/post', { method: 'POST', body: 'a=b' });
  while (stopped.requests.length < 31) await stopped.arrivals.waitFor(() => true, { from: stopped.requests.length });
  await inspector.setStanding(0, { admits: 'none' });
  expect(other.requests).toHaveLength(0);
  await inspector.cut(0);
  expect((await Promise.all(requests)).every(({ status, body }) => status === 200 && body === 'other')).toBe(true);
  expect((await post).status).toBe(502);
  expect(await inspector.counts(0)).toMatchObject({ inFlight: 0, failures: 0 });
});

test('what is cut within its answer is broken for the client too', async () => {
  const endless: Script = async function* () {
    yield 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun';
    await new Promise(() => {});
  };
  const { portico, inspector } = await scene([{}, {}], { script: endless });
  const client = await connectRaw(portico.port());
  await client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  while (!client.received.includes('begun')) await new Promise((resolve) => client.socket.once('data', resolve));
  await inspector.cut(0);
  await inspector.cut(1);
  await client.closed;
  expect((await portico.accessLog.lineFor('/')).error).toBe('connection_terminated');
});
