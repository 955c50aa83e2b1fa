import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../../../src/base/address.ts';
import { compile } from '../../../../src/geodns/geo/compile.ts';
import { Database, databaseFor } from '../../../../src/geodns/geo/mmdb/database.ts';
import { DatabaseError } from '../../../../src/geodns/geo/mmdb/database-error.ts';
import { openDatabase } from '../../../../src/geodns/geo/mmdb/open-database.ts';
import { walkIPv4, walkIPv6 } from '../../../../src/geodns/geo/mmdb/walk.ts';
import { formatNet, type Net } from '../../../../src/geodns/geo/net.ts';
import { placeOf } from '../../../../src/geodns/geo/place.ts';
import { Random } from '../../../cache/memory/random.ts';
import { writeMmdb } from '../../../support/mmdb-writer.ts';
import { tempDir } from '../../../support/temp.ts';
import { NaiveNets, randomAddress, randomNets, randomPlaces } from '../world.ts';

const SIZES = [24, 28, 32] as const;

describe('a database', () => {
  test.each(SIZES)('of %i bits a record finds what the nets around an address say', (recordSize) => {
    const random = new Random(recordSize);
    const nets = ([4, 6] as const).flatMap((family) =>
      randomNets(random, family, 400).map((net) => [net, `${random.below(50)}`] as const),
    );
    const database = new Database(writeMmdb({ recordSize, nets: nets.map(([net, city]) => [net, { city }]) }));
    const naive = new NaiveNets(nets);
    for (let i = 0; i < 4000; i++) {
      const family = i % 2 === 0 ? 4 : 6;
      const address = randomAddress(random, family);
      const { record } = database.lookUp(family, address);
      expect(record && placeOf(database, record).city).toBe(naive.find(family, address));
    }
  });

  test('for IPv4 alone says nothing of an IPv6 address', () => {
    const database = new Database(writeMmdb({ ipVersion: 4, nets: [['0.0.0.0/0', { country_code: 'CN' }]] }));
    expect(database.lookUp(6, [0x2a00_0000, 0, 0, 0])).toEqual({ record: undefined, prefix: 0 });
    expect(database.lookUp(4, [0, 0, 0, 0x01020304])).toEqual({ record: expect.any(Number), prefix: 1 });
  });

  test('tells how large the net around an address is, of an unknown one too', () => {
    const database = new Database(writeMmdb({ nets: [['192.168.0.0/17', { country_code: 'DE' }]] }));
    expect(database.lookUp(4, [0, 0, 0, parseAddress('192.168.1.1') as number]).prefix).toBe(17);
    expect(database.lookUp(4, [0, 0, 0, parseAddress('192.168.128.1') as number])).toEqual({
      record: undefined,
      prefix: 17,
    });
  });

  test('with one file for each family is asked for its own', () => {
    const ipv4 = new Database(writeMmdb({ ipVersion: 4, nets: [['1.0.0.0/8', {}]] }));
    const ipv6 = new Database(writeMmdb({ nets: [['2a00::/16', {}]] }));
    expect(databaseFor([ipv6, ipv4], 4)).toBe(ipv4);
    expect(databaseFor([ipv6, ipv4], 6)).toBe(ipv6);
    expect(databaseFor([ipv6], 4)).toBe(ipv6);
    expect(databaseFor([ipv4], 6)).toBeUndefined();
    expect(databaseFor([], 4)).toBeUndefined();
  });
});

describe('a walk', () => {
  test('tells of all leaves in the order of addresses, and of gaps', () => {
    const nets = ['1.0.0.0/8', '1.2.0.0/16', '128.0.0.0/2'].map((net) => [net, { city: net }] as const);
    const database = new Database(writeMmdb({ nets }));
    const told: string[] = [];
    let next = 0;
    walkIPv4(database, (_0, _1, _2, first, prefix, record) => {
      expect(first).toBe(next);
      next = first + 2 ** (32 - prefix);
      if (record === undefined) return;
      told.push(`${formatNet({ family: 4, first: [0, 0, 0, first], prefix })} ${placeOf(database, record).city}`);
    });
    expect(next).toBe(2 ** 32);
    expect(told).toContain('1.2.0.0/16 1.2.0.0/16');
    expect(told).toContain('1.3.0.0/16 1.0.0.0/8');
    expect(told.at(-1)).toBe('128.0.0.0/2 128.0.0.0/2');
  });

  test('of IPv6 does not go where it need not', () => {
    const database = new Database(writeMmdb({ aliases: true, nets: [['1.2.3.4/32', {}]] }));
    const known: Net[] = [];
    walkIPv6(
      database,
      (w0, w1, w2, w3, prefix, record) => {
        if (record !== undefined) known.push({ family: 6, first: [w0, w1, w2, w3], prefix });
      },
      (w0, w1, prefix) => prefix === 16 && w0 === 0x2002_0000 && w1 === 0,
    );
    expect(known.map(formatNet)).toEqual(['::102:304/128', '::ffff:102:304/128', '2001:0:102:304::/64']);
  });
});

const COUNTRY = { country: { iso_code: 'DE' } };

