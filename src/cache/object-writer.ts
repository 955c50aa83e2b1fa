import type { Bytes } from '../base/units.ts';
import type { CacheMemory } from './memory/cache-memory.ts';
import type { CachedObject } from './object.ts';
import { type OpenBody, OpenMemoryBody } from './open-body.ts';
import type { NotStored } from './semantics/storable.ts';
import type { Watch } from './watch.ts';

/** Why a response that is passed on is not stored: by the rules, or for want of room. */
export type NotWritten = NotStored | 'bypass' | 'no-room' | 'vary-unknown';

/** What the writer tells the cache that made it. */
export interface WriterOwner {
  /** All of it is there. Takes over the pin. `kept`: others find it from now on. */
  written(object: CachedObject, kept: boolean): void;
}

/** Writes the body of a response into the shared memory as it comes. It holds a pin until it is over. */
export class ObjectWriter {
  readonly object: CachedObject;
  /** Why `append` took no more. */
  refusal: 'too-large' | 'no-room' = 'no-room';
  readonly #memory: CacheMemory;
  readonly #watch: Watch;
  readonly #limit: Bytes;
  readonly #owner: WriterOwner;
  #written = 0;
  #over = false;

  constructor(object: CachedObject, memory: CacheMemory, watch: Watch, limit: Bytes, owner: WriterOwner) {
    this.object = object;
    this.#memory = memory;
    this.#watch = watch;
    this.#limit = limit;
    this.#owner = owner;
  }

  /** Others that read it while it comes: in this thread each counts, of another one all together. */
  get others(): number {
    return Math.max(0, this.#watch.countOf(this.object.slot)) + this.#memory.othersOf(this.object.slot);
  }

  /** It goes on for those who read it, and is not kept. */
  get isTooLong(): boolean {
    return this.#written > this.#limit;
  }

  /** Bytes still to come; `Infinity` when nobody said how many. */
  get remaining(): Bytes {
    return this.object.length === undefined ? Number.POSITIVE_INFINITY : this.object.length - this.#written;
  }

  /**
   * `false`: no more can be stored, this piece was not. Beyond the limit only as long as others read it, who need all of
   * it: more than these, who can be given the rest in another way.
   */
  append(bytes: Uint8Array, readers = 0): boolean {
    if (bytes.byteLength === 0) return true;
    const { slot } = this.object;
    const isTooLong = this.#written + bytes.byteLength > this.#limit;
    this.refusal = isTooLong ? 'too-large' : 'no-room';
    if (isTooLong && this.others <= readers) return false;
    if (!this.#memory.append(slot, bytes)) return false;
    this.#written += bytes.byteLength;
    this.#watch.changed(slot);
    return true;
  }

  complete(): void {
    if (this.#over) return;
    this.#over = true;
    const { slot, length } = this.object;
    if (length !== undefined && this.#written !== length) {
      // Not what its head had promised: nobody may take it for whole.
      this.#over = false;
      this.#end();
      return;
    }
    // Too long to be kept, but those who read it have all of it.
    if (this.isTooLong) this.#memory.remove(slot);
    const kept = this.#memory.complete(slot);
    this.#watch.changed(slot);
    this.#owner.written(this.object, kept);
  }

  /** For the client that it is written for: to be read from the beginning, whatever becomes of the entry. */
  open(): OpenBody {
    this.#memory.pinAgain(this.object.slot);
    return new OpenMemoryBody(this.#memory, this.#watch, this.object.slot);
  }

  /** Nobody finds it from now on, and it is not kept; it goes on for those who read it. */
  withdraw(): void {
    if (!this.#over) this.#memory.remove(this.object.slot);
  }

  /** The rest will not come: those who read it see it break off. */
  fail(): void {
    this.#end();
  }

  /** What there is stays for those who read it, as a body that breaks off. */
  cutOff(): void {
    this.#end();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    const { slot } = this.object;
    this.#memory.fail(slot);
    this.#watch.changed(slot);
    this.#memory.unpin(slot);
  }
}
