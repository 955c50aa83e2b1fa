import type { Ms } from '../base/units.ts';
import type { Book, LiveOrigin } from './book.ts';
import { drain } from './effective.ts';
import type { Events } from './events.ts';
import type { OperatorParts } from './parts.ts';

/** How often it is told how far a drain has come. */
const PROGRESS_INTERVAL: Ms = 1000;

/**
 * Origins that are being emptied: how far they are, and what is to be done at their deadlines.
 *
 * That an origin is drained is told when nothing is in flight there after workers were told not to send it anybody. As
 * a worker counts a request first and looks then whether the origin still admits it, a request that is not seen in the
 * count is one that will not be sent there. In `drain` that is so for new clients only.
 */
export class Drains {
  readonly #parts: Pick<OperatorParts, 'now' | 'inFlight' | 'cut' | 'log'>;
  readonly #book: Book;
  readonly #events: Events;
  readonly #told = new WeakMap<LiveOrigin, { readonly at: Ms; readonly inFlight: number }>();

  constructor(parts: Pick<OperatorParts, 'now' | 'inFlight' | 'cut' | 'log'>, book: Book, events: Events) {
    this.#parts = parts;
    this.#book = book;
    this.#events = events;
  }

  /** Looks at each that drains, and returns those that have become empty. */
  look(): LiveOrigin[] {
    return this.#draining().filter((origin) => this.#lookAt(origin));
  }

  /** Somebody has to look again. */
  get pending(): boolean {
    return this.#draining().some(({ drained }) => !drained);
  }

  /** When something is to be done next. */
  get nextDeadline(): Ms | undefined {
    const deadlines = this.#draining().flatMap((origin) => this.#deadlineOf(origin) ?? []);
    return deadlines.length === 0 ? undefined : Math.min(...deadlines);
  }

  /** Does what was to be done until now. */
  atDeadline(): void {
    const now = this.#parts.now();
    for (const origin of this.#draining()) {
      const deadline = this.#deadlineOf(origin);
      if (deadline === undefined || deadline > now) continue;
      origin.overdue = deadline;
      const inFlight = this.#parts.inFlight(origin.known.slot);
      if (inFlight === 0) continue;
      const cut = drain(this.#book.facts(origin), false)?.onDeadline === 'cut';
      if (cut) this.#parts.cut(origin.known.slot);
      const { pool, id } = origin;
      this.#parts.log.warn('an origin was not empty at its deadline', { pool, origin: id, in_flight: inFlight, cut });
      this.#events.add({ type: 'drain-deadline', pool, origin: id, detail: { inFlight, cut } });
    }
  }

  #draining(): LiveOrigin[] {
    return [...this.#book.origins].filter(
      (origin) => origin.standing.admits !== 'all' && drain(this.#book.facts(origin), false) !== undefined,
    );
  }

  /** `undefined`: it has none, or something was done about it. */
  #deadlineOf(origin: LiveOrigin): Ms | undefined {
    const deadline = drain(this.#book.facts(origin), false)?.deadline;
    return deadline === origin.overdue ? undefined : deadline;
  }

  /** Once for a drain, also when clients that stick to the origin come later. */
  #lookAt(origin: LiveOrigin): boolean {
    const { pool, id, known, standing } = origin;
    if (origin.drained) return false;
    const inFlight = this.#parts.inFlight(known.slot);
    if (inFlight > 0) {
      this.#tellProgress(origin, inFlight);
      return false;
    }
    origin.drained = true;
    this.#told.delete(origin);
    this.#parts.log.info('origin drained', { pool, origin: id });
    this.#events.add({ type: 'drained', pool, origin: id, detail: { final: standing.admits === 'none' } });
    return true;
  }

  #tellProgress(origin: LiveOrigin, inFlight: number): void {
    const told = this.#told.get(origin);
    const now = this.#parts.now();
    if (told !== undefined && (told.inFlight === inFlight || now - told.at < PROGRESS_INTERVAL)) return;
    this.#told.set(origin, { at: now, inFlight });
    this.#events.add({ type: 'drain-progress', pool: origin.pool, origin: origin.id, detail: { inFlight } });
  }
}
