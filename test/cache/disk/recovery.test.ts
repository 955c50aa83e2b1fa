import { readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { BLOCK, headAreaLength, type NewRecord } from '../../../src/cache/disk/record.ts';
import { indexPath, segmentPath } from '../../../src/cache/disk/segment-file.ts';
import { digestOf, keyOf, MIB, randomNumbers, recordOf, shapeOf } from './records.ts';
import { openScene, readBack, recovered, type Scene, stored } from './scene.ts';

/** A directory in which a former process stored these, and which is free again. */
async function formerly(records: readonly NewRecord[], size = 64 * MIB): Promise<string> {
  const { tier, path, close } = await openScene({ size });
  for (let i = 0; i < records.length; i += 50) {
    const waiting = records.slice(i, i + 50).map((record) => tier.append(record));
    await tier.flush();
    expect((await Promise.all(waiting)).includes(undefined)).toBe(false);
  }
  await close();
  return path;
}

function mixed(count: number): NewRecord[] {
  return Array.from({ length: count }, (_, i) => recordOf(i, shapeOf(i)));
}

/** Expects that exactly these are found, each with its head, and can be read. */
async function expectFound({ tier, directory }: Scene, records: readonly NewRecord[]): Promise<void> {
  const found = await recovered(directory);
  expect([...found.keys()].sort()).toEqual(records.map(({ key }) => key.toString()).sort());
  for (const record of records) {
    const fact = found.get(record.key.toString());
    if (fact === undefined) throw new Error('not found');
    expect(fact).toMatchObject({ sequence: record.sequence, expiresAt: record.expiresAt, head: record.head });
    expect(await readBack(tier, fact.place)).toBe(digestOf(record));
  }
}

describe('after a start', () => {
  test('all that was stored is found by the index', async () => {
    const records = mixed(400);
    const scene = await openScene({ path: await formerly(records) });
    await expectFound(scene, records);
    expect(scene.events).toMatchObject([
      { level: 'info', event: 'disk cache is indexed', fields: { records: 400, unreadable: 0, expired: 0 } },
    ]);
  });

  test('all that was stored is found without the index', async () => {
    const records = mixed(400);
    const path = await formerly(records);
    rmSync(indexPath(path, 1));
    await expectFound(await openScene({ path }), records);
  });

  test('all is found with a part of the index', async () => {
    const records = mixed(3000).map((record) => ({ ...record, body: record.body.slice(0, 1) }));
    const path = await formerly(records);
    const index = readFileSync(indexPath(path, 1));
    truncateSync(indexPath(path, 1), index.length >> 1);
    await expectFound(await openScene({ path }), records);
  });

  test('records longer than a window are found either way', async () => {
    const records = [
      recordOf(1, { body: 3 * MIB }),
      recordOf(2, { head: 200_000 }),
      recordOf(3, { body: 100_000, head: 150_000 }),
      { ...recordOf(4), key: Buffer.alloc(100_000, 'k') },
      recordOf(5),
    ];
    const path = await formerly(records);
    const first = await openScene({ path });
    await expectFound(first, records);
    await first.close();
    for (let number = 1; number < 5; number++) rmSync(indexPath(path, number), { force: true });
    await expectFound(await openScene({ path }), records);
  });

  test('segments come newest first', async () => {
    const path = await formerly(Array.from({ length: 12 }, (_, i) => recordOf(i, { body: MIB })));
    const { directory } = await openScene({ path });
    const order: number[] = [];
    await directory.recover(({ place }) => void order.push(place.segment));
    expect(order).toEqual(order.toSorted((a, b) => b - a));
    expect(new Set(order).size).toBeGreaterThan(2);
  });

  test('what has expired is not told of', async () => {
    const records = [1000, 2000, 2001].map((expiresAt, i) => recordOf(i, { expiresAt }));
    const { directory, events } = await openScene({ path: await formerly(records), now: () => 2000 });
    expect([...(await recovered(directory)).keys()]).toEqual([keyOf(2).toString()]);
    expect(events).toMatchObject([{ fields: { records: 1, expired: 2 } }]);
  });

  test('workers write while it looks, and what they write is not told of', async () => {
    const records = mixed(200);
    const { directory, tier } = await openScene({ path: await formerly(records) });
    const [found, place] = await Promise.all([recovered(directory), stored(tier, recordOf(5000))]);
    expect(found.size).toBe(200);
    expect(await readBack(tier, place)).toBe(digestOf(recordOf(5000)));
  });

  test('what is evicted while it looks is forgotten once more', async () => {
    const { directory, forgotten } = await openScene({ path: await formerly(mixed(20)) });
    let shrinking: Promise<void> | undefined;
    let toldAfterwards = 0;
    await directory.recover(() => {
      if (forgotten.length > 0) toldAfterwards++;
      shrinking ??= directory.setSize(0);
    });
    await shrinking;
    expect([toldAfterwards > 0, forgotten, directory.usage.segments]).toEqual([true, [1, 1], 0]);
  });

  test('it ends soon when the directory is closed', async () => {
    const path = await formerly(Array.from({ length: 12 }, (_, i) => recordOf(i, { body: MIB })));
    const { directory } = await openScene({ path });
    let told = 0;
    let closing: Promise<void> | undefined;
    const { segments } = await directory.recover(() => {
      told++;
      closing ??= directory.close();
    });
    await closing;
    expect([told < 12, segments]).toEqual([true, 1]);
  });

  test('the event loop is free after some milliseconds, however long the caller takes', async () => {
    const { directory } = await openScene({ path: await formerly(mixed(1000)) });
    let inThisTurn = 0;
    let most = 0;
    const turn = () => {
      most = Math.max(most, inThisTurn);
      inThisTurn = 0;
      next = setImmediate(turn);
    };
    let next = setImmediate(turn);
    await directory.recover(() => {
      const end = performance.now() + 0.2;
      while (performance.now() < end);
      inThisTurn++;
    });
    clearImmediate(next);
    expect(most).toBeLessThanOrEqual(30);
  });
});

describe('a segment that is not what it was', () => {
  test('is read up to where it was cut off', async () => {
    const records = mixed(100);
    const path = await formerly(records);
    rmSync(indexPath(path, 1));
    const first = await openScene({ path });
    const places = [...(await recovered(first.directory)).entries()];
    await first.close();
    for (const cut of [50, 20, 3]) {
      const [key, { place }] = places[cut] as (typeof places)[0];
      truncateSync(segmentPath(path, 1), place.offset + place.length - 1);
      const scene = await openScene({ path });
      const found = await recovered(scene.directory);
      expect(found.size).toBe(cut);
      expect(found.has(key)).toBe(false);
      await scene.close();
    }
  });

  test.each([
    { name: 'of another version', at: 8, value: 2 },
    { name: 'with another number in it', at: 12, value: 9 },
    { name: 'that begins with something else', at: 4, value: 0 },
  ])('$name is left until its turn to be evicted', async ({ at, value }) => {
    const path = await formerly(mixed(10));
    const bytes = readFileSync(segmentPath(path, 1));
    bytes[at] = value;
    writeFileSync(segmentPath(path, 1), bytes);
    const { directory, forgotten } = await openScene({ path });
    expect((await recovered(directory)).size).toBe(0);
    expect(readFileSync(segmentPath(path, 1))).toEqual(bytes);
    expect(directory.usage).toMatchObject({ segments: 1 });
    await directory.setSize(0);
    expect([forgotten, directory.usage.segments]).toEqual([[1], 0]);
  });

  test('is shorter than its index says: what is not there is not told of', async () => {
    const path = await formerly(mixed(100));
    const first = await openScene({ path });
    const found = await recovered(first.directory);
    const { place } = [...found.values()][40] as NonNullable<ReturnType<typeof found.get>>;
    await first.close();
    truncateSync(segmentPath(path, 1), place.offset);
    const { directory } = await openScene({ path });
    expect((await recovered(directory)).size).toBe(40);
  });

  test('with the index of another one beside it is read itself', async () => {
    const path = await formerly(mixed(50));
    const other = await formerly([recordOf(777), recordOf(778)]);
    writeFileSync(indexPath(path, 1), readFileSync(indexPath(other, 1)));
    await expectFound(await openScene({ path }), mixed(50));
  });

  test('under the name of another one is not taken for that', async () => {
    const path = await formerly(mixed(10));
    renameSync(segmentPath(path, 1), segmentPath(path, 2));
    renameSync(indexPath(path, 1), indexPath(path, 2));
    const { directory } = await openScene({ path });
    expect((await recovered(directory)).size).toBe(0);
  });

  test('does not make records of what clients stored in bodies', async () => {
    const path = await formerly(mixed(30));
    const stolen = readFileSync(segmentPath(path, 1));
    const bait = await openScene({ path: await formerly([]) });
    const { key, head } = recordOf(1);
    const place = await stored(bait.tier, { ...recordOf(1), body: [stolen] });
    await bait.close();
    rmSync(indexPath(bait.path, 1));
    // What stands before the body is lost, and its records come to stand at the very offsets that they name.
    const file = readFileSync(segmentPath(bait.path, 1));
    const body = place.offset + headAreaLength(key.length, head.length, stolen.length);
    file.copy(file, place.offset, body + place.offset);
    writeFileSync(segmentPath(bait.path, 1), file);
    const { directory } = await openScene({ path: bait.path });
    expect((await recovered(directory)).size).toBe(0);
  });
});

describe('whatever happens to the files', () => {
  const BASE = mixed(60).concat(recordOf(1000, { body: 3 * BLOCK + 5 }), recordOf(1001, { head: 30_000 }));
  const digests = new Map(BASE.map((record) => [record.key.toString(), digestOf(record)]));
  const sequences = new Map(BASE.map((record) => [record.key.toString(), record.sequence]));

  test('nothing is found whose bytes are not those that were written, and nothing throws', async () => {
    const path = await formerly(BASE);
    const [segment, index] = [readFileSync(segmentPath(path, 1)), readFileSync(indexPath(path, 1))];
    const random = randomNumbers(20261120);
    let intact = 0;
    for (let round = 0; round < 100; round++) {
      writeFileSync(segmentPath(path, 1), harmed(segment, random));
      if (random() < 0.3) rmSync(indexPath(path, 1), { force: true });
      else writeFileSync(indexPath(path, 1), harmed(index, random));
      intact += await expectTruth(path, round);
    }
    // It would be easy to find nothing.
    expect(intact).toBeGreaterThan(100 * 10);
  });

  async function expectTruth(path: string, round: number): Promise<number> {
    const scene = await openScene({ path });
    let intact = 0;
    for (const [key, { place, sequence, head }] of await recovered(scene.directory)) {
      const name = `round ${round}, ${key}`;
      expect(sequence, name).toBe(sequences.get(key));
      if (head !== undefined) expect(head.equals(recordHead(key)), name).toBe(true);
      const read = await readBack(scene.tier, place);
      expect(['gone', digests.get(key)], name).toContain(read);
      if (read !== 'gone') intact++;
    }
    await scene.close();
    return intact;
  }

  function recordHead(key: string): Buffer {
    return (BASE.find((record) => record.key.toString() === key) as NewRecord).head;
  }
});

/** A copy that is cut off, has bits flipped, a stretch of zeros (pages that never reached the disk) or of other bytes. */
function harmed(bytes: Buffer, random: () => number): Buffer {
  const copy = Buffer.from(bytes);
  const somewhere = () => Math.floor(random() * copy.length);
  const kind = random();
  if (kind < 0.25) return copy.subarray(0, somewhere());
  if (kind < 0.5) {
    for (let i = 0; i < 1 + random() * 5; i++) {
      const at = somewhere();
      copy[at] = (copy[at] as number) ^ (1 << Math.floor(random() * 8));
    }
    return copy;
  }
  if (kind < 0.7) {
    const at = somewhere() & ~4095;
    return copy.fill(0, at, Math.min(copy.length, at + 4096 * Math.ceil(random() * 4)));
  }
  if (kind < 0.9) {
    copy.copy(copy, somewhere() & ~7, somewhere() & ~7);
    return copy;
  }
  return copy;
}
