import type { Ms } from '../../base/units.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import type { QuerySource } from '../answer/source.ts';
import { CELL, type DnsCounts } from './counts.ts';
import type { Responder } from './responder.ts';
import { Seldom } from './seldom.ts';

const TELL_EVERY: Ms = 60_000;

/**
 * What engines are given: it hands on to whichever responder is the current one, so that a reload is one assignment between
 * two queries. A responder never throws; should it, one query goes without a reply, and not the thread without an end.
 */
export class ReplaceableResponder implements Responder {
  /** `undefined`: nobody is answered. */
  current: Responder | undefined;
  readonly #counts: DnsCounts;
  readonly #seldom: Seldom;

  constructor(current: Responder | undefined, counts: DnsCounts, log: EventLog) {
    this.current = current;
    this.#counts = counts;
    this.#seldom = new Seldom(log, TELL_EVERY);
  }

  respond(query: Buffer, length: number, source: QuerySource, reply: Buffer): number {
    if (this.current === undefined) return 0;
    try {
      const written = this.current.respond(query, length, source, reply);
      if (written >= 0 && written <= reply.length) return written;
      this.#failed(new RangeError(`a reply of ${written} bytes, where ${reply.length} have room`), query, length);
    } catch (error) {
      this.#failed(error, query, length);
    }
    return 0;
  }

  transfer(query: Buffer, length: number, source: QuerySource): Iterable<Buffer> | undefined {
    try {
      return this.current?.transfer(query, length, source);
    } catch (error) {
      this.#failed(error, query, length);
      return undefined;
    }
  }

  /** The query is told, as nobody could find the fault without it. */
  #failed(error: unknown, query: Buffer, length: number): void {
    this.#counts.add(CELL.responder.failed);
    this.#seldom.error('a DNS query could not be answered', {
      error,
      query: query.toString('hex', 0, Math.min(length, 512)),
    });
  }
}
