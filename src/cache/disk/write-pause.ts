import type { Ms } from '../../base/units.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import type { DiskTrouble } from './read-trouble.ts';
import type { Segments } from './segments.ts';

/** How long nothing is written after it went wrong. What is on disk is served meanwhile. */
const PAUSE: Ms = 30_000;

/**
 * A disk that is full or fails: the whole tier is only read for a while, then one attempt shows whether it is over. The
 * state is shared by all threads, and the operator is told once when it begins and once when it is over.
 */
export class WritePause {
  readonly #segments: Segments;
  readonly #directory: string;
  readonly #log: EventLog;
  readonly #count: (trouble: DiskTrouble) => void;
  readonly #now: () => Ms;

  constructor(
    segments: Segments,
    directory: string,
    log: EventLog,
    now: () => Ms = Date.now,
    count: (trouble: DiskTrouble) => void = () => {},
  ) {
    this.#segments = segments;
    this.#directory = directory;
    this.#log = log;
    this.#count = count;
    this.#now = now;
  }

  get isOn(): boolean {
    const until = this.#segments.pausedUntil;
    return until !== 0 && this.#now() < until;
  }

  failed(error: unknown): void {
    this.#count('write');
    const before = this.#segments.pauseUntil(this.#now() + PAUSE);
    if (before !== 0) return;
    this.#log.warn('disk cache cannot be written, it is only read for now', { directory: this.#directory, error });
  }

  succeeded(): void {
    if (this.#segments.pausedUntil === 0 || this.isOn) return; // others failed meanwhile
    if (this.#segments.pauseUntil(0) !== 0) {
      this.#log.info('disk cache is written again', { directory: this.#directory });
    }
  }
}
