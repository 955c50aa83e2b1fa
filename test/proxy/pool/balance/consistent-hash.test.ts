import { describe, expect, test } from 'vitest';
import { ConsistentHash } from '../../../../src/proxy/pool/balance/consistent-hash.ts';
import { candidates, request, scene } from './scene.ts';

const KEYS = Array.from({ length: 20_000 }, (_, i) => `/products/${i}/image-${i % 7}.jpg`);

function policy(...weights: number[]): ConsistentHash {
  return new ConsistentHash(candidates(weights), { kind: 'path' });
}

function placed(hash: ConsistentHash): (number | undefined)[] {
  return KEYS.map((key) => hash.choose(0, request(key), scene()));
}

describe('consistent-hash', () => {
  test('sends a key to the same origin each time, in any process', () => {
    const first = policy(1, 1, 1, 1);
    const second = policy(1, 1, 1, 1);
    for (const key of KEYS.slice(0, 500)) {
      expect(second.choose(77, request(key), scene())).toBe(first.choose(0, request(key), scene()));
    }
  });

  test.each([2, 3, 5, 10, 30])('of %d, on loss of one moves its keys alone', (count) => {
    const all = candidates(Array.from({ length: count }, () => 1));
    const before = placed(new ConsistentHash(all, { kind: 'path' }));
    const after = placed(
      new ConsistentHash(
        all.filter(({ position }) => position !== 1),
        { kind: 'path' },
      ),
    );
    const moved = before.filter((position, i) => position !== after[i]).length;
    expect(before.every((position, i) => position === 1 || position === after[i])).toBe(true);
    expect(moved / KEYS.length).toBeLessThanOrEqual(1 / count + 0.1);
    // They are spread over all that are left.
    const heirs = after.filter((_, i) => before[i] === 1);
    expect(new Set(heirs).size).toBe(count - 1);
  });

  test.each([{ weights: [1, 1, 1, 1] }, { weights: [1, 2, 4] }, { weights: [25_600, 100, 12_800] }])(
    'shares keys by weights $weights',
    ({ weights }) => {
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const counts = weights.map(() => 0);
      for (const position of placed(policy(...weights)) as number[])
        counts[position] = (counts[position] as number) + 1;
      for (const [i, weight] of weights.entries()) {
        expect(Math.abs((counts[i] as number) / KEYS.length - weight / total)).toBeLessThan(0.015);
      }
    },
  );

  test('moves no key between two whose weights stay, when the weight of a third grows', () => {
    const before = placed(policy(100, 100, 30));
    const after = placed(policy(100, 100, 80));
    expect(before.every((position, i) => position === after[i] || after[i] === 2)).toBe(true);
  });

  test('passes over who has a quarter more than its share in flight', () => {
    const hash = policy(1, 1, 1, 1);
    const key = request('/hot');
    const home = hash.choose(0, key, scene()) as number;
    const loads = [100, 100, 100, 100];
    expect(hash.choose(0, key, scene({ loads }))).toBe(home);
    loads[home] = 136;
    expect(hash.choose(0, key, scene({ loads }))).toBe(home);
    loads[home] = 137;
    expect(hash.choose(0, key, scene({ loads }))).not.toBe(home);
  });

  test('bounds the load also when all ask for the same', () => {
    const hash = policy(1, 1, 1, 1);
    const loads = [0, 0, 0, 0];
    for (let i = 0; i < 1000; i++) {
      const position = hash.choose(i, request('/hot'), scene({ loads })) as number;
      loads[position] = (loads[position] as number) + 1;
    }
    expect(Math.max(...loads)).toBeLessThanOrEqual(Math.ceil(1.25 * 250));
  });

  test('goes to who is next when its origin was tried, and to nobody when all were', () => {
    const hash = policy(1, 1, 1);
    const home = hash.choose(0, request('/a'), scene()) as number;
    const next = hash.choose(0, request('/a'), scene({ excluded: [home] })) as number;
    expect(next).not.toBe(home);
    expect(hash.choose(0, request('/a'), scene({ excluded: [0, 1, 2] }))).toBeUndefined();
  });
});

describe('what it goes by', () => {
  test.each([
    { name: 'the path without its query', hashOn: { kind: 'path' }, same: [request('/a?x=1'), request('/a?x=2')] },
    {
      name: "the client's address",
      hashOn: { kind: 'client' },
      same: [request('/a', [], '192.0.2.7'), request('/b', [], '192.0.2.7')],
    },
    {
      name: 'a header',
      hashOn: { kind: 'header', name: 'x-tenant' },
      same: [request('/a', ['X-Tenant', 't1'], '192.0.2.1'), request('/b', ['x-tenant', 't1'], '192.0.2.2')],
    },
    {
      name: 'a cookie',
      hashOn: { kind: 'cookie', name: 'sid' },
      same: [request('/a', ['Cookie', 'a=b; sid=1']), request('/b', ['cookie', 'sid="1"; c=d'], '192.0.2.2')],
    },
    {
      name: 'the address, where there is no such header',
      hashOn: { kind: 'header', name: 'x-tenant' },
      same: [request('/a', [], '192.0.2.9'), request('/b', [], '192.0.2.9')],
    },
  ] as const)('is $name', ({ hashOn, same: [one, other] }) => {
    const hash = new ConsistentHash(candidates(Array.from({ length: 64 }, () => 1)), hashOn);
    expect(hash.choose(0, one, scene())).toBe(hash.choose(0, other, scene()));
  });
});
