import type { Ms } from '../base/units.ts';
import type { BlockQueueListener } from './block-queue.ts';

/** Told once when it begins, then at most once in this time, and once when it is over. */
const INTERVAL: Ms = 60_000;

export type OnProblem = (event: string, fields: object) => void;

/** Turns what goes wrong with a log file, perhaps a thousand times a second, into a few events for the operator. */
export class WriteTrouble implements BlockQueueListener {
  readonly #file: string;
  readonly #onProblem: OnProblem;
  #error: NodeJS.ErrnoException | undefined;
  #lost = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(file: string, onProblem: OnProblem) {
    this.#file = file;
    this.#onProblem = onProblem;
  }

  failed(error: NodeJS.ErrnoException): void {
    this.#error = error;
    this.#raise();
  }

  lost(lines: number): void {
    this.#lost += lines;
    if (lines > 0) this.#raise();
  }

  caughtUp(): void {
    this.#error = undefined;
  }

  /** Tells what is not yet told. */
  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#lost > 0) this.#tell();
  }

  #raise(): void {
    if (this.#timer !== undefined) return;
    this.#tell();
    this.#timer = setInterval(() => this.#tick(), INTERVAL).unref();
  }

  #tick(): void {
    if (this.#error !== undefined || this.#lost > 0) {
      this.#tell();
    } else {
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.#onProblem('access log is written again', { file: this.#file });
    }
  }

  #tell(): void {
    const fields = { file: this.#file, lost_lines: this.#lost };
    this.#lost = 0;
    if (this.#error === undefined) this.#onProblem('access log lost lines, its reader is too slow', fields);
    else this.#onProblem('access log cannot be written', { ...fields, error: this.#error });
  }
}
