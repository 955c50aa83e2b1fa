import type { Ms } from '../../base/units.ts';
import { type AddressBytes, sameBytes } from './address.ts';

/**
 * The sequences of signed advertisements, 64 bits: 32 of seconds, 16 of 1/65536 s, 16 of a counter. They are compared as serial
 * numbers (RFC 1982), and so go on when the seconds begin anew.
 *
 *     time         what is further from our clock than a window is dropped. Clocks must agree; a replay works nowhere
 *     monotonic    each has to be greater than the last one of its sender, and that is all. After our own start, and for
 *                  a sender that was forgotten for others, one old advertisement can be replayed
 */
export type AntiReplay = { readonly by: 'time'; readonly window: Ms } | { readonly by: 'monotonic' };

/** The sequence of an instant, by the wall clock; its counter is 0. */
export function sequenceAt(now: Ms): bigint {
  const seconds = Math.floor(now / 1000);
  const fraction = Math.floor(((now - seconds * 1000) * 65_536) / 1000);
  return (BigInt.asUintN(32, BigInt(seconds)) << 32n) | (BigInt(fraction) << 16n);
}

/** What a sender counts. One advertisement has one sequence, to however many peers it goes. */
export class SendSequence {
  readonly #antiReplay: AntiReplay;
  #last: bigint | undefined;

  constructor(antiReplay: AntiReplay) {
    this.#antiReplay = antiReplay;
  }

  /** `now`: by the wall clock. Grows even where the clock does not. */
  next(now: Ms): bigint {
    const clock = sequenceAt(now);
    const last = this.#last;
    // A clock that was wrong, and has been set back by more than peers allow for: they would take nothing until then.
    const isStranded =
      last !== undefined && this.#antiReplay.by === 'time' && isOutside(last, now, this.#antiReplay.window);
    const isNext = last === undefined || isStranded || isAfter(clock, last);
    this.#last = isNext ? clock : BigInt.asUintN(64, last + 1n);
    return this.#last;
  }
}

interface Sender {
  readonly source: AddressBytes;
  greatest: bigint;
}

/** What a receiver remembers: of each of the last few senders, its greatest sequence. Its memory does not grow. */
export class ReceivedSequences {
  readonly #antiReplay: AntiReplay;
  readonly #most: number;
  /** Who was heard last is first. */
  readonly #senders: Sender[] = [];

  /** `most`: senders that are remembered, 4 for a group, where more than two at once are rare; or as many as there are peers. */
  constructor(antiReplay: AntiReplay, most = 4) {
    this.#antiReplay = antiReplay;
    this.#most = most;
  }

  /** To be asked before the HMAC is computed, as it costs little; it grants nothing. */
  isStale(sequence: bigint, now: Ms): boolean {
    return this.#antiReplay.by === 'time' && isOutside(sequence, now, this.#antiReplay.window);
  }

  /** Whether it is new; if so it is the greatest one. Only for what is known to be from its source. */
  take(source: AddressBytes, sequence: bigint, now: Ms): boolean {
    const at = this.#senders.findIndex((sender) => sameBytes(sender.source, source));
    const sender = this.#senders[at] ?? { source, greatest: sequence };
    // One that the window forbids orders nothing any more: it is of a clock that has been set back since.
    const counts = at !== -1 && !this.isStale(sender.greatest, now);
    if (counts && !isAfter(sequence, sender.greatest)) return false;
    sender.greatest = sequence;
    if (at !== -1) this.#senders.splice(at, 1);
    this.#senders.unshift(sender);
    if (this.#senders.length > this.#most) this.#senders.pop();
    return true;
  }
}

function isAfter(a: bigint, b: bigint): boolean {
  return BigInt.asIntN(64, a - b) > 0n;
}

/** By whole seconds, as keepalived does. */
function isOutside(sequence: bigint, now: Ms, window: Ms): boolean {
  const difference = Number(BigInt.asIntN(32, (sequenceAt(now) >> 32n) - (sequence >> 32n)));
  return Math.abs(difference) * 1000 > window;
}
