import type { Ttl } from '../model.ts';
import { NO_LIMIT } from './ttl.ts';

/**
 * What the DNS thread knows of datacenters, by their positions in the plan; control alone writes, at each change:
 *
 *     0                4                       4 + 4n           4 + 5n
 *     +----------------+-----------------------+----------------+
 *     | version, Int32 | TTL limits, n × Int32 | in service,    |
 *     |                | in seconds            | n × Uint8      |
 *     +----------------+-----------------------+----------------+
 *
 * The version is counted up after what it stands for is written: whoever keeps something that follows from the rest reads
 * the version first, and makes it anew when that is another. Each cell is right by itself; several that change at once may
 * be seen one after the other.
 */
export class DatacenterTable {
  readonly memory: SharedArrayBuffer;
  /** Not 0: it is in service. */
  readonly inService: Uint8Array;
  readonly ttlLimits: Int32Array;
  readonly #version: Int32Array;

  /** A table in which all are in service, without limits. */
  static create(count: number): DatacenterTable {
    const table = new DatacenterTable(new SharedArrayBuffer(4 + 5 * count));
    table.inService.fill(1);
    table.ttlLimits.fill(NO_LIMIT);
    return table;
  }

  /** Of another thread, by its memory. */
  constructor(memory: SharedArrayBuffer) {
    const count = (memory.byteLength - 4) / 5;
    this.memory = memory;
    this.#version = new Int32Array(memory, 0, 1);
    this.ttlLimits = new Int32Array(memory, 4, count);
    this.inService = new Uint8Array(memory, 4 + 4 * count, count);
  }

  get version(): number {
    return Atomics.load(this.#version, 0);
  }

  /** Control's: `true` when that is news, and `tell()` is due. */
  set(position: number, serving: boolean, limit: Ttl): boolean {
    const wasServing = Atomics.exchange(this.inService, position, serving ? 1 : 0) !== 0;
    return Atomics.exchange(this.ttlLimits, position, limit) !== limit || wasServing !== serving;
  }

  tell(): void {
    Atomics.add(this.#version, 0, 1);
  }
}
