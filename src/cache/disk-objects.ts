import type { Bytes } from '../base/units.ts';
import type { CacheCounters } from './counters.ts';
import type { DiskRecord } from './disk/disk-record.ts';
import type { DiskTier } from './disk/disk-tier.ts';
import { diskKey } from './disk-key.ts';
import { freshUntil, keptUntil } from './kept.ts';
import type { CacheMemory } from './memory/cache-memory.ts';
import type { DiskPlace } from './memory/memory-handle.ts';
import { CachedObject, OWN_BODY_MAX } from './object.ts';
import { type OpenBody, OpenDiskBody } from './open-body.ts';
import { decodeHead, encodeHead } from './stored-head.ts';

/** Moves objects between memory and disk. What stands on disk says itself what it is; the index says where. */
export class DiskObjects {
  readonly #disk: DiskTier;
  readonly #memory: CacheMemory;
  readonly #counters: CacheCounters;
  /** Slots that are being loaded in this thread. */
  readonly #loading = new Map<number, Promise<CachedObject | undefined>>();

  constructor(disk: DiskTier, memory: CacheMemory, counters: CacheCounters) {
    this.#disk = disk;
    this.#memory = memory;
    this.#counters = counters;
  }

  /** Writes one that is whole in memory, and takes over a pin of it. Large ones are on disk only from then on. */
  async save(object: CachedObject, memoryObjectLimit: Bytes): Promise<void> {
    const { stored, slot, revision } = object;
    const { sequence } = stored;
    const { filled } = this.#memory.news(slot);
    const until = freshUntil(stored);
    try {
      const place = await this.#disk.append({
        key: diskKey(stored, until),
        head: encodeHead(stored),
        body: this.#memory.body(slot, 0, filled),
        sequence,
        expiresAt: keptUntil(stored),
      });
      if (place === undefined) return;
      if (!this.#memory.setDisk(slot, revision, { ...place, sequence, freshUntil: until })) return;
      this.#counters.stored('disk');
      if (filled > memoryObjectLimit) this.#memory.dropBody(slot, revision);
    } finally {
      this.#memory.unpin(slot);
    }
  }

  /** Brings back the head, and the body if it is not too large for memory. Takes over a pin. */
  load(slot: number, revision: number, place: DiskPlace, memoryObjectLimit: Bytes): Promise<CachedObject | undefined> {
    const running = this.#loading.get(slot);
    if (running !== undefined) {
      this.#memory.unpin(slot);
      return running;
    }
    const loading = this.#load(slot, revision, place, memoryObjectLimit).finally(() => {
      this.#loading.delete(slot);
      this.#memory.unpin(slot);
    });
    this.#loading.set(slot, loading);
    return loading;
  }

  /** The body of one that is on disk only. Takes over a pin. `undefined`: it is gone, and its entry with it. */
  async open({ slot, revision }: CachedObject): Promise<OpenBody | undefined> {
    try {
      const { disk } = this.#memory.describe(slot);
      const record = disk === undefined ? undefined : await this.#disk.open(disk);
      const lost = () => this.#memory.remove(slot, revision);
      if (record !== undefined) return new OpenDiskBody(record, lost);
      lost();
      return undefined;
    } finally {
      this.#memory.unpin(slot);
    }
  }

  async #load(slot: number, revision: number, place: DiskPlace, limit: Bytes): Promise<CachedObject | undefined> {
    const record = await this.#disk.open(place);
    if (record === undefined) return undefined;
    try {
      const isSmall = record.bodyLength <= limit;
      if (this.#memory.beginLoad(slot) === 'begun') {
        try {
          if (this.#memory.loadHead(slot, record.head) && isSmall) await this.#loadBody(slot, record);
        } finally {
          this.#memory.endLoad(slot);
        }
      }
      const body = record.bodyLength <= OWN_BODY_MAX ? record.body : undefined;
      // A 304 may have brought another one meanwhile.
      const head = this.#memory.readHead(slot) ?? record.head;
      const object = new CachedObject(decodeHead(head), slot, revision, record.bodyLength, body);
      object.tier = 'disk';
      return object;
    } finally {
      record.close();
    }
  }

  async #loadBody(slot: number, record: DiskRecord): Promise<void> {
    const { filled } = this.#memory.news(slot);
    await record.readBody(filled, record.bodyLength, (piece) => this.#memory.append(slot, piece));
  }
}
