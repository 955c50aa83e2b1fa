import { describe, expect, test, vi } from 'vitest';
import type { HotKey } from '../../../src/cache/hottest.ts';
import { isCold, type WarmUpOptions, warmUp } from '../../../src/sibling/link/warm-up.ts';
import { LinkedNode, linked, pair, peer } from './scene.ts';

function keys(count: number, bytes = 1000): HotKey[] {
  return Array.from({ length: count }, (_, i) => ({ url: `http://x/${i}`, fields: ['accept', `a/${i}`], bytes }));
}

/** Pieces of ten. */
function source(all: HotKey[], failsAfter = Number.POSITIVE_INFINITY) {
  let told = 0;
  return {
    next: async () => {
      if (told >= failsAfter) throw new Error('lost');
      told += 1;
      return all.splice(0, 10);
    },
  };
}

/** What was asked for, in order. */
async function run(options: Partial<WarmUpOptions> & { readonly all?: HotKey[] }) {
  const asked: string[] = [];
  const fill = vi.fn(async (url: string) => {
    asked.push(url);
    await new Promise(setImmediate);
    return 1000;
  });
  const result = await warmUp({
    keys: source(options.all ?? keys(100)),
    rate: 1e9,
    fill,
    has: () => false,
    isFull: () => false,
    signal: new AbortController().signal,
    ...options,
  });
  return { asked, result };
}

describe('a warm-up', () => {
  test('asks for all keys in their order, with their fields', async () => {
    const all = keys(100);
    const fill = vi.fn(async () => 7);
    const { result } = await run({ keys: source([...all]), fill });
    expect(fill.mock.calls).toEqual(all.map(({ url, fields }) => [url, fields]));
    expect(result).toEqual({ end: 'done', filled: 100, bytes: 700, skipped: 0, failed: 0 });
  });

  test('asks for a few at a time', async () => {
    let running = 0;
    let most = 0;
    const fill = async () => {
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running -= 1;
      return 1;
    };
    await run({ fill });
    expect(most).toBe(4);
    expect(running).toBe(0);
  });

  test('passes over what is there', async () => {
    const { asked, result } = await run({ has: (url) => Number(url.slice(9)) % 2 === 0 });
    expect(asked).toHaveLength(50);
    expect(result).toMatchObject({ end: 'done', filled: 50, skipped: 50 });
  });

  test('fetches no more in a second than it may', async () => {
    const begun = performance.now();
    const { result } = await run({ all: keys(50, 1000), rate: 100_000 });
    expect(result).toMatchObject({ end: 'done', bytes: 50_000 });
    const took = performance.now() - begun;
    expect(took).toBeGreaterThan(450);
    expect(took).toBeLessThan(2000);
  });

  test('counts what was fetched, and not what was announced', async () => {
    const begun = performance.now();
    const { result } = await run({ all: keys(20, 1), rate: 40_000, fill: async () => 1000 });
    expect(result.bytes).toBe(20_000);
    expect(performance.now() - begun).toBeGreaterThan(350);
  });

  test('ends when memory is full', async () => {
    let filled = 0;
    const fill = async () => ++filled;
    const { result } = await run({ fill, isFull: () => filled >= 10 });
    expect(result).toMatchObject({ end: 'full' });
    expect(filled).toBeLessThan(15);
  });

  test('ends when it is told to, also while it waits for its turn', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    const { result } = await run({ all: keys(100, 1e6), rate: 1000, signal: controller.signal });
    expect(result).toMatchObject({ end: 'stopped', filled: 1 });
  });

  test('ends when nothing of it can be had', async () => {
    const { result } = await run({ all: keys(1000), fill: async () => undefined });
    expect(result).toMatchObject({ end: 'failing', filled: 0 });
    expect(result.failed).toBeLessThan(80);
  });

  test('bears what fails now and then, however it fails', async () => {
    let count = 0;
    const fill = async () => {
      if (++count % 3 === 0) throw new Error('no');
      return count % 3 === 1 ? undefined : 5;
    };
    const { result } = await run({ all: keys(300), fill });
    expect(result).toMatchObject({ end: 'done', filled: 100, failed: 200 });
  });

  test('ends when the link is lost, after what is under way', async () => {
    const { result } = await run({ keys: source(keys(100), 3) });
    expect(result).toMatchObject({ end: 'lost', filled: 30 });
  });
});

