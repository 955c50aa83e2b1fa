import { describe, expect, test } from 'vitest';
import { CacheCounters } from '../../src/cache/counters.ts';
import { DiskObjects } from '../../src/cache/disk-objects.ts';
import type { OpenBody } from '../../src/cache/open-body.ts';
import { openScene } from './disk/scene.ts';
import { CollectingSink, complete, type Thread, threads } from './shared.ts';

const SMALL = Buffer.from('0123456789');
const LARGE = Buffer.alloc(300_000, 'large ');
const LIMIT = 100_000;

describe('objects on disk', () => {
  test('one that is small stays in memory beside; of a large one only the head does', async () => {
    const { memory, saved } = await scene();
    const [small, large] = [await saved('small', SMALL), await saved('large', LARGE)];
    expect([memory.news(small.slot).filled, memory.news(large.slot).filled]).toEqual([SMALL.length, 0]);
    expect([memory.pinned, memory.stats().onDisk]).toEqual([0, 2]);
  });

  test.each([
    { name: 'small', content: SMALL, inMemory: SMALL.length },
    { name: 'large', content: LARGE, inMemory: 0 },
  ])('a $name one comes back from disk when its memory was given to others', async ({ content, inMemory }) => {
    const { memory, objects, saved, evict } = await scene();
    const { slot, revision, stored } = await saved('k', content);
    evict();
    const { disk } = pinned(memory, slot, revision);
    if (disk === undefined) throw new Error('not on disk');
    memory.pinAgain(slot);
    const both = await Promise.all([
      objects.load(slot, revision, disk, LIMIT),
      objects.load(slot, revision, disk, LIMIT),
    ]);
    expect(both[0]).toBe(both[1]);
    expect({ ...both[0] }).toMatchObject({
      stored: JSON.parse(JSON.stringify(stored)),
      length: content.length,
      tier: 'disk',
    });
    expect([memory.news(slot).filled, memory.pinned]).toEqual([inMemory, 0]);
  });

  test.each([
    { from: 0, to: undefined },
    { from: 131_000, to: 131_100 },
    { from: 299_999, to: 300_000 },
  ])('is read from disk: from $from to $to', async ({ from, to }) => {
    const { objects, memory, saved } = await scene();
    const object = await saved('k', LARGE);
    memory.pin(object.slot, object.revision);
    const sink = await readAll(await objects.open(object), from, to);
    expect(Buffer.concat(sink.pieces).equals(LARGE.subarray(from, to))).toBe(true);
    expect([sink.outcome, memory.pinned]).toEqual(['ended', 0]);
  });

  test('a client that takes no more is waited for; one that goes is not', async () => {
    const { objects, memory, saved } = await scene();
    const object = await saved('k', LARGE);
    memory.pin(object.slot, object.revision);
    const body = (await objects.open(object)) as OpenBody;
    const sink = new CollectingSink(1);
    const source = body.read(0, undefined, sink);
    source.start();
    await expect.poll(() => sink.pieces.length).toBe(1);
    sink.takes = 1;
    source.resume();
    await expect.poll(() => sink.pieces.length).toBe(2);
    source.cancel();
    body.close();
    expect(sink.outcome).toBe('open');
  });

  test('one whose place on disk is gone is removed', async () => {
    const { objects, memory, saved } = await scene();
    const object = await saved('k', LARGE);
    memory.pin(object.slot, object.revision);
    memory.setDisk(object.slot, object.revision, {
      ...{ segment: 999, offset: 0, length: 100 },
      ...{ sequence: 0, freshUntil: 0 },
    });
    expect(await objects.open(object)).toBeUndefined();
    expect([memory.isCurrent(object.slot, object.revision), memory.pinned]).toEqual([false, 0]);
    memory.check();
  });
});

async function scene() {
  const { tier } = await openScene();
  const [thread] = threads(1) as [Thread];
  const { memory } = thread;
  const objects = new DiskObjects(tier, memory, new CacheCounters(CacheCounters.allocate(1), 0));
  const saved = async (key: string, body: Buffer) => {
    const object = complete(thread, key, body);
    await Promise.all([objects.save(object, LIMIT), tier.flush()]);
    return object;
  };
  /** Fills the memory with something else. */
  const evict = () => {
    for (let i = 0; i < 20; i++) memory.unpin(complete(thread, `other ${i}`, Buffer.alloc(100_000)).slot);
  };
  return { memory, objects, saved, evict };
}

function pinned(memory: Thread['memory'], slot: number, revision: number) {
  if (!memory.pin(slot, revision)) throw new Error('gone');
  const facts = memory.describe(slot);
  expect([facts.hasHead, facts.filled]).toEqual([false, 0]);
  return facts;
}

async function readAll(body: OpenBody | undefined, from: number, to: number | undefined): Promise<CollectingSink> {
  if (body === undefined) throw new Error('gone');
  const sink = new CollectingSink();
  body.read(from, to, sink).start();
  await expect.poll(() => sink.outcome).not.toBe('open');
  body.close();
  return sink;
}
