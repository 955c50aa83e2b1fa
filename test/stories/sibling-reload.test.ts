import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { HostPort } from '../../src/base/address.ts';
import { answer, type OriginRequest } from '../support/origin.ts';
import { freePlace } from '../support/relay.ts';
import { atTeardown } from '../support/teardown.ts';
import { type Member, openScene, startSiblings, toldBy } from './sibling-scene.ts';

/** Siblings come, go, move and are not believed, while requests go on: none fails. */

const FRESH = 'Cache-Control: max-age=3600';
const script = ({ target }: OriginRequest) => answer(`of ${target}`, { fields: [FRESH] });

let count = 0;

/** Nobody has asked for it yet. */
function newTarget(): string {
  count += 1;
  return `/${count}`;
}

/** Whether `b` gets from `a` what that has: on a busy machine not each time. */
async function isShared(a: Member, b: Member): Promise<boolean> {
  for (let tries = 0; tries < 10; tries++) {
    const target = newTarget();
    await a.ask(target);
    const reply = await b.ask(target);
    expect([reply.status, reply.body]).toEqual([200, `of ${target}`]);
    if (toldBy(reply).includes('sibling-hit')) return true;
  }
  return false;
}

/** Asks both of them all the time, until it is ended. Rejects if anything else comes than it should. */
function traffic(a: Member, b: Member): { end(): Promise<number> } {
  let isOver = false;
  let asked = 0;
  const run = async () => {
    for (; !isOver; asked += 2) {
      const target = newTarget();
      const members = asked % 4 === 0 ? [a, b] : [b, a];
      for (const member of members) {
        const { status, body } = await member.ask(target);
        expect([status, body]).toEqual([200, `of ${target}`]);
      }
    }
  };
  const running = Promise.all([run(), run()]);
  running.catch(() => {});
  return {
    async end() {
      isOver = true;
      await running;
      return asked;
    },
  };
}

const reloaded = async (member: Member, special: Parameters<Member['reload']>[0] = {}) =>
  expect(await member.reload(special)).toMatchObject({ message: 'reloaded' });

test('a sibling is found, moves, goes and comes back', async () => {
  const siblings = await openScene({ script, isDirect: true, siblings: { timeout: '100ms' } });
  const [a, b] = siblings.members as [Member, Member];
  await a.start();
  await b.start({ siblings: 'off' });
  const requests = traffic(a, b);
  expect(await isShared(a, b)).toBe(false);

  await reloaded(b);
  await siblings.linked();
  expect(await isShared(a, b)).toBe(true);

  // It asks from there at once; the other one has to be told where it is.
  const before = { a: a.told, b: b.told };
  b.icp = await freePlace(b.icp.host);
  await reloaded(b);
  await b.linked('a', before.b);
  expect(await isShared(a, b)).toBe(true);
  await reloaded(a);
  await a.linked('b', before.a);
  expect(await isShared(b, a)).toBe(true);

  await reloaded(b, { peers: [] });
  expect(await b.account('a')).toBeUndefined();
  expect(await isShared(a, b)).toBe(false);
  const target = newTarget();
  await b.ask(target);
  expect(JSON.parse((await a.purge(target)).body).siblings).toEqual([{ peer: 'b', outcome: 'not-reached' }]);
  expect(toldBy(await b.ask(target))).toBe('hit');

  const again = b.told;
  await reloaded(b);
  await b.linked('a', again);
  expect(toldBy(await b.ask(target))).not.toBe('hit');
  expect(await isShared(a, b)).toBe(true);

  await reloaded(b, { siblings: 'off' });
  expect(await isShared(a, b)).toBe(false);
  expect(await requests.end()).toBeGreaterThan(20);
});

