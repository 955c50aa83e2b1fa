import { BODY_UNITS, COMPLETE, FILLED, HEAD_LENGTH, HEAD_UNITS, LEADER, MARKER, SEGMENT } from './entry-table.ts';
import { UNIT_BYTES } from './pages.ts';
import { ON_DISK, type Store } from './store.ts';

/** Throws an `Error` for a page that is leaked or in two places, a slot that is lost or found twice, a count that is wrong. */
export function checkMemory(store: Store): void {
  const linked = checkSlots(store);
  checkPages(store);
  checkPolicy(store);
  let onDisk = 0;
  for (const slot of linked) if (store.entries.get(slot, SEGMENT) !== 0) onDisk += 1;
  expect(onDisk === store.counter(ON_DISK), `${onDisk} entries are on disk, ${store.counter(ON_DISK)} counted`);
}

/** What threads hold. When all of them have closed, it is nothing. */
export interface Holdings {
  /** Entries that somebody has pinned. */
  readonly pinned: number;
  /** Entries that somebody fetches, or brings back from disk. */
  readonly led: number;
}

export function holdingsOf({ entries }: Store): Holdings {
  let pinned = 0;
  let led = 0;
  for (let slot = 1; slot <= entries.highest; slot++) {
    if (entries.isPinned(slot)) pinned += 1;
    if (entries.get(slot, LEADER) !== 0) led += 1;
  }
  return { pinned, led };
}

/** Each slot is free, or in its bucket, or detached and pinned. */
function checkSlots(store: Store): Set<number> {
  const { entries } = store;
  const free = new Set<number>();
  for (const slot of entries.freeSlots()) {
    expect(!free.has(slot) && store.state(slot) === 0, `slot ${slot} is not free`);
    free.add(slot);
  }
  const linked = new Set<number>();
  for (const slot of entries.linkedSlots()) {
    expect(!linked.has(slot) && store.isAttached(slot), `slot ${slot} is linked by mistake`);
    linked.add(slot);
  }
  for (let slot = 1; slot <= entries.highest; slot++) {
    if (free.has(slot) || linked.has(slot)) continue;
    expect(store.state(slot) !== 0 && !store.isAttached(slot), `slot ${slot} is lost`);
    expect(entries.isPinned(slot), `slot ${slot} was not freed when it was unpinned`);
  }
  expect(entries.used === entries.highest - free.size, `${entries.used} slots are counted`);
  return linked;
}

/** Each unit is free, or in the chain of one entry. */
function checkPages(store: Store): void {
  const { entries, pages, chains } = store;
  const used = new Uint8Array(pages.total);
  for (let slot = 1; slot <= entries.highest; slot++) {
    if (store.state(slot) === 0) continue;
    const see = (unit: number): void => {
      expect(used[unit] === 0, `unit ${unit} is in two chains`);
      used[unit] = 1;
    };
    expect(chains.visit(store.head(slot), see) === entries.get(slot, HEAD_UNITS), `the head of ${slot} is torn`);
    expect(chains.visit(store.body(slot), see) === entries.get(slot, BODY_UNITS), `the body of ${slot} is torn`);
    const head = Math.ceil(entries.get(slot, HEAD_LENGTH) / UNIT_BYTES);
    expect(head === entries.get(slot, HEAD_UNITS), `the head of ${slot} has another length`);
    const body = Math.ceil((entries.load(slot, FILLED) >>> 0) / UNIT_BYTES);
    expect(body <= entries.get(slot, BODY_UNITS), `the body of ${slot} is longer than its pages`);
  }
  pages.check((unit) => used[unit] === 1);
}

/** The policy has all that have memory and are complete, and nothing else. */
function checkPolicy(store: Store): void {
  const { entries } = store;
  const queued = new Set(store.policy.check());
  for (let slot = 1; slot <= entries.highest; slot++) {
    const belongs = store.isAttached(slot) && store.state(slot) === COMPLETE && entries.units(slot) > 0;
    expect(queued.has(slot) === belongs, `slot ${slot} is ${belongs ? 'not ' : ''}in a queue`);
    expect(store.state(slot) !== MARKER || entries.units(slot) === 0, `marker ${slot} has memory`);
  }
}

function expect(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
