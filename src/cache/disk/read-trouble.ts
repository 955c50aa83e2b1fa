import type { Ms } from '../../base/units.ts';
import type { EventLog } from '../../observe/event-forward.ts';

/** What went wrong with the disk: the system could not read, or not write, or the bytes are not those that were written. */
export type DiskTrouble = 'read' | 'write' | 'damaged';

/** At most one event in this time from one thread. */
const INTERVAL: Ms = 60_000;

/** Turns records that are damaged or cannot be read, perhaps a thousand a second, into a few events for the operator. */
export class ReadTrouble {
  readonly #directory: string;
  readonly #log: EventLog;
  readonly #count: (trouble: DiskTrouble) => void;
  readonly #now: () => Ms;
  #toldAt = Number.NEGATIVE_INFINITY;
  #untold = 0;

  constructor(
    directory: string,
    log: EventLog,
    now: () => Ms = Date.now,
    count: (trouble: DiskTrouble) => void = () => {},
  ) {
    this.#directory = directory;
    this.#log = log;
    this.#count = count;
    this.#now = now;
  }

  /** `error`: what the system said; without one the bytes are not those that were written. */
  found(segment: number, error?: unknown): void {
    this.#untold++;
    this.#count(error ? 'read' : 'damaged');
    const now = this.#now();
    if (now - this.#toldAt < INTERVAL) return;
    this.#toldAt = now;
    const fields = { directory: this.#directory, segment, records: this.#untold, ...(error ? { error } : {}) };
    this.#untold = 0;
    this.#log.warn(error ? 'disk cache cannot be read' : 'disk cache has damaged records, they are not served', fields);
  }
}
