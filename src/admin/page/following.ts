import type { Ms } from '../../base/units.ts';
import type { OperatorEvent, OperatorPort } from '../../operator/commands.ts';

/**
 * How a page follows what happens: the script asks for the page once more and says, in a header, up to which event it
 * is told. The reply comes with the next event, or after a second for the figures. So there is one way to make a page,
 * and a browser that fell behind asks less often.
 */

/** The header; its value is the cursor that the page has in `data-cursor`. */
export const AFTER_FIELD = 'portico-after';

const LONGEST_WAIT: Ms = 1_000;
/** What happens at once is shown at once: a change is several events. */
const GATHER: Ms = 50;
const REMEMBERED = 1_000;

export class Following {
  readonly #run: string;
  readonly #events: OperatorEvent[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #stop: () => void;

  /** `run` tells this run of the node from the last: events are numbered anew with each. */
  constructor(operator: Pick<OperatorPort, 'events'>, run: string) {
    this.#run = run;
    this.#stop = operator.events(0, (event) => this.#add(event));
  }

  /** How many wait for news. */
  get waiting(): number {
    return this.#waiting.size;
  }

  get cursor(): string {
    return `${this.#run}-${this.#last}`;
  }

  /** The newest of the last thousand, at most as many, newest first. */
  newest(count: number, isWanted: (event: OperatorEvent) => boolean): readonly OperatorEvent[] {
    return this.#events.filter(isWanted).slice(-count).reverse();
  }

  /** Until there is something new after `cursor`; at once for one that is none of ours. */
  async news(cursor: string, signal: AbortSignal): Promise<void> {
    const [run, number] = cursor.split('-');
    if (run !== this.#run || number === undefined || !/^\d{1,15}$/.test(number) || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timers = [setTimeout(resolve, LONGEST_WAIT)];
    const soon = () => {
      if (timers.length === 1) timers.push(setTimeout(resolve, GATHER));
    };
    this.#waiting.add(soon);
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (Number(number) < this.#last) soon();
    await promise;
    this.#waiting.delete(soon);
    for (const timer of timers) clearTimeout(timer);
  }

  close(): void {
    this.#stop();
  }

  get #last(): number {
    return this.#events.at(-1)?.number ?? 0;
  }

  #add(event: OperatorEvent): void {
    this.#events.push(event);
    // In larger pieces, as moving a thousand at each event would be work for nothing.
    if (this.#events.length >= 2 * REMEMBERED) this.#events.splice(0, REMEMBERED);
    for (const soon of this.#waiting) soon();
  }
}
