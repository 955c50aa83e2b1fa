import type { Ms } from '../base/units.ts';
import type { Screen } from './screen.ts';
import { cut } from './table.ts';

/** Elsewhere than on a terminal: a line when something changed, and now and then a sign of life. */
const SIGN_OF_LIFE: Ms = 30_000;

/** How often there is something new to tell: to who looks on by the second, to a log less often. */
const INTERVAL = { terminal: 1_000, elsewhere: 5_000 };

/** Tells how far something is: one line that is written again and again on a terminal, plain lines elsewhere. */
export class Progress {
  readonly #screen: Screen;
  readonly #now: () => Ms;
  #told: { readonly what: string; readonly at: Ms } | undefined;

  constructor(screen: Screen, now: () => Ms) {
    this.#screen = screen;
    this.#now = now;
  }

  get interval(): Ms {
    return this.#screen.isTerminal ? INTERVAL.terminal : INTERVAL.elsewhere;
  }

  /** `what` is worth a line when it is new; `time` changes all the while. */
  show(what: string, time: string): void {
    const text = `${what}, ${time}`;
    if (this.#screen.isTerminal) {
      // One column stays free: some terminals turn to the next line as soon as one is full.
      this.#screen.write(`\r${cut(text, this.#screen.width - 1)}\x1b[K`);
    } else if (this.#told?.what !== what || this.#now() - this.#told.at >= SIGN_OF_LIFE) {
      this.#screen.write(`${text}\n`);
      this.#told = { what, at: this.#now() };
    }
  }

  /** Takes the line away, for what is to be said instead. */
  end(): void {
    if (this.#screen.isTerminal) this.#screen.write('\r\x1b[K');
  }
}
