import {
  CacheMemory,
  type Claim,
  type EntryFacts,
  type Found,
  type HeadUpdate,
  type News,
  type Publication,
  type Restored,
  type VariantOf,
} from './cache-memory.ts';
import type { KeyHash } from './hash.ts';
import { MemoryBroken } from './lock.ts';
import type { DiskPlace } from './memory-handle.ts';
import type { MemoryStats } from './stats.ts';

/**
 * A memory that, once broken, looks like one that is empty and full: nothing is found in it and nothing fits. So those
 * who are at it when a thread takes it down go the ways that they have anyhow: they fetch for themselves, and pass on
 * what they cannot store. What is pinned and whole can be read to its end, since nobody changes anything any more.
 */
export class CalmMemory extends CacheMemory {
  override specOf(names: string): number | undefined {
    return unlessBroken(() => super.specOf(names), undefined);
  }

  override find(hash: KeyHash, variantOf: VariantOf): Found | undefined {
    return unlessBroken(() => super.find(hash, variantOf), undefined);
  }

  override claim(hash: KeyHash, variantOf: VariantOf, claim: Claim): Found | undefined {
    return unlessBroken(() => super.claim(hash, variantOf, claim), undefined);
  }

  override list(hash: KeyHash): Found[] {
    return unlessBroken(() => super.list(hash), []);
  }

  override at(slot: number): Found | undefined {
    return unlessBroken(() => super.at(slot), undefined);
  }

  override pin(slot: number, revision: number): boolean {
    return unlessBroken(() => super.pin(slot, revision), false);
  }

  override unpin(slot: number): void {
    unlessBroken(() => super.unpin(slot), undefined);
  }

  override news(slot: number): News {
    const news = super.news(slot);
    return this.isBroken() && news.state !== 'complete' ? { ...news, state: 'failed', version: LAST_NEWS } : news;
  }

  override describe(slot: number): EntryFacts {
    return unlessBroken(() => super.describe(slot), { ...NO_FACTS, ...this.news(slot) });
  }

  override readHead(slot: number): Buffer | undefined {
    return unlessBroken(() => super.readHead(slot), undefined);
  }

  override publish(slot: number, response: Publication): boolean {
    return unlessBroken(() => super.publish(slot, response), false);
  }

  override append(slot: number, bytes: Uint8Array): boolean {
    return unlessBroken(() => super.append(slot, bytes), false);
  }

  override complete(slot: number): boolean {
    return unlessBroken(() => super.complete(slot), false);
  }

  override fail(slot: number): void {
    unlessBroken(() => super.fail(slot), undefined);
  }

  override release(slot: number, markerUntil?: number): void {
    unlessBroken(() => super.release(slot, markerUntil), undefined);
  }

  override updateHead(slot: number, revision: number, update: HeadUpdate): number | undefined {
    return unlessBroken(() => super.updateHead(slot, revision, update), undefined);
  }

  override setDisk(slot: number, revision: number, place: DiskPlace | undefined): boolean {
    return unlessBroken(() => super.setDisk(slot, revision, place), false);
  }

  override dropBody(slot: number, revision: number): void {
    unlessBroken(() => super.dropBody(slot, revision), undefined);
  }

  override restore(entry: Restored): number {
    return unlessBroken(() => super.restore(entry), 0);
  }

  override beginLoad(slot: number): 'begun' | 'busy' | 'gone' {
    return unlessBroken(() => super.beginLoad(slot), 'gone');
  }

  override loadHead(slot: number, head: Uint8Array): boolean {
    return unlessBroken(() => super.loadHead(slot, head), false);
  }

  override endLoad(slot: number): void {
    unlessBroken(() => super.endLoad(slot), undefined);
  }

  override remove(slot: number, revision?: number): boolean {
    return unlessBroken(() => super.remove(slot, revision), false);
  }

  override removeKey(hash: KeyHash, below?: number): number {
    return unlessBroken(() => super.removeKey(hash, below), 0);
  }

  override removeAll(below?: number): number {
    return unlessBroken(() => super.removeAll(below), 0);
  }

  override clearSegment(segment: number): { readonly removed: number; readonly kept: number } {
    return unlessBroken(() => super.clearSegment(segment), { removed: 0, kept: 0 });
  }

  override stats(): MemoryStats {
    return unlessBroken(() => super.stats(), NO_STATS);
  }

  override releaseSeat(seat: number): boolean {
    return unlessBroken(() => super.releaseSeat(seat), false);
  }
}

/** No version that counts up comes to this. */
const LAST_NEWS = Number.NEGATIVE_INFINITY;

const NO_FACTS = {
  hash: { high: 0, low: 0 },
  spec: 0,
  variant: { high: 0, low: 0 },
  sequence: 0,
  flags: 0,
  hasHead: false,
  isLoading: false,
  disk: undefined,
};

const NO_STATS: MemoryStats = {
  entries: 0,
  capacity: 0,
  objects: 0,
  objectBytes: 0,
  onDisk: 0,
  usedBytes: 0,
  bytes: 0,
  freePages: { large: 0, medium: 0, small: 0 },
  evictions: 0,
  evictedUnits: 0,
  lockWaits: 0,
};

function unlessBroken<T>(work: () => T, otherwise: T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof MemoryBroken) return otherwise;
    throw error;
  }
}