test('one that does not know the secret is asked as a stranger is, and not told of purges', async () => {
  const siblings = await openScene({
    script: ({ target }) =>
      answer(`of ${target}`, { fields: [FRESH, ...(target.includes('vary') ? ['Vary: Accept'] : [])] }),
    secret: 'sesame',
  });
  const [a, b] = siblings.members as [Member, Member];
  await a.start();
  await b.start({ secret: 'simsim' });
  const disbelief = { peer: 'a', why: 'it does not know the secret' };
  const isDisbelief = ({ message }: { message: string }) =>
    message === 'sibling is not believed to be a Portico node of ours';
  expect(await b.portico.events.waitFor(isDisbelief)).toMatchObject(disbelief);
  expect(await b.account('a')).toMatchObject({ portico: false, link: { state: 'refused' } });
  expect(await isShared(a, b)).toBe(true);
  for (const accept of ['text/html', 'text/plain']) await a.ask('/vary', { head: [`Accept: ${accept}`] });
  expect(toldBy(await b.ask('/vary', { head: ['Accept: text/html'] }))).not.toContain('sibling-hit');
  expect(JSON.parse((await a.purge('/1')).body).siblings).toEqual([{ peer: 'b', outcome: 'not-told' }]);
  expect(a.said('link to sibling is up')).toEqual([]);

  await reloaded(b, { secret: 'sesame' });
  await siblings.linked();
  for (const accept of ['text/html', 'text/plain']) await a.ask('/vary/2', { head: [`Accept: ${accept}`] });
  expect(toldBy(await b.ask('/vary/2', { head: ['Accept: text/html'] }))).toContain('sibling-hit');
});

describe.each([
  { by: 'UDP', occupy: occupyUdp },
  { by: 'TCP', occupy: occupyTcp },
])('an address that another program has by $by', ({ by, occupy }) => {
  const problem = ({ host, port }: HostPort) => `siblings: cannot listen on ${host}:${port} (${by}): EADDRINUSE`;

  test('refuses a start, and says so', async () => {
    const siblings = await openScene({ script });
    const [a] = siblings.members as [Member];
    await occupy(a.icp);
    await expect(a.start()).rejects.toThrow(problem(a.icp));
  });

  test('refuses a reload, and all goes on as it was', async () => {
    const siblings = await startSiblings({ script, isDirect: true });
    const [a, b] = siblings.members as [Member, Member];
    const before = b.icp;
    b.icp = await freePlace(b.icp.host);
    await occupy(b.icp);
    expect(await b.reload({})).toMatchObject({
      message: 'reload refused',
      problems: [expect.stringContaining(problem(b.icp))],
    });
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const)
      expect(await isShared(from, to)).toBe(true);
    expect(JSON.parse((await b.purge('/1')).body).siblings).toEqual([{ peer: 'a', outcome: 'acknowledged' }]);
    expect(JSON.parse((await a.purge('/1')).body).siblings).toEqual([{ peer: 'b', outcome: 'acknowledged' }]);
    // What it wanted is not kept half: another place is taken whole.
    b.icp = before;
    await reloaded(b, {});
    expect(await isShared(b, a)).toBe(true);
  });
});

async function occupyUdp({ host, port }: HostPort): Promise<void> {
  const socket = createSocket('udp4');
  socket.bind({ address: host, port, exclusive: true });
  await once(socket, 'listening');
  atTeardown(() => socket.close());
}

async function occupyTcp({ host, port }: HostPort): Promise<void> {
  const server = createServer();
  server.listen({ host, port, exclusive: true });
  await once(server, 'listening');
  atTeardown(() => server.close());
}

test('siblings that are switched off are not waited for: what is on disk is served again', async () => {
  const siblings = await startSiblings({ script, cache: { disk: { size: '64MiB' } }, siblings: { timeout: '50ms' } });
  const [a, b] = siblings.members as [Member, Member];
  const target = newTarget();
  await b.ask(target);
  await b.onDisk(`of ${target}`);
  await a.kill();
  await b.restart();
  await b.portico.events.waitFor('what is on disk is validated until siblings are caught up with');
  await b.portico.events.waitFor('disk cache is indexed');
  expect((await b.ask(target, { head: ['Cache-Control: only-if-cached'] })).status).toBe(504);
  await reloaded(b, { siblings: 'off' });
  expect(toldBy(await b.ask(target))).toBe('hit');
});
