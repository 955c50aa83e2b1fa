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

/** Tells this run of the node from the last: events are numbered anew with each. */
export class Following {
  readonly #operator: OperatorPort;
  readonly #run: string;

  constructor(operator: OperatorPort, run: string) {
    this.#operator = operator;
    this.#run = run;
  }

  /** The newest events, at most as many, newest first. */
  newest(count: number, isWanted: (event: OperatorEvent) => boolean = () => true): readonly OperatorEvent[] {
    const events: OperatorEvent[] = [];
    this.#operator.events(0, (event) => isWanted(event) && events.push(event))();
    return events.slice(-count).reverse();
  }

  get cursor(): string {
    return `${this.#run}-${this.newest(1)[0]?.number ?? 0}`;
  }

  /** Until there is something new after `cursor`; at once for one that is none of ours. */
  async news(cursor: string, signal: AbortSignal): Promise<void> {
    const [run, number] = cursor.split('-');
    if (run !== this.#run || number === undefined || !/^\d{1,15}$/.test(number)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timers = [setTimeout(resolve, LONGEST_WAIT)];
    const stop = this.#operator.events(Number(number), () => {
      if (timers.length === 1) timers.push(setTimeout(resolve, GATHER));
    });
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (signal.aborted) resolve();
    await promise;
    stop();
    for (const timer of timers) clearTimeout(timer);
  }
}
