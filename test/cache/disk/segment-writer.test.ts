import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DiskTier } from '../../../src/cache/disk/disk-tier.ts';
import { type WriteSome, writeSome } from '../../../src/cache/disk/segment-file.ts';
import { SegmentSpace } from '../../../src/cache/disk/segment-space.ts';
import { SegmentWriter, type SegmentWriterOptions } from '../../../src/cache/disk/segment-writer.ts';
import { Segments } from '../../../src/cache/disk/segments.ts';
import { WritePause } from '../../../src/cache/disk/write-pause.ts';
import { tempDir } from '../../support/temp.ts';
import { digestOf, MIB, recordOf } from './records.ts';
import { openScene, readBack, recordedLog, stored } from './scene.ts';

/** A writer whose disk can be told to fail. */
async function failingDisk(options: Partial<SegmentWriterOptions> = {}) {
  const directory = await tempDir('disk');
  const { log, events } = recordedLog();
  const segments = new Segments(Segments.allocate(16));
  segments.setLimit(64 * MIB, 4 * MIB);
  const clock = { now: 1_000_000_000_000 };
  const disk: { write: WriteSome; calls: number } = { write: writeSome, calls: 0 };
  const forgotten: number[] = [];
  const space = new SegmentSpace(directory, segments, 0, (segment) => forgotten.push(segment));
  const pause = new WritePause(segments, directory, log, () => clock.now);
  const write: WriteSome = (fd, bytes, position) => {
    disk.calls++;
    return disk.write(fd, bytes, position);
  };
  const writer = new SegmentWriter({ directory, segments, space, pause, write, ...options });
  const append = async (...seeds: number[]) => {
    const places = seeds.map((seed) => writer.append(recordOf(seed)));
    await writer.flush();
    return Promise.all(places);
  };
  return { directory, segments, writer, disk, clock, events, forgotten, append };
}

function failure(code: string): WriteSome {
  return async () => {
    throw Object.assign(new Error(code), { code });
  };
}

describe('appended records', () => {
  test('are read back from where they are said to be', async () => {
    const { tier } = await openScene();
    const records = Array.from({ length: 300 }, (_, i) => recordOf(i, { body: (i * 977) % 9000, pieces: 1 + (i % 5) }));
    const places = await Promise.all(records.map((record) => tier.append(record)));
    for (const [i, place] of places.entries()) {
      if (place === undefined) throw new Error('refused');
      expect(place.offset % 8).toBe(0);
      expect(await readBack(tier, place)).toBe(digestOf(recordOf(i, { body: (i * 977) % 9000 })));
    }
  });

  test('of one turn are written with one call', async () => {
    const { disk, append } = await failingDisk();
    await append(1);
    const before = disk.calls;
    await append(...Array.from({ length: 100 }, (_, i) => i));
    expect(disk.calls - before).toBe(1);
  });

  test('larger than a batch, a segment and the queue are written as well', async () => {
    const { tier } = await openScene({ size: 100 * MIB, tier: { queueLimit: MIB } });
    for (const body of [MIB - 400, MIB, 3 * MIB + 1, 20 * MIB]) {
      const record = recordOf(body, { body, pieces: 7 });
      expect(await readBack(tier, await stored(tier, record))).toBe(digestOf(record));
    }
  });

  test.each([
    { name: 'with a body larger than half of the tier', shape: { body: 9 * MIB } },
    { name: 'with a head beyond measure', shape: { head: 300 * 1024 } },
  ])('$name are refused, and nothing else suffers', async ({ shape }) => {
    const { tier } = await openScene({ size: 16 * MIB });
    const first = await stored(tier, recordOf(1));
    expect(await tier.append(recordOf(2, shape))).toBeUndefined();
    const second = await stored(tier, recordOf(3));
    expect(second.segment).toBe(first.segment);
  });

  test('are refused while too much waits, and taken again afterwards', async () => {
    const { tier } = await openScene({ tier: { queueLimit: 100_000 } });
    const places = await Promise.all(Array.from({ length: 20 }, (_, i) => tier.append(recordOf(i, { body: 20_000 }))));
    expect(places.map((place) => place !== undefined)).toEqual(Array.from({ length: 20 }, (_, i) => i < 4));
    expect(tier.queued).toBe(0);
    await stored(tier, recordOf(99));
  });

  test('after close are refused; those before are written', async () => {
    const { tier, path } = await openScene();
    const waiting = [1, 2, 3].map((seed) => tier.append(recordOf(seed)));
    await tier.close();
    expect((await Promise.all(waiting)).every((place) => place !== undefined)).toBe(true);
    expect(await tier.append(recordOf(4))).toBeUndefined();
    expect(readdirSync(path).sort()).toEqual(['0000000001.idx', '0000000001.seg', 'lock']);
  });
});

