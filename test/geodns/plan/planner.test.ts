import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compileAside } from '../../../src/geodns/plan/compile-order.ts';
import { ensureCookieSecrets, readCookieSecrets } from '../../../src/geodns/plan/cookie-secrets.ts';
import { compiledTables } from '../../../src/geodns/plan/geo-tables.ts';
import { unpackSets } from '../../../src/geodns/plan/packed-sets.ts';
import { Problem } from '../../../src/geodns/wire/problem.ts';
import { tempDir } from '../../support/temp.ts';
import { recordsOf } from '../zone/zones.ts';
import { compileHere, DATACENTERS, NS, planOf, SOA, smallDatabase, zone } from './settings.ts';

const WWW = { name: 'www', geo: ['us', 'uk'] };

describe('a plan', () => {
  test('has each map once, and tables for it', async () => {
    const { plan, choices } = await planOf({
      datacenters: DATACENTERS,
      maps: { world: { datacenters: ['uk', 'us'] }, unused: { datacenters: ['us'] } },
      zones: [
        zone([WWW, { name: 'a', geo: 'world' }, { name: 'b', geo: ['us', 'uk'] }, { name: 'c', geo: ['uk', 'us'] }]),
        zone(
          [
            { name: 'd', geo: 'world' },
            { ...WWW, mode: 'failover' },
          ],
          'example.org',
        ),
      ],
    });
    const names = ['closest of us, uk', 'world', 'closest of uk, us', 'failover of us, uk'];
    expect(plan.maps.map(({ name }) => name)).toEqual(names);
    expect(plan.tables.map(({ name }) => name)).toEqual(names);
    expect(plan.zones.map(({ geo }) => geo.map(({ map }) => map))).toEqual([
      [0, 1, 0, 2],
      [1, 3],
    ]);
    expect(choices).toEqual([
      ['us', 'uk'],
      ['uk', 'us'],
      ['uk', 'us'],
      ['us', 'uk'],
    ]);
  });

  test('has a choice for each place with a list of its own, as nobody of that may be in service where others are', async () => {
    const places = {
      EU: { GB: ['uk'], default: 'closest' },
      NA: { US: { CA: ['us', 'uk'], default: [] } },
      default: ['uk', 'us'],
    };
    const { choices } = await planOf({
      datacenters: DATACENTERS,
      maps: { world: { datacenters: ['us', 'uk'], places } },
      zones: [zone([{ name: 'a', geo: 'world' }])],
    });
    expect(choices).toEqual([['us', 'uk'], ['uk', 'us'], ['uk'], [], ['us', 'uk']]);
  });

  test('tells by file and line what is wrong with a serial, which is no part of the content', async () => {
    const asked: unknown[] = [];
    const warningsOf = async (serial: number) => {
      const text = `$TTL 60\n@ NS ns.other.\n@ SOA a. b. ${serial} 1 1 1 1`;
      const planned = await planOf(
        { zones: [{ name: 'example.org', file: 'org' }, zone([])] },
        {
          readText: () => text,
          serialProblem: (...given) => {
            asked.push(given);
            return 'wrong';
          },
        },
      );
      return planned.warnings;
    };
    expect(await warningsOf(7)).toEqual(['org:3: wrong: secondaries keep what they have']);
    await warningsOf(8);
    const content = expect.stringMatching(/^[0-9a-f]{64}$/);
    expect(asked).toEqual([
      ['\x07example\x03org\0', 7, content],
      ['\x07example\x03org\0', 8, content],
    ]);
    expect((asked[0] as unknown[])[2]).toBe((asked[1] as unknown[])[2]);
  });

  test('has the serial of a zone where it is asked for', async () => {
    const asked: string[] = [];
    const { plan } = await planOf(
      { zones: [zone([]), { ...zone([], 'fixed.org'), soa: { ...SOA, serial: 5 } }] },
      {
        serialOf: (name) => {
          asked.push(name);
          return 4_000_000_000;
        },
      },
    );
    expect(asked).toEqual(['\x07example\x03com\0']);
    const soas = plan.zones.map(({ sets }) => recordsOf([...unpackSets(sets)])[0]);
    expect(soas).toEqual([
      'example.com. 3600 SOA ns1.example.net. hostmaster.example.com. 4000000000 3600 900 604800 60',
      'fixed.org. 3600 SOA ns1.example.net. hostmaster.example.com. 5 3600 900 604800 60',
    ]);
  });

  test('has what is beside a master file as well', async () => {
    const texts: Record<string, string> = { '/org': '@ 60 SOA a. b. 9 1 1 1 1\n@ 60 NS a.\n' };
    const { plan } = await planOf(
      {
        datacenters: DATACENTERS,
        zones: [{ name: 'org', file: '/org', records: [WWW, { name: 'x', type: 'A', value: '192.0.2.1' }] }],
      },
      { readText: (path) => texts[path] ?? new Problem('is not there') },
    );
    expect(plan.zones.flatMap(({ sets }) => recordsOf([...unpackSets(sets)]))).toEqual([
      'org. 60 SOA a. b. 9 1 1 1 1',
      'org. 60 NS a.',
      'x.org. 300 A 192.0.2.1',
    ]);
    expect(plan.zones[0]?.geo).toHaveLength(1);
  });

  test.each([
    { alpn: 'auto', listeners: ['h2'], expected: ['h2'] },
    { alpn: 'auto', listeners: [], expected: [] },
    { alpn: ['h3', 'h2'], listeners: [], expected: ['h3', 'h2'] },
    { alpn: [], listeners: ['h2'], expected: [] },
  ])('promises $expected where alpn is $alpn, and listeners have $listeners', async ({ alpn, listeners, expected }) => {
    expect((await planOf({ alpn }, { alpn: listeners })).plan.alpn).toEqual(expected);
  });

  test.each([
    { settings: {}, limits: { responses: 200, nxdomains: 200, errors: 200, window: 5, slip: 1, exempt: [] } },
    { settings: { rate_limit: 'off' }, limits: { responses: 0, nxdomains: 0, errors: 0, exempt: [] } },
    {
      settings: { rate_limit: { responses_per_second: 7, slip: 3, exempt: ['10.0.0.0/8'] } },
      limits: { responses: 7, errors: 7, slip: 3, exempt: ['10.0.0.0/8'] },
    },
  ])('limits rates as $settings', async ({ settings, limits }) => {
    expect((await planOf(settings)).plan.answering.limits).toMatchObject(limits);
  });

  test('has no more than its own bytes', async () => {
    const { plan } = await planOf({ nsid: 'x', datacenters: DATACENTERS, zones: [zone([WWW])] });
    const [packed] = plan.zones;
    const parts = [packed?.name, packed?.sets, packed?.geo[0]?.owner, plan.answering.nsid];
    expect(parts.map((part) => part?.buffer.byteLength)).toEqual(parts.map((part) => part?.byteLength));
  });

  test('tells nothing of the server unless it is to', async () => {
    const { nsid, id, version } = (await planOf({})).plan.answering;
    expect({ nsid, id, version }).toEqual({ nsid: undefined, id: undefined, version: undefined });
    const told = (await planOf({ nsid: 'us-1', version: 'x' })).plan.answering;
    expect(told).toMatchObject({ nsid: new Uint8Array(Buffer.from('us-1')), id: 'us-1', version: 'x' });
  });

  test('is refused with all that is wrong with its zones, which may have changed since they were checked', async () => {
    const planned = planOf(
      {
        zones: [
          { name: 'org', file: '/org' },
          { name: 'com', soa: SOA, records: [{ ...NS, value: 'x' }] },
        ],
      },
      { readText: () => '@ 60 SOA a. b. 9 1 1 1 1\nwww 60 A 1.2.3\n' },
    );
    await expect(planned).rejects.toMatchObject({
      problems: [
        '/org:2: A: expected an IPv4 address, got "1.2.3"',
        '/org: expected an NS record at the name of the zone, got none',
        expect.stringMatching(/^dns\.zones\[1\]\.records\[0\]: NS: expected a whole name/),
        expect.stringMatching(/^dns\.zones\[1\]: expected an NS record/),
      ],
    });
  });
});

