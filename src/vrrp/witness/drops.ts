import type { Ms } from '../../base/units.ts';
import type { EventLog } from '../../observe/event-forward.ts';

/** How often the log tells of them. */
const TELL_EVERY: Ms = 60_000;

/** Counts what came to nothing, and tells of it now and then: who sends garbage does not fill a log. */
export class Drops<Reason extends string> {
  readonly #log: EventLog;
  readonly #event: string;
  #untold = new Map<Reason, number>();
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(log: EventLog, event: string) {
    this.#log = log;
    this.#event = event;
  }

  /** `fields`: of this one, as an example. */
  add(reason: Reason, fields: object, now: Ms): void {
    this.#untold.set(reason, (this.#untold.get(reason) ?? 0) + 1);
    if (now - this.#toldAt < TELL_EVERY) return;
    this.#toldAt = now;
    this.#log.warn(this.#event, { ...Object.fromEntries(this.#untold), last: reason, ...fields });
    this.#untold = new Map();
  }
}
