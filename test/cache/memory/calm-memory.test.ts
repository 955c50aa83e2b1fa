import { expect, test } from 'vitest';
import { CacheMemory } from '../../../src/cache/memory/cache-memory.ts';
import { CalmMemory } from '../../../src/cache/memory/calm-memory.ts';
import { NO_VARIANT } from '../../../src/cache/memory/hash.ts';

const KEY = { high: 1, low: 2 };
const HEAD = Buffer.from('a head');
const noVariant = () => NO_VARIANT;
const FIRST = { spec: 0, variant: NO_VARIANT };
const RESPONSE = { head: HEAD, spec: 0, variant: NO_VARIANT, length: 4 };

/** A thread's memory, with an object that is whole and pinned, one that is being filled, and one that is waited for. */
function scene() {
  const handle = CacheMemory.allocate({ bytes: 1024 * 1024, entries: 64, seats: 2 });
  const calm = new CalmMemory(handle, 0);
  const claim = (low: number) => calm.claim({ high: 1, low }, noVariant, FIRST)?.slot as number;
  const whole = claim(KEY.low);
  calm.publish(whole, RESPONSE);
  calm.append(whole, Buffer.from('body'));
  calm.complete(whole);
  const filling = claim(3);
  calm.publish(filling, RESPONSE);
  const pending = claim(4);
  return { calm, other: new CacheMemory(handle, 1), whole, filling, pending };
}

test('once broken, it has nothing and takes nothing', () => {
  const { calm, other, filling } = scene();
  other.break();
  expect(calm.find(KEY, noVariant)).toBeUndefined();
  expect(calm.claim(KEY, noVariant, FIRST)).toBeUndefined();
  expect(calm.list(KEY)).toEqual([]);
  expect(calm.specOf('accept')).toBeUndefined();
  expect(calm.append(filling, Buffer.from('body'))).toBe(false);
  expect(calm.complete(filling)).toBe(false);
  expect(calm.removeKey(KEY)).toBe(0);
  expect(calm.clearSegment(1)).toEqual({ removed: 0, kept: 0 });
  expect(calm.releaseSeat(1)).toBe(false);
});

test('what is whole and pinned is read to its end, all else has failed', () => {
  const { calm, other, whole, filling, pending } = scene();
  const before = calm.news(filling).version;
  other.break();
  expect(calm.news(whole)).toMatchObject({ state: 'complete', filled: 4 });
  expect(Buffer.concat(calm.body(whole, 0, 4)).toString()).toBe('body');
  expect(calm.news(filling).state).toBe('failed');
  expect(calm.news(filling).version).not.toBe(before);
  expect(calm.news(pending).state).toBe('failed');
});

test('everything that is held can be let go of', () => {
  const { calm, other, whole, filling, pending } = scene();
  other.break();
  calm.fail(filling);
  calm.release(pending);
  for (const slot of [whole, filling, pending]) calm.unpin(slot);
  expect(calm.pinned).toBe(0);
});