describe('tables', () => {
  const order = {
    files: [] as string[],
    datacenters: [
      { name: 'us', nets: [] },
      { name: 'uk', nets: [], location: [51.5, -0.1] as const },
    ],
    maps: [{ name: 'm', mode: 'closest' as const, datacenters: [0, 1], ranked: 3 }],
  };

  test('are the same from a thread of its own', async () => {
    const file = join(await tempDir(), 'city.mmdb');
    writeFileSync(file, smallDatabase());
    const aside = await compileAside({ ...order, files: [file] });
    expect(aside).toEqual(await compileHere({ ...order, files: [file] }));
    expect(aside.maps[0]?.ipv4.starts.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  test.each([
    { name: 'is damaged', bytes: Buffer.from('x'), told: /city\.mmdb is no MaxMind DB, or is cut off/ },
    { name: 'is cut off', bytes: smallDatabase().subarray(40), told: /city\.mmdb is damaged/ },
    { name: 'is not there', bytes: undefined, told: /city\.mmdb cannot be read/ },
  ])('are refused when a database $name', async ({ bytes, told }) => {
    const file = join(await tempDir(), 'city.mmdb');
    if (bytes !== undefined) writeFileSync(file, bytes);
    await expect(compileAside({ ...order, files: [file] })).rejects.toThrow(told);
  });

  test('are taken again as long as nothing of what they were made of has changed', async () => {
    const file = join(await tempDir(), 'city.mmdb');
    writeFileSync(file, smallDatabase());
    const first = await compiledTables({ ...order, files: [file] }, undefined, compileHere);
    const again = () => compiledTables({ ...order, files: [file] }, first, compileHere);
    expect(await again()).toBe(first);
    expect(await compiledTables({ ...order, files: [file], maps: [] }, first, compileHere)).not.toBe(first);
    writeFileSync(file, Buffer.concat([Buffer.alloc(0), smallDatabase([0, 0]), Buffer.alloc(1)]));
    expect(await again()).not.toBe(first);
  });
});

describe('secrets of cookies', () => {
  test.each([
    { text: '000102030405060708090a0b0c0d0e0F\n', current: '000102030405060708090a0b0c0d0e0f', other: undefined },
    { text: 'words\nformer\n', current: 'dba36bffa5cab0f922d087a3aeb179f9', other: '2a36430635e7505479f0ba76c491f1fe' },
    { text: '  words  \r\n\n', current: 'dba36bffa5cab0f922d087a3aeb179f9', other: undefined },
  ])('are read from $text', async ({ text, current, other }) => {
    const file = join(await tempDir(), 'secret');
    writeFileSync(file, text);
    const secrets = readCookieSecrets(file);
    expect(Buffer.from(secrets.current).toString('hex')).toBe(current);
    expect(secrets.other && Buffer.from(secrets.other).toString('hex')).toBe(other);
  });

  test('are refused when there is none', async () => {
    const file = join(await tempDir(), 'secret');
    writeFileSync(file, '\nsecond\n');
    expect(() => readCookieSecrets(file)).toThrow(`${file}: expected a secret on its first line, got nothing`);
  });

  test('are made once', async () => {
    const stateDir = join(await tempDir(), 'state');
    const { current } = ensureCookieSecrets(stateDir);
    expect(current).toHaveLength(16);
    expect(ensureCookieSecrets(stateDir)).toEqual({ current });
  });
});
