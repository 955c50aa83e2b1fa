import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { Serials } from '../../../src/geodns/plan/serials.ts';
import { tempDir } from '../../support/temp.ts';
import { DATACENTERS, planOf, zone } from './settings.ts';

let stateDir: string;

beforeEach(async () => {
  stateDir = join(await tempDir(), 'state');
});

/** One start of the program at a time in seconds, with what zones have. */
function start(now: number, contents: Record<string, string>): Record<string, number> {
  const serials = Serials.read(stateDir);
  const given = Object.entries(contents).map(([zone, content]) => [
    zone,
    serials.serialOf(zone, content, now * 1000 + 999),
  ]);
  serials.save();
  return Object.fromEntries(given);
}

describe('serial: auto', () => {
  test('is the second at which the content changed', () => {
    expect(start(1_800_000_000, { a: 'one', b: 'one' })).toEqual({ a: 1_800_000_000, b: 1_800_000_000 });
    expect(start(1_800_000_060, { a: 'two', b: 'one' })).toEqual({ a: 1_800_000_060, b: 1_800_000_000 });
  });

  test('does not change by a start', () => {
    expect(start(1_800_000_000, { a: 'one' })).toEqual({ a: 1_800_000_000 });
    expect(start(1_800_009_999, { a: 'one' })).toEqual({ a: 1_800_000_000 });
  });

  test('does not go back with the clock, nor stay within a second', () => {
    start(1_800_000_000, { a: 'one' });
    expect(start(1_700_000_000, { a: 'two' })).toEqual({ a: 1_800_000_001 });
    expect(start(1_800_000_001, { a: 'three' })).toEqual({ a: 1_800_000_002 });
  });

  test('goes round where 32 bits end', () => {
    start(2 ** 32 - 1, { a: 'one' });
    expect(start(2 ** 32 - 1, { a: 'two' })).toEqual({ a: 0 });
    expect(start(2 ** 32 + 5, { a: 'three' })).toEqual({ a: 5 });
  });

  test('is remembered of a zone that was gone for a while', () => {
    start(1_800_000_000, { a: 'one', b: 'one' });
    start(1_800_000_060, { b: 'two' });
    expect(start(1_800_000_120, { a: 'one', b: 'two' })).toEqual({ a: 1_800_000_000, b: 1_800_000_060 });
  });

  test.each(['', '{', '[]', '{"a":{"serial":-1,"content":"one"},"b":null}'])('begins anew after %j', (text) => {
    start(1_800_000_000, { a: 'one' });
    writeFileSync(join(stateDir, 'dns-serials.json'), text);
    expect(start(1_800_000_060, { a: 'one' })).toEqual({ a: 1_800_000_060 });
  });

  test('is written when there is news, and whole', () => {
    start(1_800_000_000, { a: 'one' });
    const { ino } = statSync(join(stateDir, 'dns-serials.json'));
    start(1_800_000_060, { a: 'one' });
    expect(statSync(join(stateDir, 'dns-serials.json')).ino).toBe(ino);
    expect(readdirSync(stateDir)).toEqual(['dns-serials.json']);
  });

  test('is not kept by who only looks', () => {
    Serials.read(stateDir).serialOf('a', 'one', 1000);
    expect(start(1_800_000_000, { a: 'one' })).toEqual({ a: 1_800_000_000 });
  });
});

describe('a serial that somebody else gives', () => {
  /** What is told of it by the last of these starts. */
  function told(...starts: readonly (readonly [serial: number, content: string])[]): string | undefined {
    return starts.reduce<string | undefined>((_, [serial, content]) => {
      const serials = Serials.read(stateDir);
      const problem = serials.problemOf('a', serial, content);
      serials.save();
      return problem;
    }, undefined);
  }

  test.each([
    { name: 'the first', starts: [[7, 'one']] },
    {
      name: 'a later one',
      starts: [
        [7, 'one'],
        [8, 'two'],
      ],
    },
    {
      name: 'a later one beyond the end of 32 bits',
      starts: [
        [2 ** 32 - 1, 'one'],
        [0, 'two'],
      ],
    },
    {
      name: 'the same of the same',
      starts: [
        [7, 'one'],
        [7, 'one'],
      ],
    },
    {
      name: 'what was told before',
      starts: [
        [7, 'one'],
        [7, 'two'],
        [7, 'two'],
      ],
    },
  ] as { name: string; starts: [number, string][] }[])('is taken without a word: $name', ({ starts }) => {
    expect(told(...starts)).toBeUndefined();
  });

  test('is told when it goes back', () => {
    expect(told([7, 'one'], [6, 'two'])).toBe('serial 6 is not after 7, which it was before');
    expect(told([2 ** 31 + 6, 'three'])).toBe(`serial ${2 ** 31 + 6} is not after 6, which it was before`);
  });

  test('is told when the content is another under it', () => {
    expect(told([7, 'one'], [7, 'two'])).toBe('serial 7 as before, but the content is another');
  });

  test('is what those of serial: auto come after', () => {
    told([1_900_000_000, 'one']);
    expect(start(1_800_000_000, { a: 'two' })).toEqual({ a: 1_900_000_001 });
  });
});

describe('the content of a zone', () => {
  const www = { name: 'www', geo: ['us', 'uk'], ttl: '60s' };
  const a = { name: 'a', type: 'A', value: '192.0.2.1' };

  async function contentOf(dns: object): Promise<string> {
    let content = '';
    await planOf(
      { datacenters: DATACENTERS, ...dns },
      {
        serialOf: (_, digest) => {
          content = digest;
          return 1;
        },
      },
    );
    return content;
  }

  test.each([
    { name: 'a record', zones: [zone([www, { ...a, value: '192.0.2.2' }])] },
    { name: 'a TTL', zones: [zone([www, { ...a, ttl: '1h' }])] },
    { name: 'the TTL of a geographic record', zones: [zone([{ ...www, ttl: '30s' }, a])] },
    { name: 'whom it chooses among', zones: [zone([{ ...www, geo: ['us', 'au'] }, a])] },
    { name: 'how it chooses', zones: [zone([{ ...www, mode: 'spread' }, a])] },
    {
      name: 'an address of a datacenter',
      zones: [zone([www, a])],
      datacenters: { ...DATACENTERS, us: { ...DATACENTERS.us, addresses: ['192.0.2.11'] } },
    },
  ])('is another when $name is', async ({ name: _, ...dns }) => {
    expect(await contentOf(dns)).not.toBe(await contentOf({ zones: [zone([www, a])] }));
  });

  test('is the same as long as nothing of it is', async () => {
    const before = await contentOf({ zones: [zone([www, a])] });
    expect(await contentOf({ zones: [zone([www, a])], udp_size: '4KiB' })).toBe(before);
  });
});
