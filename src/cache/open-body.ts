import type { Bytes } from '../base/units.ts';
import { type BodySink, type BodySource, MemoryBody } from './body.ts';
import type { DiskRecord } from './disk/disk-record.ts';
import type { CacheMemory } from './memory/cache-memory.ts';
import type { Watch } from './watch.ts';

/** A body that stays where it is until `close`, whatever becomes of its entry. What is being read may outlast that. */
export interface OpenBody {
  /** From `from` to before `to`; without `to`, to its end. */
  read(from: Bytes, to: Bytes | undefined, sink: BodySink): BodySource;
  close(): void;
}

/** In shared memory. */
export class OpenMemoryBody implements OpenBody {
  readonly #memory: CacheMemory;
  readonly #watch: Watch;
  readonly #slot: number;

  /** Takes over a pin. */
  constructor(memory: CacheMemory, watch: Watch, slot: number) {
    this.#memory = memory;
    this.#watch = watch;
    this.#slot = slot;
  }

  read(from: Bytes, to: Bytes | undefined, sink: BodySink): BodySource {
    this.#memory.pinAgain(this.#slot);
    return new MemoryBody(this.#memory, this.#watch, this.#slot, from, to, sink);
  }

  close(): void {
    this.#memory.unpin(this.#slot);
  }
}

/** On disk. */
export class OpenDiskBody implements OpenBody {
  readonly #record: DiskRecord;
  readonly #lost: () => void;

  /** Takes over the record. `lost` is told when its bytes are not those that were written. */
  constructor(record: DiskRecord, lost: () => void) {
    this.#record = record;
    this.#lost = lost;
  }

  read(from: Bytes, to: Bytes | undefined, sink: BodySink): BodySource {
    return new DiskBody(this.#record, from, to ?? this.#record.bodyLength, sink, this.#lost);
  }

  close(): void {
    this.#record.close();
  }
}

class DiskBody implements BodySource {
  readonly #record: DiskRecord;
  readonly #from: Bytes;
  readonly #to: Bytes;
  readonly #sink: BodySink;
  readonly #lost: () => void;
  #goOn: ((wants: boolean) => void) | undefined;
  #over = false;

  constructor(record: DiskRecord, from: Bytes, to: Bytes, sink: BodySink, lost: () => void) {
    this.#record = record;
    this.#from = from;
    this.#to = to;
    this.#sink = sink;
    this.#lost = lost;
  }

  start(): void {
    void this.#record
      .readBody(this.#from, this.#to, (piece) => this.#hand(piece))
      .then((outcome) => {
        if (outcome === 'gone') this.#lost();
        if (this.#over) return;
        this.#over = true;
        if (outcome === 'done') this.#sink.end();
        else this.#sink.failed();
      });
  }

  resume(): void {
    this.#goOn?.(true);
    this.#goOn = undefined;
  }

  cancel(): void {
    this.#over = true;
    this.#goOn?.(false);
    this.#goOn = undefined;
  }

  #hand(piece: Buffer): boolean | Promise<boolean> {
    if (this.#over) return false;
    if (this.#sink.piece(piece, () => {})) return !this.#over;
    return new Promise((resolve) => {
      this.#goOn = resolve;
    });
  }
}
