import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import type { Ms } from '../../base/units.ts';
import type { FilePlan } from '../plan.ts';

const INTERVAL: Ms = 500;
const MOST = 254;

/** A file with a number in it, −254 to 254. One that is missing, or has no number, is 0. */
export class FileWatch {
  readonly plan: FilePlan;
  readonly #onNumber: (number: number) => void;
  readonly #look = (): void => this.#read();
  #last: number | undefined;

  constructor(plan: FilePlan, onNumber: (number: number) => void) {
    this.plan = plan;
    this.#onNumber = onNumber;
    watchFile(plan.path, { interval: INTERVAL, persistent: false }, this.#look);
    this.#read();
  }

  close(): void {
    unwatchFile(this.plan.path, this.#look);
  }

  #read(): void {
    const number = numberIn(this.plan.path);
    if (number === this.#last) return;
    this.#last = number;
    this.#onNumber(number);
  }
}

function numberIn(path: string): number {
  try {
    const number = Number.parseInt(readFileSync(path, 'latin1').slice(0, 64), 10);
    return Number.isNaN(number) ? 0 : Math.max(-MOST, Math.min(MOST, number));
  } catch {
    return 0;
  }
}