describe('a file that is none, or not a whole one', () => {
  const whole = writeMmdb({ nets: [['1.0.0.0/8', COUNTRY]] });
  const told = (file: Buffer) => {
    try {
      compile([new Database(file)], [{ name: 'x', nets: [], location: [0, 0] }], [MAP]);
    } catch (error) {
      expect(error).toBeInstanceOf(DatabaseError);
      return (error as Error).message;
    }
    return 'taken';
  };

  test.each([
    { name: 'an empty file', file: Buffer.alloc(0), words: /^is no MaxMind DB, or is cut off/ },
    { name: 'text', file: Buffer.from('<!doctype html>'), words: /^is no MaxMind DB, or is cut off/ },
    { name: 'one that lacks its end', file: whole.subarray(0, -400), words: /^is no MaxMind DB, or is cut off/ },
    { name: 'one that lacks its last byte', file: whole.subarray(0, -1), words: /^is damaged: .* reaches beyond/ },
    { name: 'one that lacks its beginning', file: whole.subarray(300), words: /^is damaged/ },
    { name: 'a later version', file: made({ binary_format_major_version: 3 }), words: /^has version 3 of the format/ },
    { name: 'records of other sizes', file: made({ record_size: 20 }), words: /^has records of 20 bits/ },
    { name: 'addresses of another kind', file: made({ ip_version: 5 }), words: /^is for IP version 5/ },
    { name: 'too many nodes', file: made({ node_count: 100_000 }), words: /^is damaged: 100000 nodes do not fit/ },
    { name: 'no nodes', file: made({ node_count: 0 }), words: /^has a tree of 0 nodes/ },
    { name: 'half a node', file: made({ node_count: 0.5 }), words: /^has a tree of 0.5 nodes/ },
    { name: 'no number of nodes', file: made({ node_count: 'many' }), words: /^its metadata lacks node_count/ },
    { name: 'the whole one', file: whole, words: /^taken$/ },
  ])('$name: $words', ({ file, words }) => {
    expect(told(file)).toMatch(words);
  });

  test('is refused wherever it ends', () => {
    for (let end = 0; end < whole.length; end++) expect(told(whole.subarray(0, end))).not.toBe('taken');
  });

  test('is refused for a tree that leads back into itself', () => {
    const looped = Buffer.from(whole);
    looped.fill(0, 0, 6); // both children of the root are the root
    expect(told(looped)).toMatch(/^is damaged: its tree/);
  });

  test('is refused for a tree whose nodes all lead to the next by both ways', () => {
    const nodes = 128;
    const file = writeMmdb({ nets: [['2a00::/128', COUNTRY]] });
    for (let node = 0; node < nodes - 1; node++) {
      file.writeUIntBE(node + 1, 6 * node, 3);
      file.writeUIntBE(node + 1, 6 * node + 3, 3);
    }
    expect(told(file)).toBe('is damaged: its tree has loops');
  });

  test('is refused for a record that never ends', () => {
    const many = writeMmdb({ nets: [['1.0.0.0/8', { names: Array.from({ length: 5000 }, () => 1), ...COUNTRY }]] });
    expect(told(many)).toMatch(/^is damaged: a record has more than 4096 fields/);
  });

  test('is taken or refused, and nothing else, whichever bits are flipped', () => {
    const random = new Random(6);
    for (const recordSize of SIZES) {
      const nets = ([4, 6] as const).flatMap((family) => randomNets(random, family, 40));
      const places = randomPlaces(random, 20);
      const file = writeMmdb({ recordSize, aliases: true, nets: nets.map((net) => [net, random.pick(places)]) });
      let taken = 0;
      for (let i = 0; i < 700; i++) {
        const damaged = Buffer.from(file);
        for (let flips = 1 + random.below(8); flips > 0; flips--) {
          // Every other time near the end, where the metadata and what is read of records are.
          const at = random.below(2) === 0 ? random.below(file.length) : file.length - 1 - random.below(1500);
          damaged[at] = (damaged[at] as number) ^ (1 << random.below(8));
        }
        if (told(damaged) === 'taken') taken++;
      }
      expect(taken).toBeGreaterThan(50);
      expect(taken).toBeLessThan(650);
    }
  });
});

const MAP = { name: 'map', mode: 'closest', datacenters: [0] } as const;

function made(metadata: Record<string, string | number>): Buffer {
  return writeMmdb({ nets: [['1.0.0.0/8', COUNTRY]], metadata });
}

describe('a file', () => {
  test('is opened, or told of by its path', async () => {
    const directory = await tempDir();
    const path = join(directory, 'geo.mmdb');
    expect(() => openDatabase(path)).toThrow(
      new DatabaseError(`${path} cannot be read: ENOENT: no such file or directory, open '${path}'`),
    );
    await writeFile(path, '');
    expect(() => openDatabase(path)).toThrow(
      `${path} is no MaxMind DB, or is cut off: there is no metadata at its end`,
    );
    await writeFile(path, writeMmdb({ nets: [['1.0.0.0/8', COUNTRY]] }));
    expect(openDatabase(path).metadata).toMatchObject({ type: 'Test-City', ipVersion: 6, recordSize: 24 });
    expect(() => openDatabase(directory)).toThrow(`${directory} cannot be read: EISDIR`);
  });
});
