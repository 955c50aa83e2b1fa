import { readFileSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { BLOCK } from '../../../src/cache/disk/record.ts';
import { segmentPath } from '../../../src/cache/disk/segment-file.ts';
import { SegmentHandles } from '../../../src/cache/disk/segment-handles.ts';
import { Segments } from '../../../src/cache/disk/segments.ts';
import { bodyOf, digestOf, MIB, noise, recordOf } from './records.ts';
import { openScene, readBack, type Scene, stored } from './scene.ts';

const LARGE = 5 * BLOCK + 777;

async function withRecord(body: number) {
  const scene = await openScene();
  const place = await stored(scene.tier, recordOf(9, { body }));
  const record = await scene.tier.open(place);
  if (record === undefined) throw new Error('gone');
  return { ...scene, place, record };
}

/** Flips a bit of a segment's file. */
function damage({ path }: Scene, segment: number, offset: number): void {
  const file = segmentPath(path, segment);
  const bytes = readFileSync(file);
  bytes[offset] = (bytes[offset] as number) ^ 4;
  writeFileSync(file, bytes, { flag: 'r+' });
}

describe('a record that is opened', () => {
  test('says what was stored with it', async () => {
    const { record } = await withRecord(LARGE);
    const { key, head } = recordOf(9);
    expect(record).toMatchObject({ key, head, bodyLength: LARGE, sequence: 9, expiresAt: Infinity, body: undefined });
    record.close();
  });

  test.each([0, 1, 1024, BLOCK])('has a body of %i bytes with it', async (body) => {
    const { record } = await withRecord(body);
    expect(record.body).toEqual(noise(9, body));
    expect(await bodyOf(record)).toEqual(noise(9, body));
    record.close();
  });

  test.each([
    [0, LARGE],
    [0, 1],
    [LARGE - 1, LARGE],
    [BLOCK, 2 * BLOCK],
    [BLOCK - 1, 2 * BLOCK + 1],
    [BLOCK + 5, BLOCK + 5],
    [5 * BLOCK + 3, LARGE],
  ])('gives the bytes %i to %i of a large body', async (from, to) => {
    const { record } = await withRecord(LARGE);
    expect(await bodyOf(record, from, to)).toEqual(noise(9, LARGE).subarray(from, to));
    record.close();
  });

  test('gives whole pieces whose memory is their own', async () => {
    const { record } = await withRecord(LARGE);
    await record.readBody(0, LARGE, (piece) => {
      expect(piece.buffer.byteLength).toBe(piece.byteLength);
      return true;
    });
    record.close();
  });

  test.each([
    [-1, 5],
    [5, 4],
    [0, LARGE + 1],
    [Number.NaN, 4],
  ])('has no bytes %d to %d', async (from, to) => {
    const { record } = await withRecord(LARGE);
    await expect(record.readBody(from, to, () => true)).rejects.toThrow(RangeError);
    record.close();
  });

  test('whose head does not fit into the first read is read all the same', async () => {
    const { tier } = await openScene();
    const record = recordOf(3, { head: 100_000, body: LARGE });
    expect(await readBack(tier, await stored(tier, record))).toBe(digestOf(record));
  });
});

describe('a sink', () => {
  test('gets the next piece when it wants it, not before', async () => {
    const { record } = await withRecord(LARGE);
    const gates: PromiseWithResolvers<boolean>[] = [];
    const came = Promise.withResolvers<void>();
    const reading = record.readBody(0, LARGE, () => {
      const gate = Promise.withResolvers<boolean>();
      gates.push(gate);
      came.resolve();
      return gate.promise;
    });
    await came.promise;
    for (let i = 0; i < 5; i++) await new Promise(setImmediate);
    expect(gates.length).toBe(1);
    gates[0]?.resolve(false);
    expect(await reading).toBe('cancelled');
    expect(gates.length).toBe(1);
    record.close();
  });

  test('that fails ends the reading with its error', async () => {
    const { record } = await withRecord(LARGE);
    const late = record.readBody(0, LARGE, () => Promise.reject(new Error('no more')));
    await expect(late).rejects.toThrow('no more');
    const atOnce = record.readBody(0, LARGE, () => {
      throw new Error('none');
    });
    await expect(atOnce).rejects.toThrow('none');
    record.close();
  });

  test('gets nothing more when the record is closed', async () => {
    const { record } = await withRecord(LARGE);
    let pieces = 0;
    const outcome = await record.readBody(0, LARGE, () => {
      pieces++;
      record.close();
      return true;
    });
    expect([outcome, pieces]).toEqual(['cancelled', 1]);
    expect(await record.readBody(0, LARGE, () => true)).toBe('cancelled');
  });

  test('gets all of what is open, though the segment is evicted meanwhile', async () => {
    const { tier, record, place, directory } = await withRecord(LARGE);
    for (let i = 0; i < 5; i++) await stored(tier, recordOf(i, { body: MIB }));
    await directory.setSize(0);
    expect([tier.isLive(place.segment), await tier.open(place)]).toEqual([false, undefined]);
    expect(await bodyOf(record)).toEqual(noise(9, LARGE));
    record.close();
  });
});

describe('what is damaged is gone, and told', () => {
  test.each([
    { name: 'a header', at: 3, body: 1024 },
    { name: 'a head', at: 120, body: 1024 },
    { name: 'a small body', at: 700, body: 1024 },
    { name: 'the head of a large record', at: 120, body: LARGE },
  ])('$name', async ({ at, body }) => {
    const scene = await openScene();
    const place = await stored(scene.tier, recordOf(9, { body }));
    damage(scene, place.segment, place.offset + at);
    expect(await scene.tier.open(place)).toBeUndefined();
    expect(scene.events).toMatchObject([
      {
        level: 'warn',
        event: 'disk cache has damaged records, they are not served',
        fields: { segment: 1, records: 1 },
      },
    ]);
    await scene.tier.open(place);
    expect(scene.events.length).toBe(1);
  });

  test('a block of a large body, with those before it served', async () => {
    const scene = await openScene();
    const place = await stored(scene.tier, recordOf(9, { body: LARGE }));
    damage(scene, place.segment, place.offset + 3 * BLOCK + 9999);
    const record = await scene.tier.open(place);
    const pieces: Buffer[] = [];
    const outcome = await record?.readBody(0, LARGE, (piece) => pieces.push(piece) > 0);
    expect(outcome).toBe('gone');
    expect(Buffer.concat(pieces)).toEqual(noise(9, LARGE).subarray(0, pieces.length * BLOCK));
    expect(pieces.length).toBe(3);
    expect(scene.events.length).toBe(1);
    record?.close();
  });

  test('a segment that was cut off', async () => {
    const scene = await openScene();
    const first = await stored(scene.tier, recordOf(1));
    const large = await stored(scene.tier, recordOf(2, { body: LARGE }));
    const record = await scene.tier.open(large);
    truncateSync(segmentPath(scene.path, 1), large.offset + large.length - 2 * BLOCK);
    expect(await bodyOf(record as NonNullable<typeof record>)).toBe('gone');
    record?.close();
    truncateSync(segmentPath(scene.path, 1), first.offset + 20);
    expect([await readBack(scene.tier, first), await readBack(scene.tier, large)]).toEqual(['gone', 'gone']);
  });

  test.each([
    { name: 'another offset', change: { offset: 40 } },
    { name: 'another length', change: { length: 8 } },
    { name: 'a length of nothing', change: { length: 0 } },
    { name: 'a segment that never was', change: { segment: 77 } },
    { name: 'an offset beyond the end', change: { offset: 2 ** 34 } },
  ])('$name', async ({ change }) => {
    const { tier } = await openScene();
    const place = await stored(tier, recordOf(1));
    expect(await readBack(tier, { ...place, ...change })).toBe('gone');
    expect(await readBack(tier, place)).toBe(digestOf(recordOf(1)));
  });
});

describe('handles', () => {
  async function handles(limit: number) {
    const { path, tier, directory } = await openScene({ size: 16 * MIB });
    for (let i = 0; i < 12; i++) await stored(tier, recordOf(i, { body: MIB }));
    const segments = new Segments(directory.plan.memory);
    return { cache: new SegmentHandles(path, segments, limit), path, directory };
  }

  test('are kept up to a limit, but for those in use', async () => {
    const { cache } = await handles(2);
    const taken = await Promise.all([1, 2, 3].map((segment) => cache.take(segment)));
    expect(cache.size).toBe(3);
    const again = await cache.take(1);
    expect(again).toBe(taken[0]);
    for (const handle of [...taken, again]) if (handle) cache.giveBack(handle);
    const next = await cache.take(4);
    expect([next?.segment, cache.size]).toEqual([4, 2]);
    cache.close();
  });

  test('of an evicted segment are let go of with the next look at another one', async () => {
    const { cache, directory } = await handles(8);
    for (const segment of [1, 2, 3]) {
      const handle = await cache.take(segment);
      if (handle) cache.giveBack(handle);
    }
    await directory.setSize(11 * MIB);
    const live = await cache.take(3);
    expect([live?.segment, await cache.take(1), cache.size < 3]).toEqual([3, undefined, true]);
    cache.close();
  });

  test('of a segment whose file is gone are none, and of one that cannot be opened say why', async () => {
    const { cache, path } = await handles(8);
    renameSync(segmentPath(path, 1), `${path}/elsewhere`);
    expect([await cache.take(1), cache.size]).toEqual([undefined, 0]);
    renameSync(segmentPath(path, 2), `${path}/elsewhere-too`);
    symlinkSync(segmentPath(path, 2), segmentPath(path, 2));
    await expect(Promise.all([cache.take(2), cache.take(2)])).rejects.toThrow('ELOOP');
    cache.close();
  });
});
