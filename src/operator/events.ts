import type { Ms } from '../base/units.ts';
import type { OperatorEvent } from './commands.ts';

/** How many are remembered for those who come later. */
const REMEMBERED = 4096;

type Listener = (event: OperatorEvent) => void;
type Entry = Omit<OperatorEvent, 'number' | 'time'>;

export interface EventsOptions {
  readonly now: () => Ms;
  /** A listener threw: it is told no more. */
  readonly onBroken: (error: unknown) => void;
}

/** What happened, numbered from 1; the last 4096, and each as it comes. */
export class Events {
  readonly #options: EventsOptions;
  readonly #remembered: OperatorEvent[] = [];
  /** Up to which number each has been told. */
  readonly #listeners = new Map<Listener, number>();
  #last = 0;
  #telling = false;

  constructor(options: EventsOptions) {
    this.#options = options;
  }

  /** The number of the newest; 0: there is none. */
  get last(): number {
    return this.#last;
  }

  add(entry: Entry): void {
    this.#last++;
    this.#remembered.push({ number: this.#last, time: this.#options.now(), ...entry });
    // In larger pieces, as moving thousands at each event would be work for nothing.
    if (this.#remembered.length >= 2 * REMEMBERED) this.#remembered.splice(0, this.#remembered.length - REMEMBERED);
    this.#tell();
  }

  /**
   * Those after this number that are remembered, at once; then each as it comes, until what is returned is called. A
   * number that has not been given out is one of the node's life before this: all that are remembered are told.
   */
  follow(after: number, listener: Listener): () => void {
    const own: Listener = (event) => listener(event);
    this.#listeners.set(own, after > this.#last ? 0 : after);
    this.#tell();
    return () => {
      this.#listeners.delete(own);
    };
  }

  /** In order for everybody, also when a listener adds an event or another listener. */
  #tell(): void {
    if (this.#telling) return;
    this.#telling = true;
    try {
      while (this.#tellNext());
    } finally {
      this.#telling = false;
    }
  }

  /** Tells one event to each who has not had it. `false`: everybody has had all. */
  #tellNext(): boolean {
    let told = false;
    for (const [listener, number] of [...this.#listeners]) {
      const event = this.#after(number);
      if (event === undefined || !this.#listeners.has(listener)) continue;
      told = true;
      this.#listeners.set(listener, event.number);
      try {
        listener(event);
      } catch (error) {
        this.#listeners.delete(listener);
        this.#options.onBroken(error);
      }
    }
    return told;
  }

  #after(number: number): OperatorEvent | undefined {
    const kept = Math.min(this.#remembered.length, REMEMBERED);
    const next = Math.max(number + 1, this.#last - kept + 1);
    return this.#remembered[this.#remembered.length - 1 - (this.#last - next)];
  }
}