describe('a segment', () => {
  test('ends when it and its index reach their size', async () => {
    const { tier, path, directory } = await openScene({ size: 64 * MIB });
    for (let i = 0; i < 12; i++) await stored(tier, recordOf(i, { body: MIB }));
    await tier.close();
    const sizes = readdirSync(path).map((name) => statSync(join(path, name)).size);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(4 * MIB);
    expect(directory.usage.segments).toBe(4);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    expect(directory.usage.bytes).toBeGreaterThanOrEqual(total);
    expect(directory.usage.bytes).toBeLessThan(total + 4 * 8192);
  });

  test('makes room by removing the oldest, which is forgotten first', async () => {
    const { tier, path, directory, forgotten } = await openScene({ size: 16 * MIB });
    const places = [];
    for (let i = 0; i < 30; i++) {
      places.push(await stored(tier, recordOf(i, { body: MIB })));
      expect(directory.usage.bytes).toBeLessThanOrEqual(16 * MIB);
    }
    expect(forgotten.length).toBeGreaterThan(5);
    expect(forgotten).toEqual(forgotten.map((_, i) => i + 1));
    const [first, last] = [places[0], places.at(-1)] as [(typeof places)[0], (typeof places)[0]];
    expect([tier.isLive(first.segment), tier.isLive(last.segment)]).toEqual([false, true]);
    expect([await readBack(tier, first), await readBack(tier, last)]).toEqual([
      'gone',
      digestOf(recordOf(29, { body: MIB })),
    ]);
    expect(readdirSync(path)).not.toContain('0000000001.seg');
  });
});

describe('a disk that fails', () => {
  test('is written no more for half a minute, told once, and once when it is over', async () => {
    const { disk, clock, events, append, writer } = await failingDisk();
    disk.write = failure('EIO');
    expect(await append(1, 2)).toEqual([undefined, undefined]);
    const calls = disk.calls;
    clock.now += 29_000;
    expect(await append(3)).toEqual([undefined]);
    expect(disk.calls).toBe(calls);
    clock.now += 2000;
    expect(await append(4)).toEqual([undefined]);
    expect(disk.calls).toBeGreaterThan(calls);
    disk.write = writeSome;
    clock.now += 31_000;
    expect(await append(5)).not.toEqual([undefined]);
    expect(events.map(({ level, event }) => `${level}: ${event}`)).toEqual([
      'warn: disk cache cannot be written, it is only read for now',
      'info: disk cache is written again',
    ]);
    await writer.close();
  });

  test('is given a segment back when it is full', async () => {
    const { disk, append, forgotten, segments, clock, writer } = await failingDisk();
    segments.setLimit(64 * MIB, 10_000);
    for (let i = 0; i < 40; i += 5) await append(i, i + 1, i + 2, i + 3, i + 4);
    const before = segments.count;
    disk.write = failure('ENOSPC');
    expect(await append(50, 51, 52, 53, 54, 55, 56)).toContain(undefined);
    expect(forgotten).toEqual([1]);
    clock.now += 31_000;
    expect(await append(51)).toEqual([undefined]);
    expect(forgotten).toEqual([1, 2]);
    expect(segments.count).toBe(before - 2);
    await writer.close();
  });

  test('in the middle of a batch keeps what was written before, and writes on in another segment', async () => {
    const { directory, disk, append, clock, writer } = await failingDisk();
    const [before] = await append(1);
    disk.write = async (fd, bytes, position) => {
      await writeSome(fd, bytes.subarray(0, bytes.length >> 1), position);
      return failure('EIO')(fd, bytes, position);
    };
    expect(await append(2, 3)).toEqual([undefined, undefined]);
    disk.write = writeSome;
    clock.now += 31_000;
    const [after] = await append(4);
    expect([before?.segment, after?.segment]).toEqual([1, 2]);
    const end = (before?.offset as number) + (before?.length as number);
    expect(statSync(join(directory, '0000000001.seg')).size).toBe(end);
    await writer.close();
  });

  test('that takes a few bytes at a time gets them all', async () => {
    const { disk, append, writer, segments, directory } = await failingDisk();
    disk.write = (fd, bytes, position) => writeSome(fd, bytes.subarray(0, 1 + (position % 700)), position);
    const places = await append(1, 2, 3);
    await writer.close();
    const { log } = recordedLog();
    const tier = new DiskTier({ directory, memory: segments.memory }, { worker: 1, forget: () => {}, log });
    for (const [i, place] of places.entries()) {
      if (place === undefined) throw new Error('refused');
      expect(await readBack(tier, place)).toBe(digestOf(recordOf(i + 1)));
    }
    await tier.close();
  });
});
