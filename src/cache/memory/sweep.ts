import type { Doorbell } from '../../base/doorbell.ts';
import {
  COMPLETE,
  FAILED,
  FILLED,
  HEAD_LENGTH,
  LEADER,
  LENGTH,
  PINS,
  SEGMENT,
  SEQUENCE,
  VERSION,
} from './entry-table.ts';
import type { Lock } from './lock.ts';
import type { Store } from './store.ts';

/**
 * Changes that go over all entries, a slice at a time: in between others have the lock. What is added behind a sweep is not seen by it;
 * each of them is for what was there when it began.
 */
function sweep(lock: Lock, store: Store, visit: (slot: number) => void): void {
  for (let slot = 1; slot <= store.entries.highest; ) {
    const end = Math.min(slot + SLICE, store.entries.highest + 1);
    lock.hold(() => {
      for (; slot < end; slot++) visit(slot);
    });
  }
}

/** Undoes what a dead thread had pinned and was filling. */
export function releaseSeat(lock: Lock, store: Store, bell: Doorbell, seat: number): void {
  const { entries } = store;
  let affected = 0;
  sweep(lock, store, (slot) => {
    const state = store.state(slot);
    if (state === 0) return;
    const others = entries.and(slot, PINS, ~(1 << seat)) & ~(1 << seat);
    if (entries.get(slot, LEADER) === seat + 1) {
      entries.set(slot, LEADER, 0);
      if (state !== COMPLETE) store.setState(slot, FAILED);
      entries.add(slot, VERSION, 1);
      affected |= others;
      if (state !== COMPLETE && store.isAttached(slot)) store.detach(slot);
    }
    store.settle(slot);
  });
  bell.ring(affected);
}

/** Removes what came before `below`. */
export function removeAll(lock: Lock, store: Store, below: number): number {
  let removed = 0;
  sweep(lock, store, (slot) => {
    if (!store.isAttached(slot) || store.entries.getDouble(slot, SEQUENCE) >= below) return;
    store.detach(slot);
    removed += 1;
  });
  return removed;
}

/** What is in memory as a whole stays. */
export function clearSegment(
  lock: Lock,
  store: Store,
  segment: number,
): { readonly removed: number; readonly kept: number } {
  const { entries } = store;
  let removed = 0;
  let kept = 0;
  sweep(lock, store, (slot) => {
    if (entries.get(slot, SEGMENT) !== segment || !store.isAttached(slot)) return;
    store.setDisk(slot, undefined);
    if (entries.get(slot, HEAD_LENGTH) !== 0 && entries.load(slot, FILLED) === entries.load(slot, LENGTH)) {
      kept += 1;
      return;
    }
    store.detach(slot);
    removed += 1;
  });
  return { removed, kept };
}

/** Some tens of microseconds for entries that do not concern it. */
const SLICE = 1024;
