import { expect, test } from 'vitest';
import { monotonicNow } from '../../../src/base/monotonic.ts';
import { Guard } from '../../../src/vrrp/witness/guard.ts';
import type { GuardedInstance, GuardedOptions } from '../../../src/vrrp/witness/guarded-instance.ts';
import { encode } from '../../../src/vrrp/witness/message.ts';
import type { CandidateNews } from '../../../src/vrrp/witness/news.ts';
import { Journal } from '../../support/journal.ts';
import { atTeardown } from '../../support/teardown.ts';
import { KEY, REQUEST } from './messages.ts';
import { memoryLog, Sender, startWitness } from './sockets.ts';

/** Real sockets and clocks. Questions stay open for long, as voters that have just started lend nothing for 150 ms. */
interface Node {
  readonly guard: Guard;
  readonly instance: GuardedInstance;
  readonly news: Journal<CandidateNews>;
}

async function startPair(interval = 50): Promise<readonly [Node, Node]> {
  const { server } = await startWitness();
  const [a, b] = [await openGuard('us-1'), await openGuard('us-2')];
  return [addTo(a, b), addTo(b, a)];

  function addTo(guard: Guard, peer: Guard): Node {
    const news = new Journal<CandidateNews>('news');
    const voters: GuardedOptions['voters'] = [
      { kind: 'peer', address: peer.address },
      { kind: 'witness', address: server.address },
    ];
    return { guard, instance: guard.add({ ...OPTIONS, interval, voters, tell: (one) => news.add(one) }), news };
  }
}

const OPTIONS = {
  subject: REQUEST.subject,
  ...{ interval: 50, timeout: 3000, voters: [] },
  standing: () => ({ priority: 254, grade: 2, digest: 1n }) as const,
  tell: () => {},
};

async function openGuard(name: string): Promise<Guard> {
  const listen = { host: '127.0.0.1', port: 0 };
  const guard = await Guard.open({ listen, key: KEY, name, version: '1', log: memoryLog().log, now: monotonicNow });
  atTeardown(() => guard.close());
  return guard;
}

test('one of two has the majority, and hands it over when the other asks for it', async () => {
  const [a, b] = await startPair();
  a.instance.ask(1, 'silence');
  await a.news.waitFor(({ kind }) => kind === 'voted');
  expect(a.instance.until).toBeGreaterThan(monotonicNow());
  b.instance.ask(7, 'preemption');
  expect(await a.news.waitFor(({ kind }) => kind === 'asked')).toEqual({
    ...{ kind: 'asked', source: '127.0.0.1', priority: 254, cause: 'preemption' },
  });
  expect(b.instance.until).toBe(Number.NEGATIVE_INFINITY);
  a.instance.giveBack();
  expect(await b.news.waitFor(({ kind }) => kind === 'voted')).toMatchObject({ question: 7, vote: 'granted' });
});

test('what a node has is free as soon as it ends', async () => {
  const [a, b] = await startPair(600);
  a.instance.ask(1, 'silence');
  await a.news.waitFor(({ kind }) => kind === 'voted');
  b.instance.ask(1, 'farewell');
  const { until } = a.instance;
  await a.guard.close();
  expect(await b.news.waitFor(({ kind }) => kind === 'voted')).toMatchObject({ vote: 'granted' });
  expect(monotonicNow()).toBeLessThan(until);
});

test('leases are renewed by the clock', async () => {
  const [a] = await startPair();
  a.instance.ask(1, 'silence');
  const first = await a.news.waitFor(({ kind }) => kind === 'lease');
  await a.news.waitFor((one) => one.kind === 'lease' && first.kind === 'lease' && one.until > first.until + 500);
  expect(a.news.all.some(({ kind }) => kind === 'lost')).toBe(false);
});

test('nodes know how their peers stand', async () => {
  const [a] = await startPair();
  expect(await a.news.waitFor(({ kind }) => kind === 'peer')).toEqual({ kind: 'peer', grade: 2 });
  const [peer] = a.instance.voters;
  expect(peer).toMatchObject({ kind: 'peer', name: 'us-2', isHeard: true, standing: { priority: 254, version: '1' } });
});

test('what is of no instance of ours is counted, and not answered', async () => {
  const guard = await openGuard('us-1');
  guard.add(OPTIONS);
  const sender = await Sender.open(guard.address);
  await sender.send(encode({ ...REQUEST, subject: { ...REQUEST.subject, pair: 'of others' } }, KEY));
  await sender.send(encode(REQUEST, Buffer.from('a key of somebody else')));
  expect((await sender.ask(REQUEST)).kind).toBe('challenge');
  expect(sender.waiting).toBe(0);
  expect(guard.counts).toMatchObject({ unknown: 1, key: 1, challenge: 1 });
});

test('an instance is guarded once, until it is closed', async () => {
  const guard = await openGuard('us-1');
  const instance = guard.add(OPTIONS);
  expect(() => guard.add(OPTIONS)).toThrow('guarded twice: 4/51/front');
  instance.close();
  guard.add(OPTIONS);
});

test('voters have addresses of the family that the node listens on', async () => {
  const guard = await openGuard('us-1');
  const voters = [{ kind: 'witness', address: { host: '::1', port: 8500 } }] as const;
  expect(() => guard.add({ ...OPTIONS, voters })).toThrow('::1 is of another family');
});