test.each([
  { objects: 0, wanted: 1, expected: true },
  { objects: 999, wanted: 10_000, expected: true },
  { objects: 1000, wanted: 10_000, expected: false },
])('a node of $objects objects that would ask for $wanted is cold: $expected', ({ objects, wanted, expected }) => {
  expect(isCold(objects, wanted)).toBe(expected);
});

describe('over a link', () => {
  async function warmAndCold(all: HotKey[]) {
    const warm = await LinkedNode.start('warm', '127.0.0.11', {
      hottest: (count) => {
        const left = all.slice(0, count);
        return { next: async (most) => left.splice(0, most) };
      },
    });
    const cold = await LinkedNode.start('cold', '127.0.0.12', { peers: [peer('warm', warm.address)] });
    await warm.know(peer('cold', cold.address));
    await linked(warm, cold);
    return { warm, cold };
  }

  test('a node is told what its sibling is asked for most, as much as it wants', async () => {
    const all = keys(1000);
    const { cold } = await warmAndCold(all);
    const told = await cold.link.hottestOfPeer(333, 1000);
    expect(told?.peer.name).toBe('warm');
    const { asked, result } = await run({ keys: told?.keys as WarmUpOptions['keys'] });
    expect(result).toMatchObject({ end: 'done', filled: 333 });
    expect(asked).toEqual(all.slice(0, 333).map(({ url }) => url));
  });

  test('keys that could be no request are left out', async () => {
    const good = keys(1)[0] as HotKey;
    const bad: HotKey[] = [
      { ...good, url: 'http://x/ y' },
      { ...good, url: 'ftp://x/' },
      { ...good, fields: ['a'] },
      { ...good, fields: ['a', 'b\r\nc: d'] },
      { ...good, fields: ['a:', 'b'] },
      { ...good, fields: ['a', 'x'.repeat(9000)] },
      { ...good, bytes: -1 },
    ];
    const { cold } = await warmAndCold([...bad, good]);
    const told = await cold.link.hottestOfPeer(100, 1000);
    expect(await told?.keys.next()).toEqual([good]);
    expect(await told?.keys.next()).toEqual([]);
    expect(await told?.keys.next()).toEqual([]);
  });

  test('the longest keys there are fit into a line', async () => {
    const all = Array.from({ length: 120 }, (_, i) => ({
      url: `http://x/${i}`,
      fields: ['a', '"'.repeat(4000), 'b', '\xff'.repeat(4000)],
      bytes: 1,
    }));
    const { cold } = await warmAndCold(all);
    const told = await cold.link.hottestOfPeer(1000, 1000);
    const { result } = await run({ keys: told?.keys as WarmUpOptions['keys'] });
    expect(result).toMatchObject({ end: 'done', filled: 120 });
  });

  test('the end of the link is the end of it', async () => {
    const { warm, cold } = await warmAndCold(keys(1000));
    const told = await cold.link.hottestOfPeer(1000, 1000);
    let filled = 0;
    const fill = async () => {
      if (++filled === 70) await warm.end();
      return 1;
    };
    const { result } = await run({ keys: told?.keys as WarmUpOptions['keys'], fill });
    expect(result.end).toBe('lost');
  });

  test('a sibling that tells nothing has nothing to tell', async () => {
    const { b } = await pair();
    const told = await b.link.hottestOfPeer(10, 1000);
    expect(await told?.keys.next()).toEqual([]);
  });

  test('a node without a link waits for one as long as it is told to', async () => {
    const a = await LinkedNode.start('a', '127.0.0.11');
    expect(await a.link.hottestOfPeer(10, 20)).toBeUndefined();
    const waiting = a.link.hottestOfPeer(10, 8000);
    const b = await LinkedNode.start('b', '127.0.0.12', { peers: [peer('a', a.address)] });
    await a.know(peer('b', b.address));
    expect((await waiting)?.peer.name).toBe('b');
  });
});
