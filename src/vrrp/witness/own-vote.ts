import type { Ms } from '../../base/units.ts';
import type { Holder, LeaseBook, Vote } from './lease-book.ts';
import { countedSpan } from './majority.ts';

const NEVER = Number.NEGATIVE_INFINITY;

/** A candidate's own vote: what it lends to its peer it cannot have itself, until that lease has ended. */
export class OwnVote {
  /** When it is to be asked for. */
  nextAt: Ms = Infinity;
  /** Until when it is ours. */
  until: Ms = NEVER;
  /** Until when it cannot be. */
  blockedUntil: Ms = NEVER;
  said: Vote['kind'] | undefined;
  readonly #book: LeaseBook;
  readonly #subject: string;
  readonly #self: Holder;

  constructor(book: LeaseBook, subject: string, self: Holder) {
    this.#book = book;
    this.#subject = subject;
    this.#self = self;
  }

  ask(span: Ms, now: Ms): void {
    const vote = this.#book.ask(this.#subject, this.#self, span, now);
    this.said = vote.kind;
    // By the same clock; it is counted as others are, so that one rule holds for all.
    if (vote.kind === 'granted') this.until = Math.max(this.until, now + countedSpan(vote.span));
    this.blockedUntil = vote.kind === 'denied' || vote.kind === 'quiet' ? now + vote.remaining : NEVER;
  }

  release(now: Ms): void {
    this.#book.release(this.#subject, this.#self.run, now);
    this.until = NEVER;
    this.nextAt = Infinity;
  }
}
